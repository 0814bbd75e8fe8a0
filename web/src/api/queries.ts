import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { UnixNano } from '../model/nano';
import type { ServerConfig, ServerStatus } from '../model/server';
import type { SpanDetail } from '../model/spanDetail';
import type { SearchPage, ServiceCount } from '../model/summary';
import type { Trace } from '../model/trace';
import { getJson } from './http';
import { trace as traceSchema } from './traceWire';
import * as wire from './wire';

/** A search as the server takes it: bounds are resolved. */
export interface SearchRequest {
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
  readonly text: string;
  readonly order: string;
  readonly direction: 'asc' | 'desc';
}

/** Rows of one answer: enough for two screens of the largest usual monitor. */
const pageSize = 200;

function withBounds(parameters: URLSearchParams, from: UnixNano | null, to: UnixNano | null): URLSearchParams {
  if (from !== null) parameters.set('from', String(from));
  if (to !== null) parameters.set('to', String(to));
  return parameters;
}

export function searchParameters(request: SearchRequest, limit: number, cursor: string | null): URLSearchParams {
  const parameters = withBounds(new URLSearchParams(), request.from, request.to);
  if (request.text !== '') parameters.set('q', request.text);
  parameters.set('order', request.order);
  parameters.set('direction', request.direction);
  parameters.set('limit', String(limit));
  if (cursor !== null) parameters.set('cursor', cursor);
  return parameters;
}

/** Parts of a query key are text, since a bigint has no JSON. */
const keyOf = (request: SearchRequest): string => searchParameters(request, 0, null).toString();

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

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }): Promise<ServerStatus> => getJson('/api/v1/status', wire.status, signal),
  staleTime: 0,
});

export const traceQuery = (traceId: string) =>
  queryOptions({
    queryKey: ['trace', traceId],
    queryFn: ({ signal }): Promise<Trace> => getJson(`/api/v1/traces/${encodeURIComponent(traceId)}`, traceSchema, signal),
    // A trace holds typed arrays: comparing two of them deeply to share parts would cost more than it saves.
    structuralSharing: false,
  });

export const spanQuery = (traceId: string, spanId: string) =>
  queryOptions({
    queryKey: ['span', traceId, spanId],
    queryFn: ({ signal }): Promise<readonly SpanDetail[]> => getJson(`/api/v1/traces/${encodeURIComponent(traceId)}/spans/${encodeURIComponent(spanId)}`, wire.spanDetails, signal),
    structuralSharing: false,
  });

export const otlpDownloadPath = (traceId: string): string => `/api/v1/traces/${encodeURIComponent(traceId)}?format=otlp`;
