import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { riskLevels, type EventPage, type RiskLevel, type SecurityEvent, type TracedEvents } from '../model/events';
import { titleOf } from '../model/summary';
import { millisOf, type UnixNano } from '../model/nano';
import { event, eventPage } from './eventsWire';
import { getJson } from './http';
import { searchParameters } from './queries';
import { search } from './wire';

export interface EventsAsk {
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
  readonly risk: RiskLevel | null;
  readonly camera: string;
}

const pageSize = 100;
const iso = (time: UnixNano): string => new Date(millisOf(time)).toISOString();

function parametersOf({ from, to, risk, camera }: EventsAsk, limit: number): URLSearchParams {
  const parameters = new URLSearchParams({ limit: String(limit) });
  if (from !== null) parameters.set('from', iso(from));
  if (to !== null) parameters.set('to', iso(to));
  if (risk !== null) parameters.set('riskLevel', risk);
  if (camera !== '') parameters.set('camera', camera);
  return parameters;
}

/** Events, the newest first, in pages; `path` is where this server passes the events API on. */
export const eventsQuery = (path: string, ask: EventsAsk) => {
  const asked = parametersOf(ask, pageSize).toString();
  return infiniteQueryOptions({
    queryKey: ['events', path, asked],
    queryFn: ({ pageParam, signal }): Promise<EventPage> => getJson(`${path}?${asked}${pageParam === null ? '' : `&before=${pageParam}`}`, eventPage, signal),
    initialPageParam: firstPage,
    getNextPageParam: (last) => last.next,
  });
};

const firstPage: number | null = null;

export const eventQuery = (path: string, id: number) => queryOptions({ queryKey: ['event', path, id], queryFn: ({ signal }): Promise<SecurityEvent> => getJson(`${path}/${id}`, event, signal) });

export const eventImagePath = (path: string, id: number, imageId: string): string => `${path}/${id}/images/${encodeURIComponent(imageId)}`;

/** An event begins with the first image of its batch, which may have come long before the trace that is asked about. */
const [before, after] = [300_000_000_000n, 60_000_000_000n];
const mostAround = 500;

/** Events that began around a trace: one of them may be the trace's. */
export const eventsAroundQuery = (path: string, start: UnixNano, end: UnixNano) => {
  const parameters = new URLSearchParams({ from: new Date(Number((start - before) / 1_000_000n)).toISOString(), to: new Date(Number((end + after) / 1_000_000n)).toISOString(), limit: String(mostAround) }).toString();
  return queryOptions({ queryKey: ['events-around', path, parameters], queryFn: ({ signal }): Promise<EventPage> => getJson(`${path}?${parameters}`, eventPage, signal), retry: false });
};

/** Traces whose spans have an event, by how it was judged: what is known of events where there is no events API. */
export const tracedEventsQuery = ({ from, to, risk, camera }: EventsAsk) => {
  const levels = risk === null ? riskLevels : [risk];
  const text = (level: RiskLevel): string => `event.id!="" risk.level=${level}${camera === '' ? '' : ` camera.name=${JSON.stringify(camera)}`}`;
  return queryOptions({
    queryKey: ['events-traced', String(from), String(to), risk, camera],
    queryFn: async ({ signal }): Promise<TracedEvents> => {
      const pages = await Promise.all(levels.map((level) => getJson(`/api/v1/search?${searchParameters({ from, to, text: text(level), order: 'start', direction: 'desc' }, pageSize, null)}`, search, signal)));
      const events = pages.flatMap((page, index) => page.traces.map((trace) => ({ traceId: trace.traceId, start: trace.start, riskLevel: levels[index] ?? ('unknown' as const), operation: `${titleOf(trace).name} of ${titleOf(trace).service}` })));
      return { events: events.toSorted((a, b) => (a.start < b.start ? 1 : a.start > b.start ? -1 : 0)), total: pages.reduce((sum, page) => sum + page.total.value, 0) };
    },
  });
};
