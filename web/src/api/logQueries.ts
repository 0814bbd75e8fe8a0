import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { LogHistogram, LogPage } from '../model/logs';
import type { UnixNano } from '../model/nano';
import { getJson } from './http';
import * as wire from './logWire';

/** What of the logs is asked for: everything that is given holds. */
export interface LogRequest {
  readonly from: UnixNano | null;
  /** Not itself. */
  readonly to: UnixNano | null;
  readonly text: string;
  readonly traceId?: string;
  /** Only with a trace id, or only without one. */
  readonly traced?: boolean;
  readonly services?: readonly string[];
  /** The moment that the answer is of: the server is asked again for another, though nothing else has changed. */
  readonly asOf?: UnixNano | null;
}

/** Entries of one answer: two screens of the largest usual monitor. */
const pageSize = 200;
/** Entries of a trace that are looked at as a whole. */
export const mostOfTrace = 1000;

function parametersOf(request: LogRequest): URLSearchParams {
  const parameters = new URLSearchParams();
  if (request.from !== null) parameters.set('from', String(request.from));
  if (request.to !== null) parameters.set('to', String(request.to));
  if (request.text !== '') parameters.set('q', request.text);
  if (request.traceId !== undefined) parameters.set('trace', request.traceId);
  if (request.traced !== undefined) parameters.set('traced', String(request.traced));
  for (const service of request.services ?? []) parameters.append('service', service);
  return parameters;
}

const page = (parameters: URLSearchParams, signal: AbortSignal): Promise<LogPage> => getJson(`/api/v1/logs?${parameters}`, wire.logs, signal);

/** Newest first, page by page. */
export const logsQuery = (request: LogRequest) =>
  infiniteQueryOptions({
    queryKey: ['logs', String(request.asOf ?? ''), parametersOf(request).toString()],
    queryFn: ({ pageParam, signal }): Promise<LogPage> => {
      const parameters = parametersOf(request);
      parameters.set('limit', String(pageSize));
      if (pageParam !== null) parameters.set('cursor', pageParam);
      return page(parameters, signal);
    },
    initialPageParam: ((): string | null => null)(),
    getNextPageParam: (last) => last.next,
    structuralSharing: false,
  });

/** What came since: the newest of it, and where to go on from. */
export const newLogs = (request: LogRequest, after: bigint, signal: AbortSignal): Promise<LogPage> => {
  const parameters = parametersOf(request);
  parameters.set('limit', '500');
  parameters.set('after', String(after));
  return page(parameters, signal);
};

export const logHistogramQuery = (request: LogRequest, steps: number) => {
  const parameters = parametersOf(request);
  parameters.set('steps', String(steps));
  return queryOptions({
    queryKey: ['log-histogram', String(request.asOf ?? ''), parameters.toString()],
    queryFn: ({ signal }): Promise<LogHistogram> => getJson(`/api/v1/logs/histogram?${parameters}`, wire.logHistogram, signal),
    structuralSharing: false,
  });
};

export const logValuesQuery = (request: LogRequest, key: string, limit: number, contains = '') => {
  const parameters = parametersOf(request);
  parameters.set('key', key);
  parameters.set('limit', String(limit));
  if (contains !== '') parameters.set('contains', contains);
  return queryOptions({
    queryKey: ['log-values', String(request.asOf ?? ''), parameters.toString()],
    queryFn: ({ signal }) => getJson(`/api/v1/logs/values?${parameters}`, wire.logValues, signal),
  });
};

/** The keys of attributes that entries of the time have. */
export const logKeysQuery = ({ from, to }: Pick<LogRequest, 'from' | 'to'>) => {
  const parameters = new URLSearchParams([...(from === null ? [] : [['from', String(from)]]), ...(to === null ? [] : [['to', String(to)]])]).toString();
  return queryOptions({
    queryKey: ['log-keys', parameters],
    queryFn: ({ signal }) => getJson(`/api/v1/logs/keys?${parameters}`, wire.logKeys, signal),
  });
};

/** How many there are at all; for saying why there are none. */
export const logCountQuery = (request: LogRequest) => {
  const parameters = parametersOf(request);
  parameters.set('limit', '0');
  parameters.set('total', 'exact');
  return queryOptions({
    queryKey: ['log-count', String(request.asOf ?? ''), parameters.toString()],
    queryFn: async ({ signal }): Promise<LogPage['total']> => (await page(parameters, signal)).total,
  });
};

/** All at once, oldest first, as far as the limit goes: what belongs to a trace or lies around a span. Renewed with the trace. */
export const logStoryQuery = (traceId: string, request: LogRequest) => {
  const parameters = parametersOf(request);
  parameters.set('limit', String(mostOfTrace));
  parameters.set('direction', 'asc');
  return queryOptions({
    queryKey: ['trace', traceId, 'logs', parameters.toString()],
    queryFn: ({ signal }): Promise<LogPage> => page(parameters, signal),
    structuralSharing: false,
  });
};

/** One entry by its place: whatever lies at its time. */
export const logEntryQuery = (place: { readonly at: UnixNano; readonly sequence: bigint } | null) => {
  // Entries of one time are in the order of their numbers: the first behind the number before is the one, however many there are.
  const parameters = new URLSearchParams(place === null ? [] : [['from', String(place.at)], ['to', String(place.at + 1n)], ['after', String(place.sequence < 1n ? 0n : place.sequence - 1n)], ['direction', 'asc'], ['limit', '1']]);
  return queryOptions({
    queryKey: ['log-entry', parameters.toString(), String(place?.sequence)],
    queryFn: async ({ signal }) => (await page(parameters, signal)).entries.find((entry) => entry.sequence === place?.sequence) ?? null,
    enabled: place !== null,
    structuralSharing: false,
  });
};

/** What came of logs since the server's start, and what was refused. */
export const logStatusQuery = queryOptions({
  queryKey: ['status', 'logs'],
  queryFn: ({ signal }) => getJson('/api/v1/status', wire.logStatus, signal),
  staleTime: 0,
});
