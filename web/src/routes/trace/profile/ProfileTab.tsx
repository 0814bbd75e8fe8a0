import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { profileFlameQuery, profileFunctionsQuery, profiledServicesQuery, type ProfileAsk } from '../../../api/profileQueries';
import { StackFlame } from '../../../charts/StackFlame';
import { StackTable } from '../../../charts/StackTable';
import { formatClock, formatDuration, plural } from '../../../model/format';
import { unixNano } from '../../../model/nano';
import { formatValue, frameKey, frameOfKey, hitsOf, orderedTypes, sortedFunctions, typeName, type StackFlame as Graph } from '../../../model/profile';
import { nameOf, rowOfSpan, serviceOf } from '../../../model/trace';
import type { TabProps } from '../OtherTab';
import './profile.css';

const minute = 60_000_000_000n;

/** Where a service's time of this trace is seen among all of its time. */
function profilingAddress(graph: Graph | undefined, service: string, type: string, follow?: { readonly name: string; readonly file: string }): string {
  const parameters = new URLSearchParams({ service, type });
  if (graph?.spans != null) {
    parameters.set('from', String(graph.spans.start > minute ? unixNano(graph.spans.start - minute) : 0n));
    parameters.set('to', String(graph.spans.end + minute));
  }
  if (follow !== undefined) {
    parameters.set('function', follow.name);
    if (follow.file !== '') parameters.set('file', follow.file);
  }
  return `/profiling?${parameters}`;
}

/** In words: whose samples these are and how sure that is. */
function Match({ graph, service, what }: { readonly graph: Graph; readonly service: string; readonly what: string }) {
  if (graph.matchedBy === 'labels') return <span className="f2">{`Samples of ${service} that carry the ids of ${what}.`}</span>;
  const spans = graph.spans;
  return (
    <span className="warnt">
      {`No sample carries the ids of ${what}, so these are all samples of ${service} in its time`}
      {spans !== null && ` (${formatClock(spans.start)} to ${formatClock(spans.end)}, ${formatDuration(Number(spans.end - spans.start))}): ${plural(graph.sum.windows, 'window')}`}
      {graph.sum.first !== null && graph.sum.last !== null && ` of ${formatDuration(Number(graph.sum.last - graph.sum.first))}`}, with whatever else ran then.
    </span>
  );
}

/** Which code paths used the time during the trace, or during one of its spans. */
export function ProfileTab({ trace, state, changeTab }: TabProps) {
  const { profile } = state.tabs;
  const span = rowOfSpan(trace, profile.span) >= 0 ? profile.span : '';
  const row = span === '' ? -1 : rowOfSpan(trace, span);
  const scope = useMemo(() => ({ trace: trace.traceId, span }), [trace, span]);
  const change = (next: Partial<typeof profile>): void => changeTab({ profile: { ...profile, ...next } });
  const services = useQuery({ ...profiledServicesQuery(scope, null), placeholderData: keepPreviousData });
  const [by, setBy] = useState<readonly ['name' | 'self' | 'total' | 'change', boolean]>(['self', true]);
  useEffect(() => setBy(['self', true]), [scope]);
  // What carries the ids stands before what only ran at the same time.
  const ordered = useMemo(() => [...(services.data?.services ?? [])].sort((a, b) => Number(b.types.some((type) => type.matchedBy === 'labels')) - Number(a.types.some((type) => type.matchedBy === 'labels'))), [services.data]);
  const service = ordered.find((one) => one.service === profile.service) ?? ordered[0];
  const types = useMemo(() => orderedTypes(service?.types ?? []), [service]);
  const type = types.find((one) => one.type === profile.type) ?? types[0];
  const known = service !== undefined && type !== undefined;
  const ask: ProfileAsk = { scope, service: service?.service ?? '', type: type?.type ?? '', unit: type?.unit ?? '', labels: [], base: null };
  const flame = useQuery({ ...profileFlameQuery(ask, null), enabled: known, placeholderData: keepPreviousData });
  const functions = useQuery({ ...profileFunctionsQuery(ask, by[0] === 'total' ? 'total' : 'self', null), enabled: known && profile.table, placeholderData: keepPreviousData });
  const graph = flame.data;
  const hits = useMemo(() => (graph === undefined ? null : hitsOf(graph, state.text)), [graph, state.text]);
  const zoomed = useMemo(() => (graph === undefined ? -1 : frameOfKey(graph, profile.zoom)), [graph, profile.zoom]);
  const rows = useMemo(() => (functions.data === undefined ? [] : sortedFunctions(functions.data, state.text, by[0], by[1])), [functions.data, state.text, by]);
  const what = row < 0 ? 'this trace' : `the span ${nameOf(trace, row)} and those below it`;
  const failed = services.error ?? flame.error ?? (profile.table ? functions.error : null);
  if (failed !== null && graph === undefined)
    return (
      <div className="state" role="alert">
        <h3 className="big">The profile can’t be loaded</h3>
        <p className="sub">{failed.message}</p>
        <div className="acts">
          <button type="button" className="btn primary" aria-busy={services.isFetching || flame.isFetching} onClick={() => void (services.isError ? services.refetch() : flame.refetch())}>
            Retry
          </button>
        </div>
      </div>
    );
  if (services.data !== undefined && !known)
    return (
      <div className="state">
        <h3 className="big">{`No profiles of ${what}`}</h3>
        <p className="sub">
          {`Neither do samples carry its ids, nor did ${row < 0 ? 'one of its services' : serviceOf(trace, row)} send a window of that time. A window that is still open is sent when it ends.`}
        </p>
        <div className="acts">
          {row >= 0 && (
            <button type="button" className="btn" onClick={() => change({ span: '' })}>
              Of the whole trace
            </button>
          )}
          <Link className="btn" href="/profiling">
            All profiles
          </Link>
        </div>
      </div>
    );
  if (graph === undefined || service === undefined || type === undefined) return <div className="tabwait" role="status" aria-label="Loading" />;
  return (
    <>
      <div className="profline">
        <label>
          <span className="f3">Service</span>
          <select value={service.service} onChange={(event) => change({ service: event.target.value, zoom: '' })}>
            {ordered.map((one) => (
              <option key={one.service} value={one.service}>
                {`${one.service}${one.types.some((each) => each.matchedBy === 'labels') ? '' : ' (by time)'}`}
              </option>
            ))}
          </select>
        </label>
        <span className="seg" role="group" aria-label="Type of profile">
          {types.map((one) => (
            <button key={one.type} type="button" aria-pressed={one.type === type.type} title={`${one.type}, ${one.unit}`} onClick={() => change({ type: one.type, zoom: '' })}>
              {typeName(one.type)}
            </button>
          ))}
        </span>
        <span className="seg" role="group" aria-label="Show the profile as">
          {[false, true].map((table) => (
            <button key={String(table)} type="button" aria-pressed={profile.table === table} onClick={() => change({ table })}>
              {table ? 'Table' : 'Flame graph'}
            </button>
          ))}
        </span>
        {row >= 0 && (
          <button type="button" className="btn" onClick={() => change({ span: '', zoom: '' })}>
            Of the whole trace
          </button>
        )}
        {zoomed >= 0 && (
          <button type="button" className="linkish" onClick={() => change({ zoom: '' })}>
            Show all
          </button>
        )}
        <span className="grow" />
        <Link href={profilingAddress(graph, service.service, type.type)}>Open in Profiling</Link>
      </div>
      <p className="profmatch" role="status">
        <b className="strong num">{formatValue(graph.sum.value, type.unit)}</b> <Match graph={graph} service={service.service} what={what} />
      </p>
      {failed !== null && (
        <p className="notice box" role="alert">
          {failed.message} What is shown is from before.
        </p>
      )}
      {graph.truncated !== null && (
        <p className="notice box w" role="status">
          {graph.truncated}
        </p>
      )}
      {profile.table ? (
        functions.data !== undefined && <StackTable costs={functions.data} rows={rows} unit={type.unit} by={by[0]} descending={by[1]} sort={(column, descending) => setBy([column, descending])} follow={(name, file) => open(profilingAddress(graph, service.service, type.type, { name, file }), '_self')} />
      ) : (
        <StackFlame graph={graph} unit={type.unit} service={service.service} zoomed={zoomed} hits={hits} zoom={(frame) => change({ zoom: frame < 0 ? '' : frameKey(graph, frame) })} follow={(frame) => open(profilingAddress(graph, service.service, type.type, { name: graph.frames[frame]?.name ?? '', file: graph.frames[frame]?.file ?? '' }), '_self')} />
      )}
    </>
  );
}
