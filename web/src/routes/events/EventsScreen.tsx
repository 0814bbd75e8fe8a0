import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { eventsQuery, tracedEventsQuery, type EventsAsk } from '../../api/eventQueries';
import { configQuery } from '../../api/queries';
import { pictureEnds, riskLevels, type SecurityEvent } from '../../model/events';
import { formatCount, formatMoment, plural } from '../../model/format';
import { unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { boundsOf, rangeName, rangePhrase, wider } from '../../model/timeRange';
import { useKeys } from '../../ui/keys';
import { useDelayed } from '../../ui/useDelayed';
import { RangeBar } from '../shell/RangeBar';
import { useRefresh } from '../shell/refresh';
import { EventList, TracedList } from './EventList';
import { EventPanel } from './EventPanel';
import { Strip, type Mark } from './Strip';
import { readEvents, writeEvents, type EventsState } from './url';
import './events.css';

const liveMillis = 5000;

/** The moment that “last hour” counts from: it moves when the user asks anew, and while the screen is live. */
function useNow(state: EventsState, tick: number): UnixNano {
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

interface BodyProps {
  readonly state: EventsState;
  readonly change: (next: EventsState) => void;
  readonly ask: EventsAsk;
  readonly now: UnixNano;
}

function Failed({ message, retry, busy }: { readonly message: string; readonly retry: () => void; readonly busy: boolean }) {
  return (
    <div className="state" role="alert">
      <h3 className="big">The events can’t be loaded</h3>
      <p className="sub">{message}</p>
      <div className="acts">
        <button type="button" className="btn primary" aria-busy={busy} onClick={retry}>
          Retry
        </button>
      </div>
    </div>
  );
}

function Skeleton({ visible }: { readonly visible: boolean }) {
  return (
    <div className="eskel" role="status" aria-label="Loading the events">
      {visible && [0, 1, 2, 3, 4, 5].map((row) => <i key={row} className="skeleton" style={{ width: `${60 - row * 4}%` }} />)}
    </div>
  );
}

function Empty({ state, change, what }: Pick<BodyProps, 'state' | 'change'> & { readonly what: string }) {
  const filtered = state.risk !== null || state.camera !== '';
  const next = wider(state.range);
  return (
    <div className="state">
      <h3 className="big">
        No {what} {rangePhrase(state.range)}
      </h3>
      <p className="sub">{filtered ? 'None meets the filter.' : 'An event is saved when a batch of images was judged; that takes the batch window and the analysis.'}</p>
      <div className="acts">
        {filtered && (
          <button type="button" className="btn primary" onClick={() => change({ ...state, risk: null, camera: '' })}>
            Clear the filter
          </button>
        )}
        {state.range.kind !== 'all' && (
          <button type="button" className={filtered ? 'btn' : 'btn primary'} onClick={() => change({ ...state, range: next })}>
            Look in {rangeName(next).toLowerCase()}
          </button>
        )}
      </div>
    </div>
  );
}

/** What the events API has. */
function FromApi({ path, state, change, ask, now }: BodyProps & { readonly path: string }) {
  const query = useInfiniteQuery({ ...eventsQuery(path, ask), placeholderData: keepPreviousData });
  const late = useDelayed(query.isPending, 120);
  const events = useMemo(() => query.data?.pages.flatMap((page) => page.events) ?? [], [query.data]);
  const open = useCallback((event: number | null) => change({ ...state, event }), [change, state]);
  const ends = useMemo(() => pictureEnds(events.map((event) => event.started), ask.from, ask.to ?? now), [events, ask, now]);
  const marks = useMemo(() => events.map((event): Mark => ({ key: String(event.id), time: event.started, level: event.riskLevel, title: `${formatMoment(event.started, now)} · ${event.cameraName} · ${event.summary}`, selected: event.id === state.event, open: () => open(event.id) })), [events, now, state.event, open]);
  const step = (by: 1 | -1): void => {
    const at = events.findIndex((event) => event.id === state.event);
    const next: SecurityEvent | undefined = events[at < 0 ? 0 : Math.min(events.length - 1, Math.max(0, at + by))];
    if (next !== undefined) open(next.id);
  };
  useKeys({ j: () => step(1), k: () => step(-1), Escape: () => (state.event === null ? false : open(null)) });
  const panel = state.event !== null && <EventPanel key={state.event} path={path} id={state.event} known={events.find((event) => event.id === state.event)} now={now} close={() => open(null)} />;
  return (
    <div className="ebody">
      <section className="emain" aria-label="Events">
        {query.isPending ? (
          <Skeleton visible={late} />
        ) : query.isError && events.length === 0 ? (
          <Failed message={query.error.message} retry={() => void query.refetch()} busy={query.isFetching} />
        ) : events.length === 0 ? (
          <Empty state={state} change={change} what="events" />
        ) : (
          <>
            {query.isError && (
              <div className="notice box" role="alert">
                <span className="grow">
                  <b className="strong">The events can’t be loaded again.</b> <span className="f2">{query.error.message} What is shown is from before.</span>
                </span>
              </div>
            )}
            <Strip marks={marks} from={ends.from} to={ends.to} />
            <div className="etable">
              <EventList events={events} selected={state.event} address={(event) => writeEvents({ ...state, event })} now={now} />
              <p className="emore f2" role="status">
                {`${formatCount(events.length)}${query.hasNextPage ? ' of more' : ''} ${events.length === 1 ? 'event' : 'events'}, the newest first. `}
                {query.hasNextPage && (
                  <button type="button" className="btn" aria-busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    Load older events
                  </button>
                )}
              </p>
            </div>
          </>
        )}
      </section>
      {panel}
    </div>
  );
}

/** What spans say, where no events API is known. */
function FromSpans({ state, change, ask, now }: BodyProps) {
  const [, navigate] = useLocation();
  const query = useQuery({ ...tracedEventsQuery(ask), placeholderData: keepPreviousData });
  const late = useDelayed(query.isPending, 120);
  const events = query.data?.events ?? [];
  const ends = pictureEnds(events.map((event) => event.start), ask.from, ask.to ?? now);
  const marks = events.map((event): Mark => ({ key: event.traceId, time: event.start, level: event.riskLevel, title: `${formatMoment(event.start, now)} · ${event.operation}`, selected: false, open: () => navigate(`/trace/${event.traceId}`) }));
  return (
    <section className="emain" aria-label="Events">
      <p className="notice f2">
        From the spans alone: this server knows no events API (--events-url), so that pictures, scores and reasons are not shown here.
      </p>
      {query.isPending ? (
        <Skeleton visible={late} />
      ) : query.isError && query.data === undefined ? (
        <Failed message={query.error.message} retry={() => void query.refetch()} busy={query.isFetching} />
      ) : events.length === 0 ? (
        <Empty state={state} change={change} what="traces with an event" />
      ) : (
        <>
          <Strip marks={marks} from={ends.from} to={ends.to} />
          <div className="etable">
            <TracedList events={events} now={now} />
            <p className="emore f2" role="status">
              {events.length < (query.data?.total ?? 0) ? `The newest of each level; ${plural(query.data?.total ?? 0, 'trace')} in all. A shorter time range shows the others.` : `${plural(events.length, 'trace')} with an event.`}
            </p>
          </div>
        </>
      )}
    </section>
  );
}

/** The screen of `/events`: what the pipeline saw, over time, each with its pictures and its traces. */
export function EventsScreen() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const { tick } = useRefresh();
  const state = useMemo(() => readEvents(search), [search]);
  const now = useNow(state, tick);
  const config = useQuery(configQuery);
  const change = useCallback((next: EventsState) => navigate(writeEvents(next)), [navigate]);
  const ask = useMemo((): EventsAsk => ({ ...boundsOf(state.range, now), risk: state.risk, camera: state.camera }), [state.range, state.risk, state.camera, now]);
  useEffect(() => {
    document.title = 'Events · Distributed Tracing';
  }, []);
  return (
    <main className="screen events">
      <div className="etop">
        <h2 className="strong">Events</h2>
        <div className="seg" role="group" aria-label="Risk">
          <button type="button" aria-pressed={state.risk === null} onClick={() => change({ ...state, risk: null })}>
            All
          </button>
          {riskLevels.map((level) => (
            <button key={level} type="button" aria-pressed={state.risk === level} onClick={() => change({ ...state, risk: level })}>
              {level}
            </button>
          ))}
        </div>
        <CameraFilter key={state.camera} camera={state.camera} commit={(camera) => change({ ...state, camera })} />
        <span className="grow" />
        <RangeBar range={state.range} now={now} live={state.live} change={(range) => change({ ...state, range })} follow={(live) => change({ ...state, live })} />
      </div>
      {config.isPending ? <Skeleton visible={false} /> : config.data?.eventsPath == null ? <FromSpans state={state} change={change} ask={ask} now={now} /> : <FromApi path={config.data.eventsPath} state={state} change={change} ask={ask} now={now} />}
    </main>
  );
}

/** A camera's id; applied by Enter or when the box is left. */
function CameraFilter({ camera, commit }: { readonly camera: string; readonly commit: (camera: string) => void }) {
  const [draft, setDraft] = useState(camera);
  const apply = (): void => {
    if (draft.trim() !== camera) commit(draft.trim());
  };
  return (
    <span className="input ecam">
      <input type="search" aria-label="Camera" placeholder="Camera" spellCheck={false} value={draft} onChange={(event) => setDraft(event.target.value)} onBlur={apply} onKeyDown={(event) => (event.key === 'Enter' ? apply() : event.key === 'Escape' ? setDraft(camera) : undefined)} />
    </span>
  );
}
