import * as z from 'zod/mini';
import type { Distribution } from '../model/distribution';
import type { Shape } from '../model/shape';
import { time, total, truncated } from './wire';

const numberText = z.pipe(z.string().check(z.regex(/^\d{1,20}$/, 'expected a decimal number as text')), z.transform(Number));
const numbers = z.array(z.number());
const histogram = z.pipe(z.object({ edgesNano: z.array(numberText), traces: numbers }), z.transform(({ edgesNano, traces }) => ({ edges: edgesNano, traces })));

export const distribution = z.pipe(
  z.object({
    firstUnixNano: time,
    columnNano: numberText,
    total,
    errorTraces: total,
    p50Nano: z.nullable(numberText),
    p95Nano: z.nullable(numberText),
    p99Nano: z.nullable(numberText),
    durationSumNano: numberText,
    waitingSumNano: numberText,
    traces: numbers,
    errors: numbers,
    rowEdgesNano: z.array(numberText),
    cells: z.object({ column: numbers, row: numbers, traces: numbers, errors: numbers }),
    histograms: z.object({ duration: histogram, waiting: histogram }),
    points: z.nullable(z.object({ traceId: z.array(z.string()), start: numbers, duration: numbers, errors: numbers })),
    truncated,
  }),
  z.transform(
    ({ cells, points, ...wire }): Distribution => ({
      first: wire.firstUnixNano,
      columnLength: wire.columnNano,
      total: wire.total,
      errorTraces: wire.errorTraces,
      quantiles: wire.p50Nano === null || wire.p95Nano === null || wire.p99Nano === null ? null : { p50: wire.p50Nano, p95: wire.p95Nano, p99: wire.p99Nano },
      durationSum: wire.durationSumNano,
      waitingSum: wire.waitingSumNano,
      traces: wire.traces,
      errors: wire.errors,
      rowEdges: wire.rowEdgesNano,
      cells: cells.column.map((column, index) => ({ column, row: cells.row[index] ?? 0, traces: cells.traces[index] ?? 0, errors: cells.errors[index] ?? 0 })),
      durations: wire.histograms.duration,
      waits: wire.histograms.waiting,
      points: points === null ? null : points.traceId.map((traceId, index) => ({ traceId, start: points.start[index] ?? 0, duration: points.duration[index] ?? 0, errors: points.errors[index] ?? 0 })),
      truncated: wire.truncated,
    }),
  ),
);

export interface Shapes {
  readonly byTrace: ReadonlyMap<string, Shape>;
  readonly truncated: string | null;
}

const column = z.nullable(numbers);
export const shapes = z.pipe(
  z.object({
    shapes: z.array(z.object({ traceId: z.string(), spans: z.number(), length: column, service: column, wait: column, error: column })),
    services: z.array(z.string()),
    waits: z.array(z.string()),
    truncated,
  }),
  z.transform(
    (wire): Shapes => ({
      byTrace: new Map(
        wire.shapes.map(({ traceId, length, service, wait, error }) => [
          traceId,
          length === null ? null : length.map((nanos, index) => ({ length: nanos, service: wire.services[service?.[index] ?? -1] ?? null, wait: wire.waits[wait?.[index] ?? -1] ?? null, error: error?.[index] === 1 })),
        ]),
      ),
      truncated: wire.truncated,
    }),
  ),
);
