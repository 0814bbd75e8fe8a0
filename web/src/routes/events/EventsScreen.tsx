import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { eventCountsQuery, type EventsAsk } from '../../api/eventQueries';
import { configQuery } from '../../api/queries';
import { riskLevels, type EventCamera } from '../../model/events';
import { formatCount } from '../../model/format';
import { unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { boundsOf } from '../../model/timeRange';
import { RangeBar } from '../shell/RangeBar';
import { useRefresh } from '../shell/refresh';
import { FromApi, stepsOf } from './FromApi';
import { FromSpans } from './FromSpans';
import { Skeleton } from './States';
import { readEvents, writeEvents, type EventsState } from './url';
import './events.css';

const liveMillis = 5000;

/** The moment that “last hour” counts from: it moves when the user asks anew, and while the screen is live and the reader is at the top of the list. */
function useNow(state: EventsState, tick: number, paused: boolean): UnixNano {
  const [beat, setBeat] = useState(0);
  const runs = state.live && !paused;
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => setBeat((old) => old + 1), liveMillis);
    return () => clearInterval(timer);
  }, [runs]);
  const key = JSON.stringify([tick, beat, state.range.kind, state.range.kind === 'last' ? state.range.preset : '']);
  const kept = useRef<{ readonly key: string; readonly at: UnixNano } | null>(null);
  if (kept.current?.key !== key) kept.current = { key, at: unixNanoFromMillis(Date.now()) };
  return kept.current.at;
}

/** The screen of `/events`: what the pipeline saw, over time, each with its pictures and its traces. */
export function EventsScreen() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const { tick } = useRefresh();
  const state = useMemo(() => readEvents(search), [search]);
  const [away, setAway] = useState(false);
  const paused = away || state.event !== null;
  const now = useNow(state, tick, paused);
  const config = useQuery(configQuery);
  const change = useCallback((next: EventsState) => navigate(writeEvents(next)), [navigate]);
  const ask = useMemo((): EventsAsk => ({ ...boundsOf(state.range, now), risk: state.risk, camera: state.camera, asOf: now }), [state.range, state.risk, state.camera, now]);
  const path = config.data?.eventsPath ?? null;
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
        <Camera key={state.camera} path={path} ask={ask} camera={state.camera} commit={(camera) => change({ ...state, camera })} />
        <span className="grow" />
        <RangeBar range={state.range} now={now} live={state.live} change={(range) => change({ ...state, range })} follow={(live) => change({ ...state, live })} />
      </div>
      {config.isPending ? <Skeleton visible={false} /> : path === null ? <FromSpans state={state} change={change} ask={ask} now={now} /> : <FromApi path={path} state={state} change={change} ask={ask} now={now} scrolled={setAway} paused={paused} />}
    </main>
  );
}

const noCameras: readonly EventCamera[] = [];

/** The cameras that have events in this time, where the API tells them; else a box for a camera's id, applied by Enter or when it is left. */
function Camera({ path, ask, camera, commit }: { readonly path: string | null; readonly ask: EventsAsk; readonly camera: string; readonly commit: (camera: string) => void }) {
  const [draft, setDraft] = useState(camera);
  const counts = useQuery({ ...eventCountsQuery(path ?? '', ask, stepsOf(window.innerWidth)), enabled: path !== null, placeholderData: keepPreviousData });
  const cameras = counts.data?.cameras ?? noCameras;
  if (cameras.length > 0)
    return (
      <span className="input ecam">
        <select aria-label="Camera" value={camera} onChange={(event) => commit(event.target.value)}>
          <option value="">All cameras</option>
          {camera !== '' && !cameras.some(({ id }) => id === camera) && <option value={camera}>{camera} (none)</option>}
          {cameras.map(({ id, name, events }) => (
            <option key={id} value={id}>
              {name} ({formatCount(events)})
            </option>
          ))}
        </select>
      </span>
    );
  const apply = (): void => {
    if (draft.trim() !== camera) commit(draft.trim());
  };
  return (
    <span className="input ecam">
      <input type="search" aria-label="Camera" placeholder="Camera" spellCheck={false} value={draft} onChange={(event) => setDraft(event.target.value)} onBlur={apply} onKeyDown={(event) => (event.key === 'Enter' ? apply() : event.key === 'Escape' ? setDraft(camera) : undefined)} />
    </span>
  );
}
