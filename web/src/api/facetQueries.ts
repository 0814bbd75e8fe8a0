import { queryOptions } from '@tanstack/react-query';
import type { AttributeKey, CountedFacet, Facet, Histogram } from '../model/facets';
import type { UnixNano } from '../model/nano';
import * as wire from './facetWire';
import { getJson } from './http';
import { searchParameters, type SearchRequest } from './queries';

/** The parameters that say what matches. */
function matching(request: SearchRequest): URLSearchParams {
  const parameters = searchParameters(request, 1, null);
  for (const name of ['order', 'direction', 'limit']) parameters.delete(name);
  return parameters;
}

export const keysQuery = (from: UnixNano | null, to: UnixNano | null) => {
  const parameters = new URLSearchParams([...(from === null ? [] : [['from', String(from)]]), ...(to === null ? [] : [['to', String(to)]])]).toString();
  return queryOptions({
    queryKey: ['keys', parameters],
    queryFn: ({ signal }): Promise<readonly AttributeKey[]> => getJson(`/api/v1/keys?${parameters}`, wire.keys, signal),
  });
};

export const valuesQuery = (request: SearchRequest, key: string, contains: string, limit: number) => {
  const parameters = matching(request);
  parameters.set('key', key);
  parameters.set('limit', String(limit));
  if (contains !== '') parameters.set('contains', contains);
  return queryOptions({
    queryKey: ['values', String(request.asOf ?? ''), parameters.toString()],
    queryFn: ({ signal }): Promise<CountedFacet> => getJson(`/api/v1/values?${parameters}`, wire.values, signal),
  });
};

export const facetsQuery = (request: SearchRequest, keys: readonly string[], limit: number) => {
  const parameters = matching(request);
  for (const key of keys) parameters.append('key', key);
  parameters.set('limit', String(limit));
  return queryOptions({
    queryKey: ['facets', String(request.asOf ?? ''), parameters.toString()],
    queryFn: ({ signal }): Promise<readonly Facet[]> => getJson(`/api/v1/facets?${parameters}`, wire.facets, signal),
  });
};

export const histogramsQuery = (request: SearchRequest) => {
  const parameters = matching(request);
  parameters.set('columns', '1');
  parameters.set('rows', '1');
  parameters.set('points', '0');
  return queryOptions({
    queryKey: ['histograms', String(request.asOf ?? ''), parameters.toString()],
    queryFn: ({ signal }): Promise<{ readonly duration: Histogram; readonly waiting: Histogram }> => getJson(`/api/v1/search/distribution?${parameters}`, wire.histograms, signal),
  });
};

/** When each service last started a span, to the minute, over the day that ends with a moment. */
export const lastSeenQuery = (now: UnixNano) => {
  const from = now - 86_400_000_000_000n;
  return queryOptions({
    queryKey: ['last-seen', String(now / 10_000_000_000n)],
    queryFn: ({ signal }): Promise<readonly { readonly service: string; readonly lastStart: bigint }[]> => getJson(`/api/v1/red/series?from=${from < 0n ? 0n : from}&to=${now + 60_000_000_000n}&step=1m`, wire.series, signal),
  });
};
