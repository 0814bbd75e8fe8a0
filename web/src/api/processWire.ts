import * as z from 'zod/mini';
import { count, time } from './wire';

const maybe = z.nullable(z.number());
const text = z.nullable(z.string());

const rules = z.object({
  sampling: z.object({ rate: z.number(), tracesPerSecond: maybe, remote: z.boolean(), services: z.array(z.object({ service: z.string(), rate: z.number(), tracesPerSecond: maybe, remote: z.boolean() })) }),
  tail: z.object({
    enabled: z.boolean(),
    quietSeconds: z.number(),
    rate: z.number(),
    rules: z.array(
      z.object({
        name: z.string(),
        kind: z.enum(['errors', 'slow', 'slowest', 'rare', 'attribute']),
        service: text,
        rate: z.number(),
        milliseconds: z.optional(z.number()),
        percentile: z.optional(z.number()),
        perHour: z.optional(z.number()),
        key: z.optional(z.string()),
        values: z.optional(z.array(z.string())),
      }),
    ),
  }),
  redaction: z.array(z.object({ name: z.string(), key: text, pattern: text, action: z.enum(['mask', 'hash', 'remove']) })),
  limits: z.object({ attributes: maybe, valueBytes: maybe, spansPerTrace: maybe }),
});

export const process = z.pipe(
  z.object({ version: z.number(), changedUnixNano: z.nullable(time), rules }),
  z.transform(({ version, changedUnixNano, rules: inForce }) => ({ version, changed: changedUnixNano, rules: inForce })),
);

const cause = z.object({ stage: z.enum(['head', 'tail', 'limit']), rule: z.string(), service: z.string(), spans: count });
export const causes = z.array(cause);

export const processCounts = z.pipe(
  z.object({
    sinceUnixNano: time,
    dropped: causes,
    cut: causes,
    redacted: z.array(z.object({ rule: z.string(), values: count })),
    tailKept: z.array(z.object({ rule: z.string(), traces: count, spans: count })),
    decidedEarly: count,
  }),
  z.transform(({ sinceUnixNano, ...counts }) => ({ since: sinceUnixNano, ...counts })),
);
