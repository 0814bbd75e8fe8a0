import { queryOptions } from '@tanstack/react-query';
import type { UnixNano } from '../model/nano';
import type { Calls, OperationSeries, RedOperations } from '../model/pipeline';
import { valuesQuery } from './facetQueries';
import { getJson } from './http';
import * as wire from './pipelineWire';

/** From when to when; an open end is the newest span. */
export interface Span {
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
}

function bounds({ from, to }: Span): URLSearchParams {
  const parameters = new URLSearchParams();
  if (from !== null) parameters.set('from', String(from));
  if (to !== null) parameters.set('to', String(to));
  return parameters;
}

export const redOperationsQuery = (span: Span) =>
  queryOptions({
    queryKey: ['red-operations', bounds(span).toString()],
    queryFn: ({ signal }): Promise<RedOperations> => getJson(`/api/v1/red/operations?${bounds(span)}`, wire.redOperations, signal),
  });

/** `names` may repeat; the series is asked for when there is at least one. */
export const operationSeriesQuery = (span: Span, names: readonly string[], stepNanos: bigint) => {
  const parameters = bounds(span);
  for (const name of new Set(names)) parameters.append('operation', name);
  parameters.set('step', `${stepNanos}ns`);
  return queryOptions({
    queryKey: ['operation-series', parameters.toString()],
    queryFn: ({ signal }): Promise<OperationSeries> => getJson(`/api/v1/red/operations/series?${parameters}`, wire.operationSeries, signal),
  });
};

export const callsQuery = (span: Span) =>
  queryOptions({
    queryKey: ['calls', bounds(span).toString()],
    queryFn: ({ signal }): Promise<Calls> => getJson(`/api/v1/dependencies?${bounds(span)}&latency=true`, wire.calls, signal),
  });

/** The commonest values that the spans of a filter text have of a key, by traces. */
export const spanValuesQuery = ({ from, to }: Span, text: string, key: string) => valuesQuery({ from, to, text, order: 'start', direction: 'desc' }, key, '', 50);
