import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { eventCountsQuery, eventsQuery, type EventsAsk } from '../../api/eventQueries';
import { pictureEnds, type SecurityEvent } from '../../model/events';
import { formatCount, formatMoment, plural } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { Failed } from '../../ui/Failed';
import { useKeys } from '../../ui/keys';
import { useDelayed } from '../../ui/useDelayed';
import { EventList } from './EventList';
import { EventPanel } from './EventPanel';
import { EventTimeline } from './EventTimeline';
import { Empty, Skeleton } from './States';
import { Strip, type Mark } from './Strip';
import { writeEvents, type EventsState } from './url';

/** Steps of the picture: one for each few pixels, the same while a window is not made much wider. */
export const stepsOf = (width: number): number => Math.min(400, Math.max(40, Math.round(width / 1000) * 100));

interface Props {
  readonly path: string;
  readonly state: EventsState;
  readonly change: (next: EventsState) => void;
  readonly ask: EventsAsk;
  readonly now: UnixNano;
  readonly scrolled: (away: boolean) => void;
  /** New events wait while the reader is elsewhere in the list. */
  readonly paused: boolean;
}

/** What the events API has. */
export function FromApi({ path, state, change, ask, now, scrolled, paused }: Props) {
  const query = useInfiniteQuery({ ...eventsQuery(path, ask), placeholderData: keepPreviousData });
  const counts = useQuery({ ...eventCountsQuery(path, ask, stepsOf(window.innerWidth)), placeholderData: keepPreviousData });
  const late = useDelayed(query.isPending, 120);
  const events = useMemo(() => query.data?.pages.flatMap((page) => page.events) ?? [], [query.data]);
  const open = useCallback((event: number | null) => change({ ...state, event }), [change, state]);
  const address = useCallback((event: number) => writeEvents({ ...state, event }), [state]);
  const { fetchNextPage } = query;
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const again = (): void => void Promise.all([query.refetch(), counts.refetch()]);
  const step = (by: 1 | -1): void => {
    const at = events.findIndex((event) => event.id === state.event);
    const next: SecurityEvent | undefined = events[at < 0 ? 0 : Math.min(events.length - 1, Math.max(0, at + by))];
    if (next !== undefined) open(next.id);
  };
  useKeys({ j: () => step(1), k: () => step(-1), Escape: () => (state.event === null ? false : open(null)) });
  const known = events.find((event) => event.id === state.event);
  const total = counts.data?.total ?? null;
  return (
    <div className="ebody">
      <section className="emain" aria-label="Events">
        {query.isPending ? (
          <Skeleton visible={late} />
        ) : query.isError && events.length === 0 ? (
          <Failed title="The events can’t be loaded" problem={query.error.message} retry={again} busy={query.isFetching} />
        ) : events.length === 0 ? (
          <Empty state={state} change={change} what="events" />
        ) : (
          <>
            {query.isError && (
              <div className="notice box" role="alert">
                <span className="grow">
                  <b className="strong">The events can’t be loaded again.</b> <span className="f2">{query.error.message} What is shown is from before.</span>
                </span>
                <button type="button" className="btn" aria-busy={query.isFetching} onClick={() => (query.isFetchNextPageError ? loadMore() : again())}>
                  Retry
                </button>
              </div>
            )}
            {counts.data !== undefined ? (
              <EventTimeline counts={counts.data} selected={known?.started ?? null} now={now} narrow={(from, to) => change({ ...state, range: { kind: 'between', from, to }, live: false })} risk={state.risk} only={(risk) => change({ ...state, risk })} />
            ) : counts.isError ? (
              <LoadedStrip events={events} state={state} open={open} ask={ask} now={now} />
            ) : (
              <div className="etime" />
            )}
            <p className="esum2 num" role="status">
              {total === null ? `${formatCount(events.length)}${query.hasNextPage ? '+' : ''} ${events.length === 1 && !query.hasNextPage ? 'event' : 'events'}` : plural(total, 'event')}
              <span className="f3">newest first{state.live && paused ? '; live waits while you read' : ''}</span>
            </p>
            <EventList
              events={events}
              total={total}
              selected={state.event}
              address={address}
              open={open}
              now={now}
              more={query.hasNextPage && !query.isPlaceholderData && !query.isError}
              loadingMore={query.isFetchingNextPage}
              loadMore={loadMore}
              placeKey={writeEvents({ ...state, event: null })}
              scrolled={scrolled}
              end={<div className="emore f3 num">{query.hasNextPage ? `${query.isFetchingNextPage ? 'Loading more, ' : ''}${formatCount(events.length)} shown` : `All ${plural(events.length, 'event')} shown`}</div>}
            />
          </>
        )}
      </section>
      {state.event !== null && <EventPanel key={state.event} path={path} id={state.event} known={known} now={now} close={() => open(null)} />}
    </div>
  );
}

/** Where the API does not count: the events that were loaded, each by itself. */
function LoadedStrip({ events, state, open, ask, now }: { readonly events: readonly SecurityEvent[]; readonly state: EventsState; readonly open: (event: number) => void; readonly ask: EventsAsk; readonly now: UnixNano }) {
  const ends = useMemo(() => pictureEnds(events.map((event) => event.started), ask.from, ask.to, now), [events, ask, now]);
  const marks = useMemo(() => events.map((event): Mark => ({ key: String(event.id), time: event.started, level: event.riskLevel, title: `${formatMoment(event.started, now)} · ${event.cameraName} · ${event.summary}`, selected: event.id === state.event, open: () => open(event.id) })), [events, now, state.event, open]);
  return <Strip marks={marks} from={ends.from} to={ends.to} />;
}
