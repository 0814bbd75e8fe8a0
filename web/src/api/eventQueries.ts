import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { riskLevels, type EventCounts, type EventPage, type RiskLevel, type SecurityEvent, type TracedEvents } from '../model/events';
import { titleOf } from '../model/summary';
import { millisOf, type UnixNano } from '../model/nano';
import { event, eventCounts, eventPage } from './eventsWire';
import { getJson } from './http';
import { searchParameters } from './queries';
import { search } from './wire';

export interface EventsAsk {
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
  readonly risk: RiskLevel | null;
  readonly camera: string;
  /** The moment that the answer is of: the API is asked again for another, though nothing else has changed. */
  readonly asOf: UnixNano;
}

/** Rows of one answer of the events API, and traces of each level where there is none. */
const [pageSize, tracedSize] = [200, 100];
const iso = (time: UnixNano): string => new Date(millisOf(time)).toISOString();

function parametersOf({ from, to, risk, camera }: EventsAsk): URLSearchParams {
  const parameters = new URLSearchParams();
  if (from !== null) parameters.set('from', iso(from));
  if (to !== null) parameters.set('to', iso(to));
  if (risk !== null) parameters.set('riskLevel', risk);
  if (camera !== '') parameters.set('camera', camera);
  return parameters;
}

/** Events, the newest first, in pages; `path` is where this server passes the events API on. */
export const eventsQuery = (path: string, ask: EventsAsk) => {
  const parameters = parametersOf(ask);
  parameters.set('limit', String(pageSize));
  const asked = parameters.toString();
  return infiniteQueryOptions({
    queryKey: ['events', path, String(ask.asOf), asked],
    queryFn: ({ pageParam, signal }): Promise<EventPage> => getJson(`${path}?${asked}${pageParam === null ? '' : `&before=${pageParam}`}`, eventPage, signal),
    initialPageParam: firstPage,
    getNextPageParam: (last) => last.next,
  });
};

const firstPage: number | null = null;

export const eventQuery = (path: string, id: number) => queryOptions({ queryKey: ['event', path, id], queryFn: ({ signal }): Promise<SecurityEvent> => getJson(`${path}/${id}`, event, signal) });

export const eventImagePath = (path: string, id: number, imageId: string): string => `${path}/${id}/images/${encodeURIComponent(imageId)}`;

/** How many there are, over time: all that meet what is asked, not only those that were loaded. */
export const eventCountsQuery = (path: string, ask: EventsAsk, steps: number) => {
  const parameters = parametersOf(ask);
  parameters.set('steps', String(steps));
  const asked = parameters.toString();
  return queryOptions({ queryKey: ['event-counts', path, String(ask.asOf), asked], queryFn: ({ signal }): Promise<EventCounts> => getJson(`${path}/counts?${asked}`, eventCounts, signal) });
};

/** The events that a trace is part of: one, as a rule. */
export const eventsOfTraceQuery = (path: string, traceId: string) =>
  queryOptions({ queryKey: ['events-of-trace', path, traceId], queryFn: ({ signal }): Promise<EventPage> => getJson(`${path}?${new URLSearchParams({ trace: traceId, limit: '10' }).toString()}`, eventPage, signal) });

/** Traces whose spans have an event, by how it was judged: what is known of events where there is no events API. */
export const tracedEventsQuery = ({ from, to, risk, camera, asOf }: EventsAsk) => {
  const levels = risk === null ? riskLevels : [risk];
  const text = (level: RiskLevel): string => `event.id!="" risk.level=${level}${camera === '' ? '' : ` camera.name=${JSON.stringify(camera)}`}`;
  return queryOptions({
    queryKey: ['events-traced', String(asOf), String(from), String(to), risk, camera],
    queryFn: async ({ signal }): Promise<TracedEvents> => {
      const pages = await Promise.all(levels.map((level) => getJson(`/api/v1/search?${searchParameters({ from, to, text: text(level), order: 'start', direction: 'desc' }, tracedSize, null)}`, search, signal)));
      const events = pages.flatMap((page, index) => page.traces.map((trace) => ({ traceId: trace.traceId, start: trace.start, riskLevel: levels[index] ?? ('unknown' as const), operation: `${titleOf(trace).name} of ${titleOf(trace).service}` })));
      return { events: events.toSorted((a, b) => (a.start < b.start ? 1 : a.start > b.start ? -1 : 0)), total: pages.reduce((sum, page) => sum + page.total.value, 0) };
    },
  });
};
