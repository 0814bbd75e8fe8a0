import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { callsQuery, operationSeriesQuery, redOperationsQuery, spanValuesQuery, type Span } from '../../api/pipelineQueries';
import { cohortsQuery } from '../../api/cohortQueries';
import { statusQuery } from '../../api/queries';
import { unixNano, unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { quoted } from '../../model/filterTerm';
import { logAxis, queueBetween, stagesOf, stepOf, waitsOf } from '../../model/pipeline';
import { batchText, deviceKey, deviceOf, deviceText, failedText, failingStage, verdict } from '../../model/pipelineStory';
import { serviceMap } from '../../model/map';
import { notchedServices } from '../../model/serviceColor';
import { boundsOf } from '../../model/timeRange';
import { Failed } from '../../ui/Failed';
import { useDelayed } from '../../ui/useDelayed';
import { useRefresh } from '../shell/refresh';
import { EmptyPipeline, PipelineSkeleton } from './States';
import { ErrorHints, LongSpans, WaitKinds, Waits } from './Hints';
import { MapPicture, MapTable } from './MapPanel';
import { RangeBar } from '../shell/RangeBar';
import { StageTable } from './StageTable';
import { readPipeline, writePipeline, type PipelineState } from './url';
import './pipeline.css';

/** How often a live screen measures again. */
const liveMillis = 10_000;

/** The moment that “last hour” counts from: it moves when the user asks anew, and while the screen is live. */
function useNow(state: PipelineState, tick: number): UnixNano {
  const [beat, setBeat] = useState(0);
  useEffect(() => {
    if (!state.live) return;
    const timer = setInterval(() => setBeat((old) => old + 1), liveMillis);
    return () => clearInterval(timer);
  }, [state.live]);
  const key = JSON.stringify([tick, beat, state.range.kind, state.range.kind === 'last' ? state.range.preset : '']);
  const kept = useRef<{ readonly key: string; readonly at: UnixNano } | null>(null);
  if (kept.current?.key !== key) kept.current = { key, at: unixNanoFromMillis(Date.now()) };
  return kept.current.at;
}

const measurements: ReadonlySet<unknown> = new Set(['cohorts', 'red-operations', 'operation-series', 'calls', 'values']);
const nanosAMinute = 60_000_000_000;

/** The screen of `/pipeline`: which stage is the bottleneck and why, the stages against what is usual, what fails, what waits, and who calls whom. */
export function PipelineScreen() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const { tick, refresh } = useRefresh();
  const state = useMemo(() => readPipeline(search), [search]);
  const now = useNow(state, tick);
  const change = useCallback((next: PipelineState) => navigate(writePipeline(next)), [navigate]);
  useEffect(() => {
    document.title = 'Pipeline · Distributed Tracing';
  }, []);

  // A range without a moving end asks for the same again, which only counts anew when it is told to.
  const client = useQueryClient();
  const [measured, setMeasured] = useState(now);
  useEffect(() => {
    if (measured === now) return;
    setMeasured(now);
    if (state.range.kind !== 'last') void client.invalidateQueries({ predicate: ({ queryKey: [kind] }) => measurements.has(kind) });
  }, [client, measured, now, state.range.kind]);

  const status = useQuery({ ...statusQuery, queryKey: ['status', 'pipeline', String(now)] as const, staleTime: Infinity, placeholderData: keepPreviousData });
  const { from, to } = boundsOf(state.range, now);
  const span: Span = useMemo(() => ({ from, to }), [from, to]);
  const red = useQuery({ ...redOperationsQuery(span), placeholderData: keepPreviousData });
  // The last good answer stays while a newer one fails.
  const [lastGood, setLastGood] = useState(red.data);
  if (red.data !== undefined && red.data !== lastGood) setLastGood(red.data);
  const shown = red.data ?? (red.isError ? lastGood : undefined);
  const operations = useMemo(() => shown?.operations ?? [], [shown]);

  // What lies before the first stored span is no time without requests: rates are over what is there.
  const earliest = status.data?.earliest ?? null;
  const begin = from === null || (earliest !== null && earliest > from) ? earliest : from;
  const latest = status.data?.latest ?? null;
  const end = to ?? (state.range.kind === 'all' ? latest : now);
  const length = begin === null || end === null || end <= begin ? 0n : end - begin;
  const minutes = Number(length) / nanosAMinute;

  // Stages that are no reference stages are compared with the same length of time before.
  const before: Span | null = state.range.kind === 'all' || from === null || end === null || end <= from || from < end - from ? null : { from: unixNano(from - (end - from)), to: from };
  const needsBefore = shown !== undefined && operations.length > 0 && stagesOf(operations, []).kind === 'derived';
  const earlier = useQuery({ ...redOperationsQuery(before ?? span), enabled: needsBefore && before !== null, placeholderData: keepPreviousData });
  const stages = useMemo(() => stagesOf(operations, needsBefore ? (earlier.data?.operations ?? []) : []), [operations, needsBefore, earlier.data]);

  const names = stages.stages.map((stage) => stage.operation.name);
  const seriesEnd = end === null ? null : unixNano(end + (to === null ? 1n : 0n));
  const series = useQuery({ ...operationSeriesQuery({ from: begin, to: seriesEnd }, names, stepOf(length)), enabled: names.length > 0 && length > 0n, placeholderData: keepPreviousData });
  const calls = useQuery({ ...callsQuery(span), enabled: operations.length > 0, placeholderData: keepPreviousData });
  const errors = useQuery({ ...spanValuesQuery(span, failedText, 'error.type'), enabled: operations.length > 0, placeholderData: keepPreviousData });
  const batches = stages.stages.some((stage) => stage.operation.name === 'batch_wait');
  const closed = useQuery({ ...spanValuesQuery(span, batchText, 'batch.close_reason'), enabled: batches, placeholderData: keepPreviousData });

  const waiting = useQuery({ ...cohortsQuery({ ...boundsOf(state.range, now), text: '', order: 'start', direction: 'desc' }, { text: '', from: null, to: null }), enabled: operations.length > 0 && !state.live, placeholderData: keepPreviousData });

  const devices = useQuery({ ...spanValuesQuery(span, deviceText, deviceKey), enabled: names.includes('detect_objects'), placeholderData: keepPreviousData });
  const device = deviceOf(devices.data?.values ?? []);
  const queue = useMemo(() => queueBetween(operations, stages), [operations, stages]);
  const queued = useQuery({ ...spanValuesQuery(span, `name="queue_wait" service=${quoted(queue?.service ?? '')}`, 'queue.name'), enabled: queue !== null, placeholderData: keepPreviousData });
  const failing = failingStage(stages)?.operation ?? null;
  const failures = useQuery({ ...spanValuesQuery(span, `name=${quoted(failing?.name ?? '')} service=${quoted(failing?.service ?? '')} ${failedText}`, 'error.type'), enabled: failing !== null, placeholderData: keepPreviousData });

  const said = useMemo(
    () => verdict(stages, operations, closed.data?.values ?? [], { device, queues: queued.data?.values ?? [], failures: failures.data?.values ?? [] }),
    [stages, operations, closed.data, device, queued.data, failures.data],
  );
  const map = useMemo(() => serviceMap(operations, calls.data?.edges ?? []), [operations, calls.data]);
  const notched = useMemo(() => notchedServices(map.nodes.map((node) => node.service)), [map]);
  const waits = useMemo(() => waitsOf(operations, stages), [operations, stages]);
  const axis = useMemo(() => logAxis(stages.stages.flatMap(({ operation, typical }) => [operation.p50, operation.p99, typical?.high ?? 0, typical?.low ?? 0])), [stages]);
  const busy = useDelayed(red.isFetching, 120);
  const parts = [shown?.truncated, series.data?.truncated, calls.data?.truncated].filter((part) => part !== null && part !== undefined);

  const estimated = shown?.estimated === true || series.data?.estimated === true || calls.data?.estimated === true;

  const bar = <RangeBar range={state.range} now={now} live={state.live} change={(range) => change({ ...state, range })} follow={(live) => change({ ...state, live })} />;
  return (
    <main className="screen pipeline" aria-busy={red.isFetching}>
      <h2 className="visually-hidden">Pipeline</h2>
      {busy && <div className="progress" />}
      <div className="pscroll">
        <section className="top">
          <div className="grow">
            {shown === undefined || operations.length === 0 ? (
              <p className="bot f2">{red.isPending ? 'Measuring…' : ''}</p>
            ) : (
              <>
                <p className="bot">
                  <b className="strong">{said.strong}</b>
                  {said.rest}
                  <span className={said.stage === null ? 'f2' : 'warnt'}>{said.worry}</span>
                </p>
                <p className="rem">
                  {said.cause}
                  {stages.kind === 'derived' && ' These are the operations with the most time in them: the stages of the reference pipeline are not among what was received.'}
                  {estimated && ' The figures are estimated: some traces were sampled, and each span counts for those that it stands for.'}
                </p>
              </>
            )}
          </div>
          {bar}
        </section>
        {red.isError && shown !== undefined && (
          <div className="notice box" role="alert">
            <span className="grow">
              <b className="strong">Could not be measured again</b> <span className="f2">{red.error.message} What is shown is from before.</span>
            </span>
            <button type="button" className="btn" onClick={refresh}>
              Retry
            </button>
          </div>
        )}
        {parts.length > 0 && (
          <p className="notice box w" role="status">
            Not all spans were counted. {parts[0]}
          </p>
        )}
        {red.isError && shown === undefined ? (
          <Failed title="The pipeline can’t be measured" problem={red.error.message} retry={refresh} busy={red.isFetching} />
        ) : shown === undefined ? (
          <PipelineSkeleton />
        ) : operations.length === 0 ? (
          <EmptyPipeline range={state.range} status={status.data} widen={(range) => change({ ...state, range })} />
        ) : (
          <>
            <StageTable stages={stages} axis={axis} series={series.data} hot={said.stage} minutes={minutes} range={state.range} notched={notched} />
            {series.isError && (
              <p className="hp errt" role="alert">
                The course over time can’t be loaded: {series.error.message}
              </p>
            )}
            <div className="lo">
              <div className="bt">
                <ErrorHints types={errors.data} range={state.range} device={device} problem={errors.isError ? errors.error.message : null} />
                <LongSpans operations={operations} range={state.range} device={device} notched={notched} />
                {!state.live && waiting.data !== undefined && waiting.data.nodes.some((node) => node.wait !== null) ? <WaitKinds cohorts={waiting.data} range={state.range} /> : <Waits waits={waits} range={state.range} notched={notched} />}
              </div>
              <section className="mp" aria-label="Who calls whom">
                <div className="ph mh">
                  <h3>Service map</h3> <span className="f3 grow trunc">calls a minute, p95, errors; requests where callers are not traced</span>
                  <div className="seg" role="group" aria-label="Service map as">
                    {(['picture', 'table'] as const).map((view) => (
                      <button key={view} type="button" aria-pressed={state.map === view} onClick={() => change({ ...state, map: view })}>
                        {view === 'picture' ? 'Map' : 'Table'}
                      </button>
                    ))}
                  </div>
                </div>
                {calls.isError && (
                  <p className="hp errt" role="alert">
                    The calls can’t be loaded: {calls.error.message}
                  </p>
                )}
                {state.map === 'table' ? <MapTable map={map} minutes={minutes} range={state.range} notched={notched} /> : <MapPicture map={map} minutes={minutes} range={state.range} notched={notched} />}
              </section>
            </div>
          </>
        )}
      </div>
    </main>
  );
}
