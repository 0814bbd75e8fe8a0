import * as z from 'zod/mini';
import { count, total } from './wire';

const value = z.object({ value: z.string(), traces: z.number() });
const facet = z.object({ key: z.string(), values: z.array(value), distinct: total });

export const keys = z.pipe(
  z.object({ keys: z.array(z.object({ key: z.string(), scope: z.enum(['span', 'resource']), types: z.array(z.string()), values: z.nullable(count) })) }),
  z.transform((wire) => wire.keys),
);
export const values = z.object({ key: z.string(), values: z.array(value), distinct: total, total });
export const facets = z.pipe(
  z.object({ facets: z.array(facet) }),
  z.transform((wire) => wire.facets),
);

const edges = z.pipe(z.array(z.string()), z.transform((texts) => texts.map(Number)));
const histogram = z.object({ edgesNano: edges, traces: z.array(z.number()) });
export const histograms = z.pipe(
  z.object({ histograms: z.object({ duration: histogram, waiting: histogram }) }),
  z.transform(({ histograms: { duration, waiting } }) => ({ duration: { edges: duration.edgesNano, traces: duration.traces }, waiting: { edges: waiting.edgesNano, traces: waiting.traces } })),
);

export const series = z.pipe(
  z.object({ firstUnixNano: count, stepNano: count, series: z.array(z.object({ service: z.string(), spans: z.array(z.number()) })) }),
  z.transform(({ firstUnixNano, stepNano, series: all }) => all.map(({ service, spans }) => ({ service, lastStart: firstUnixNano + BigInt(spans.findLastIndex((n) => n > 0)) * stepNano }))),
);
