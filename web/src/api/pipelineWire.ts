import * as z from 'zod/mini';
import { count, duration, time } from './wire';

/** Nanoseconds and counts become floats here: exact enough to be drawn and compared, and all that these figures are for. */
const nanos = z.pipe(duration, z.transform(Number));
const number = z.pipe(count, z.transform(Number));
const truncated = z.pipe(z.nullable(z.object({ reason: z.string(), message: z.string() })), z.transform((part) => part?.message ?? null));
const operation = { service: z.string(), name: z.string(), kind: z.string() };

export const redOperations = z.pipe(
  z.object({
    operations: z.array(z.object({ ...operation, spans: number, errors: number, p50Nano: nanos, p95Nano: nanos, p99Nano: nanos, totalNano: nanos })),
    truncated,
    estimated: z.optional(z.boolean()),
  }),
  z.transform((wire) => ({
    operations: wire.operations.map(({ p50Nano, p95Nano, p99Nano, totalNano, ...rest }) => ({ ...rest, p50: p50Nano, p95: p95Nano, p99: p99Nano, total: totalNano })),
    truncated: wire.truncated,
    estimated: wire.estimated,
  })),
);

export const operationSeries = z.pipe(
  z.object({
    firstUnixNano: time,
    stepNano: nanos,
    steps: z.number(),
    operations: z.array(z.object({ ...operation, spans: z.array(z.number()), errors: z.array(z.number()), p50Nano: z.array(nanos), p95Nano: z.array(nanos) })),
    truncated,
    estimated: z.optional(z.boolean()),
  }),
  z.transform((wire) => ({
    first: wire.firstUnixNano,
    step: wire.stepNano,
    steps: wire.steps,
    operations: wire.operations.map(({ p50Nano, p95Nano, ...rest }) => ({ ...rest, p50: p50Nano, p95: p95Nano })),
    truncated: wire.truncated,
    estimated: wire.estimated,
  })),
);

export const calls = z.pipe(
  z.object({ edges: z.array(z.object({ parent: z.string(), child: z.string(), calls: number, errors: number, p50Nano: nanos, p95Nano: nanos })), truncated, estimated: z.optional(z.boolean()) }),
  z.transform((wire) => ({ edges: wire.edges.map(({ p50Nano, p95Nano, ...rest }) => ({ ...rest, p50: p50Nano, p95: p95Nano })), truncated: wire.truncated, estimated: wire.estimated })),
);
