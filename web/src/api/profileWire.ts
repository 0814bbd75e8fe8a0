import * as z from 'zod/mini';
import { framesOf } from '../model/profile';
import { count, duration, time } from './wire';

const number = z.pipe(count, z.transform(Number));
const truncated = z.pipe(z.nullable(z.object({ reason: z.string(), message: z.string() })), z.transform((part) => part?.message ?? null));
const matchedBy = z.enum(['range', 'labels', 'time']);
const sum = z.pipe(
  z.object({ value: number, windows: z.number(), firstUnixNano: z.nullable(time), lastUnixNano: z.nullable(time) }),
  z.transform((wire) => ({ value: wire.value, windows: wire.windows, first: wire.firstUnixNano, last: wire.lastUnixNano })),
);
const head = {
  matchedBy,
  spans: z.pipe(z.nullable(z.object({ startUnixNano: time, endUnixNano: time })), z.transform((wire) => (wire === null ? null : { start: wire.startUnixNano, end: wire.endUnixNano }))),
  sum,
  base: z.nullable(sum),
};

export const profiledServices = z.object({
  services: z.array(
    z.object({
      service: z.string(),
      types: z.array(
        z.pipe(
          z.object({ type: z.string(), unit: z.string(), windows: number, firstUnixNano: time, lastUnixNano: time, matchedBy, value: z.nullable(number) }),
          z.transform(({ firstUnixNano, lastUnixNano, ...rest }) => ({ ...rest, first: firstUnixNano, last: lastUnixNano })),
        ),
      ),
    }),
  ),
  truncated,
});

export const profileLabels = z.object({
  labels: z.array(z.object({ key: z.string(), count: z.number(), values: z.array(z.object({ value: z.string(), windows: number })) })),
  truncated,
});

const numbers = z.array(z.number());

export const profileFlame = z.pipe(
  z.object({ ...head, framesLeftOut: z.number(), names: z.array(z.string()), files: z.array(z.string()), function: numbers, depth: numbers, self: numbers, total: numbers, baseSelf: numbers, baseTotal: numbers, truncated }),
  z.transform((wire) => ({
    ...framesOf(wire, wire.sum.value, wire.base?.value ?? null),
    matchedBy: wire.matchedBy,
    spans: wire.spans,
    sum: wire.sum,
    base: wire.base,
    framesLeftOut: wire.framesLeftOut,
    truncated: wire.truncated,
  })),
);

export const profileFunctions = z.pipe(
  z.object({ ...head, count: z.number(), functions: z.array(z.object({ name: z.string(), file: z.string(), self: number, total: number, baseSelf: z.optional(number), baseTotal: z.optional(number) })), truncated }),
  z.transform((wire) => ({
    count: wire.count,
    functions: wire.functions.map((one) => ({ ...one, baseSelf: one.baseSelf ?? 0, baseTotal: one.baseTotal ?? 0 })),
    sum: wire.sum,
    base: wire.base,
    truncated: wire.truncated,
  })),
);

export const profileTraces = z.pipe(
  z.object({
    traces: z.array(
      z.object({
        traceId: z.string(),
        value: number,
        spanIds: z.array(z.string()),
        summary: z.pipe(
          z.nullable(z.object({ service: z.string(), name: z.string(), startUnixNano: time, durationNano: z.pipe(duration, z.transform(Number)), errors: z.number() })),
          z.transform((wire) => (wire === null ? null : { service: wire.service, name: wire.name, start: wire.startUnixNano, duration: wire.durationNano, errors: wire.errors })),
        ),
      }),
    ),
    count: z.number(),
    value: number,
    unlinkedValue: number,
    truncated,
  }),
  z.transform(({ unlinkedValue, ...rest }) => ({ ...rest, unlinked: unlinkedValue })),
);
