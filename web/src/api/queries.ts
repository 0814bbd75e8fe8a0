import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Distribution } from '../model/distribution';
import type { ServerHealth } from '../model/health';
import type { UnixNano } from '../model/nano';
import type { ServerConfig, ServerStatus } from '../model/server';
import type { LinkedFrom, SpanDetail } from '../model/spanDetail';
import type { SearchPage, ServiceCount, TypicalTrace } from '../model/summary';
import type { Trace } from '../model/trace';
import { distribution as distributionSchema } from './chartWire';
import { getJson, getText } from './http';
import { trace as traceSchema } from './traceWire';
import * as wire from './wire';

/** A search as the server takes it: bounds are resolved. */
export interface SearchRequest {
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
  readonly text: string;
  readonly order: string;
  readonly direction: 'asc' | 'desc';
  /** The trace itself starts in [traceFrom, traceTo): what is marked on the chart. */
  readonly traceFrom?: UnixNano | null;
  readonly traceTo?: UnixNano | null;
  /** The moment that the answer is of: the server is asked again for another, though nothing else has changed. */
  readonly asOf?: UnixNano | null;
}

/** Rows of one answer: enough for two screens of the largest usual monitor. */
const pageSize = 200;

function withBounds(parameters: URLSearchParams, from: UnixNano | null, to: UnixNano | null): URLSearchParams {
  if (from !== null) parameters.set('from', String(from));
  if (to !== null) parameters.set('to', String(to));
  return parameters;
}

/** The parameters that say which traces match. */
export function filterParameters(request: SearchRequest): URLSearchParams {
  const parameters = withBounds(new URLSearchParams(), request.from, request.to);
  if (request.text !== '') parameters.set('q', request.text);
  if (request.traceFrom != null) parameters.set('traceFrom', String(request.traceFrom));
  if (request.traceTo != null) parameters.set('traceTo', String(request.traceTo));
  return parameters;
}

export function searchParameters(request: SearchRequest, limit: number, cursor: string | null): URLSearchParams {
  const parameters = filterParameters(request);
  parameters.set('order', request.order);
  parameters.set('direction', request.direction);
  parameters.set('limit', String(limit));
  if (cursor !== null) parameters.set('cursor', cursor);
  return parameters;
}

/** Parts of a query key are text, since a bigint has no JSON. */
const keyOf = (request: SearchRequest): string => `${request.asOf ?? ''} ${searchParameters(request, 0, null).toString()}`;

export const searchQuery = (request: SearchRequest) =>
  infiniteQueryOptions({
    queryKey: ['search', keyOf(request)],
    queryFn: ({ pageParam, signal }): Promise<SearchPage> => getJson(`/api/v1/search?${searchParameters(request, pageSize, pageParam)}`, wire.search, signal),
    initialPageParam: firstPage,
    getNextPageParam: (last) => last.nextCursor,
  });
const firstPage: string | null = null;

/** How many traces lie in a time range whatever the other conditions are. */
export const countQuery = (request: SearchRequest) =>
  queryOptions({
    queryKey: ['count', keyOf(request)],
    queryFn: async ({ signal }): Promise<SearchPage['total']> => (await getJson(`/api/v1/search?${searchParameters(request, 1, null)}`, wire.search, signal)).total,
  });

/** The same count again once the server has received more: `received` is what it had by then. */
export const recountQuery = (request: SearchRequest, received: bigint | null) => queryOptions({ ...countQuery(request), queryKey: ['recount', String(received), keyOf(request)], gcTime: 2000 });

/** What a chart asks for: the axis in columns, open where the server is to find its ends. */
export interface DistributionAsk {
  readonly axisFrom: UnixNano | null;
  readonly axisTo: UnixNano | null;
  readonly columns: number;
  readonly rows: '1' | '2' | '4' | '8';
  readonly points: number;
}

/** All matches, counted by time and duration. */
export const distributionQuery = (request: SearchRequest, ask: DistributionAsk) => {
  const parameters = filterParameters(request);
  if (ask.axisFrom !== null) parameters.set('axisFrom', String(ask.axisFrom));
  if (ask.axisTo !== null) parameters.set('axisTo', String(ask.axisTo));
  parameters.set('columns', String(ask.columns));
  parameters.set('rows', ask.rows);
  parameters.set('points', String(ask.points));
  const key = parameters.toString();
  return queryOptions({
    queryKey: ['distribution', `${request.asOf ?? ''} ${key}`],
    queryFn: ({ signal }): Promise<Distribution> => getJson(`/api/v1/search/distribution?${key}`, distributionSchema, signal),
    structuralSharing: false,
  });
};

export const servicesQuery = (from: UnixNano | null, to: UnixNano | null) => {
  const parameters = withBounds(new URLSearchParams(), from, to).toString();
  return queryOptions({
    queryKey: ['services', parameters],
    queryFn: ({ signal }): Promise<readonly ServiceCount[]> => getJson(`/api/v1/services?${parameters}`, wire.services, signal),
  });
};

export const configQuery = queryOptions({
  queryKey: ['config'],
  queryFn: ({ signal }): Promise<ServerConfig> => getJson('/api/v1/config', wire.config, signal),
  staleTime: Infinity,
});

/** How the server is, looked at again and again while the page is seen. A server that cannot be asked says so on the screens. */
export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }): Promise<ServerHealth> => getJson('/api/v1/status', wire.health, signal),
  staleTime: 0,
  retry: false,
  refetchInterval: 15_000,
});

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }): Promise<ServerStatus> => getJson('/api/v1/status', wire.status, signal),
  staleTime: 0,
});

/** How long a part of a large trace is kept once it is no longer shown. */
const partGcMillis = 10_000;

/** More spans than this are loaded by windows: what failed and what is longest in the time that is looked at. */
const spansAtOnce = 200_000;

/** A trace, or of a very large one the part that matters in a time (null for all of it), and in any case the span that is asked for. */
export const traceQuery = (traceId: string, time: { readonly from: UnixNano; readonly to: UnixNano } | null = null, spanId: string | null = null) => {
  const parameters = withBounds(new URLSearchParams(), time?.from ?? null, time?.to ?? null);
  parameters.set('limit', String(spansAtOnce));
  if (spanId !== null) parameters.set('span', spanId);
  return queryOptions({
    queryKey: ['trace', traceId, parameters.toString()],
    queryFn: ({ signal }): Promise<Trace> => getJson(`/api/v1/traces/${encodeURIComponent(traceId)}?${parameters}`, traceSchema, signal),
    // A trace holds typed arrays: comparing two of them deeply to share parts would cost more than it saves.
    structuralSharing: false,
    // Parts of a large trace are tens of megabytes, and a zoom asks for one after the other: only the last ones are worth their memory.
    ...(time === null ? {} : { gcTime: partGcMillis }),
  });
};

/** Which trace to compare one with, and what it was chosen from. */
export const typicalQuery = (traceId: string) =>
  queryOptions({
    queryKey: ['typical', traceId],
    queryFn: ({ signal }): Promise<TypicalTrace> => getJson(`/api/v1/traces/${encodeURIComponent(traceId)}/typical`, wire.typical, signal),
    structuralSharing: false,
  });

/** The newest traces, to pick from. */
export const recentQuery = (text: string) => {
  const request: SearchRequest = { from: null, to: null, text, order: 'start', direction: 'desc' };
  const parameters = searchParameters(request, 30, null);
  parameters.set('total', 'atLeast');
  return queryOptions({ queryKey: ['recent', text], queryFn: ({ signal }): Promise<SearchPage> => getJson(`/api/v1/search?${parameters}`, wire.search, signal), structuralSharing: false });
};

export const spanQuery = (traceId: string, spanId: string) =>
  queryOptions({
    queryKey: ['span', traceId, spanId],
    queryFn: ({ signal }): Promise<readonly SpanDetail[]> => getJson(`/api/v1/traces/${encodeURIComponent(traceId)}/spans/${encodeURIComponent(spanId)}`, wire.spanDetails, signal),
    structuralSharing: false,
  });

export const otlpDownloadPath = (traceId: string): string => `/api/v1/traces/${encodeURIComponent(traceId)}?format=otlp`;

/** More than this of a trace is not laid out as text on the page: it is downloaded. */
export const mostRawBytes = 24_000_000;

/** The trace as OTLP JSON, character by character as a download has it; null when it is too long to be shown. */
export const rawQuery = (traceId: string) =>
  queryOptions({
    queryKey: ['trace', traceId, 'raw'],
    queryFn: ({ signal }): Promise<string | null> => getText(otlpDownloadPath(traceId), mostRawBytes, signal),
    gcTime: 10_000,
  });

/** The spans of other traces that link to this trace. */
export const linkedFromQuery = (traceId: string) =>
  queryOptions({
    queryKey: ['trace', traceId, 'linked-from'],
    queryFn: ({ signal }): Promise<LinkedFrom> => getJson(`/api/v1/traces/${encodeURIComponent(traceId)}/linked-from`, wire.linkedFrom, signal),
    structuralSharing: false,
  });
