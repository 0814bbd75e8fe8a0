import * as z from 'zod/mini';
import type { Cohorts } from '../model/cohorts';
import { total, truncated } from './wire';

const nanos = z.pipe(z.string().check(z.regex(/^\d{1,20}$/, 'expected a decimal number as text')), z.transform(Number));
const side = z.pipe(
  z.object({ traces: z.number(), spans: z.number(), errors: z.number(), wallNano: nanos, selfNano: nanos, p50Nano: z.nullable(nanos) }),
  z.transform(({ wallNano, selfNano, p50Nano, ...rest }) => ({ ...rest, wall: wallNano, self: selfNano, p50: p50Nano })),
);
const cohort = z.pipe(
  z.object({ total, looked: z.number(), errors: z.number(), meanNano: nanos, p50Nano: nanos, meanWaitingNano: nanos, betweenNano: nanos }),
  z.transform((wire) => ({ total: wire.total, looked: wire.looked, errors: wire.errors, mean: wire.meanNano, p50: wire.p50Nano, waiting: wire.meanWaitingNano, between: wire.betweenNano })),
);
const number = z.nullable(z.number());

export const cohorts = z.pipe(
  z.object({
    a: cohort,
    b: cohort,
    nodes: z.array(z.object({ parent: z.number(), service: z.string(), name: z.string(), kind: z.string(), wait: z.nullable(z.string()), a: side, b: side })),
    attributes: z.array(z.object({ key: z.string(), score: z.number(), a: z.number(), b: z.number(), medians: z.nullable(z.tuple([number, number])), values: z.array(z.object({ value: z.string(), a: z.number(), b: z.number() })) })),
    keys: z.object({ looked: z.number(), differ: z.number(), all: z.boolean() }),
    leftOutTraces: z.number(),
    unplacedSpans: z.number(),
    truncated,
  }),
  z.transform(({ leftOutTraces, unplacedSpans, ...rest }): Cohorts => ({ ...rest, leftOut: leftOutTraces, unplaced: unplacedSpans })),
);
