import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { useLocation, useSearch } from 'wouter';
import { profileFlameQuery, profileFunctionsQuery, profileLabelsQuery, profiledServicesQuery, type ProfileAsk } from '../../api/profileQueries';
import { StackFlame } from '../../charts/StackFlame';
import { StackTable } from '../../charts/StackTable';
import { unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { frameKey, frameOfKey, hitsOf, orderedTypes, sortedFunctions } from '../../model/profile';
import { boundsOf } from '../../model/timeRange';
import { Failed } from '../../ui/Failed';
import { useKeys } from '../../ui/keys';
import { useDelayed } from '../../ui/useDelayed';
import { useRefresh } from '../shell/refresh';
import { FrameTracesPanel } from './FrameTracesPanel';
import { ProfilingBar } from './ProfilingBar';
import { EmptyProfiling, NoProfiles, ProfilingSkeleton } from './States';
import { Summary } from './Summary';
import { comparedRange, readProfiling, writeProfiling, type ProfilingState } from './url';
import './profiling.css';

/** The moment that “last hour” counts from: it moves when the user asks anew or for another range. */
function useNow(key: string): UnixNano {
  const kept = useRef<{ readonly key: string; readonly at: UnixNano } | null>(null);
  if (kept.current?.key !== key) kept.current = { key, at: unixNanoFromMillis(Date.now()) };
  return kept.current.at;
}

/** The screen of `/profiling`: which code paths of a service used the time in a range, beside another range, and which traces they were in. */
export function ProfilingScreen() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const { tick, refresh } = useRefresh();
  const state = useMemo(() => readProfiling(search), [search]);
  const now = useNow(`${tick} ${state.range.kind === 'last' ? state.range.preset : state.range.kind}`);
  const change = useCallback((next: Partial<ProfilingState>, replace = false) => navigate(writeProfiling({ ...state, ...next }), { replace }), [navigate, state]);
  const finder = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Profiling · Distributed Tracing';
  }, []);

  const bounds = useMemo(() => boundsOf(state.range, now), [state.range, now]);
  const scope = useMemo(() => ({ from: bounds.from, to: bounds.to }), [bounds]);
  const services = useQuery({ ...profiledServicesQuery(scope, now), placeholderData: keepPreviousData });
  const service = services.data?.services.find((one) => one.service === state.service) ?? (state.service === '' ? services.data?.services[0] : undefined);
  const types = useMemo(() => orderedTypes(service?.types ?? []), [service]);
  const type = types.find((one) => one.type === state.type) ?? types[0];
  const base = comparedRange(state.compared, bounds.from, bounds.to ?? now);
  const ask: ProfileAsk = { scope, service: service?.service ?? '', type: type?.type ?? '', unit: type?.unit ?? '', labels: state.labels, base };
  const known = service !== undefined && type !== undefined;
  const labels = useQuery({ ...profileLabelsQuery({ ...ask, labels: [] }, now), enabled: known, placeholderData: keepPreviousData });
  const flame = useQuery({ ...profileFlameQuery(ask, now), enabled: known, placeholderData: keepPreviousData });
  const order = state.by === 'total' || state.by === 'change' ? state.by : 'self';
  const functions = useQuery({ ...profileFunctionsQuery(ask, order, now), enabled: known && state.table, placeholderData: keepPreviousData });
  const graph = flame.data;
  const hits = useMemo(() => (graph === undefined ? null : hitsOf(graph, state.text)), [graph, state.text]);
  const zoomed = useMemo(() => (graph === undefined ? -1 : frameOfKey(graph, state.zoom)), [graph, state.zoom]);
  const rows = useMemo(() => (functions.data === undefined ? [] : sortedFunctions(functions.data, state.text, state.by, state.descending)), [functions.data, state.text, state.by, state.descending]);
  const busy = useDelayed(services.isFetching || flame.isFetching || functions.isFetching, 120);
  useKeys({
    '/': () => finder.current?.focus(),
    Escape: () => (state.follow !== null ? change({ follow: null }) : state.zoom !== '' ? change({ zoom: '' }) : false),
  });

  const follow = (name: string, file: string): void => change({ follow: { name, file } });
  const failed = services.error ?? flame.error ?? labels.error ?? (state.table ? functions.error : null);
  // Without the services nothing of the last picture is drawn, though it is still kept.
  const stale = graph !== undefined && known;
  const truncated = graph?.truncated ?? services.data?.truncated ?? null;
  return (
    <main className="screen profiling" aria-busy={busy}>
      <h2 className="visually-hidden">Profiling</h2>
      {busy && <div className="progress" />}
      <ProfilingBar state={state} services={services.data?.services ?? []} service={service?.service ?? state.service} types={types} type={type?.type ?? state.type} labels={labels.data?.labels ?? []} now={now} change={change} finder={finder} />
      {truncated !== null && (
        <p className="notice box w" role="status">
          {truncated}
        </p>
      )}
      {failed !== null && stale && (
        <div className="notice box" role="alert">
          <span className="grow">
            <b className="strong">Could not be loaded again</b> <span className="f2">{failed.message} What is shown is from before.</span>
          </span>
          <button type="button" className="btn" aria-busy={busy} onClick={refresh}>
            Retry
          </button>
        </div>
      )}
      {failed !== null && !stale ? (
        <Failed title="The profiles can’t be loaded" problem={failed.message} retry={refresh} busy={services.isFetching || flame.isFetching} />
      ) : services.data !== undefined && services.data.services.length === 0 ? (
        <EmptyProfiling range={state.range} now={now} widen={(range) => change({ range })} />
      ) : services.data !== undefined && !known ? (
        <NoProfiles service={state.service} services={services.data.services} change={change} />
      ) : graph === undefined || type === undefined || service === undefined ? (
        <ProfilingSkeleton />
      ) : (
        <div className="pbody">
          <div className="pmain">
            <Summary graph={graph} hits={hits} zoomed={zoomed} service={service.service} type={type} now={now} base={base} showAll={() => change({ zoom: '' })} />
            {state.table ? (
              functions.data === undefined ? (
                <ProfilingSkeleton />
              ) : (
                <StackTable costs={functions.data} rows={rows} unit={type.unit} by={state.by} descending={state.descending} sort={(by, descending) => change({ by, descending })} follow={follow} />
              )
            ) : (
              <StackFlame
                graph={graph}
                unit={type.unit}
                service={service.service}
                zoomed={zoomed}
                hits={hits}
                zoom={(frame) => change({ zoom: frame < 0 ? '' : frameKey(graph, frame) })}
                follow={(frame) => follow(graph.frames[frame]?.name ?? '', graph.frames[frame]?.file ?? '')}
              />
            )}
          </div>
          {state.follow !== null && <FrameTracesPanel ask={ask} unit={type.unit} name={state.follow.name} file={state.follow.file} now={now} close={() => change({ follow: null })} />}
          {state.follow === null && zoomed >= 0 && !state.table && (
            <div className="pfoot">
              <button type="button" className="btn" onClick={() => follow(graph.frames[zoomed]?.name ?? '', graph.frames[zoomed]?.file ?? '')}>
                Traces with this function
              </button>
            </div>
          )}
        </div>
      )}
    </main>
  );
}
