import * as z from 'zod/mini';
import type { Metric, MetricSeries } from '../model/metric';
import { duration, time, truncated } from './wire';

const head = { service: z.string(), name: z.string(), unit: z.string(), description: z.string(), kind: z.enum(['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']), monotonic: z.boolean() };
const pairs = z.record(z.string(), z.string());

export const metrics = z.pipe(
  z.object({ metrics: z.array(z.object(head)), truncated }),
  z.transform((wire): { readonly metrics: readonly Metric[]; readonly truncated: string | null } => wire),
);

/** A range without steps: the points as they came, or as rates since the point before. */
export const metricPoints = z.pipe(
  z.object({
    stepNano: duration,
    series: z.array(z.object({ ...head, attributes: pairs, resource: pairs, values: z.array(z.nullable(z.number())), timeUnixNano: z.array(time), sinceUnixNano: z.array(time) })),
    truncated,
  }),
  z.transform((wire): { readonly series: readonly MetricSeries[]; readonly truncated: string | null } => ({
    series: wire.series.map(({ values, timeUnixNano, sinceUnixNano, ...rest }) => ({
      ...rest,
      points: timeUnixNano.flatMap((at, index) => {
        const [value, since] = [values[index] ?? null, sinceUnixNano[index] ?? null];
        return value === null ? [] : [{ time: at, since: since === null || since === 0n ? null : since, value }];
      }),
    })),
    truncated: wire.truncated,
  })),
);
