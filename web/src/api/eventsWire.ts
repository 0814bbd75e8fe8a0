import * as z from 'zod/mini';
import { isRiskLevel, type RiskLevel } from '../model/events';
import { unixNano, type UnixNano } from '../model/nano';

/** `2026-11-22T12:00:00.1234567+00:00`: what a clock of 100 ns says; digits after milliseconds are read on their own. */
const moment = z.pipe(
  z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time')),
  z.transform((text: string): UnixNano => {
    const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
    const seconds = BigInt(Math.floor(Date.parse(text.replace(/\.\d+/, '')) / 1000));
    return unixNano(seconds * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0')));
  }),
);

export const event = z.pipe(
  z.object({
    id: z.number(),
    batchId: z.string(),
    cameraId: z.string(),
    cameraName: z.string(),
    startedAt: moment,
    endedAt: moment,
    closeReason: z.string(),
    riskScore: z.nullable(z.number()),
    riskLevel: z.string(),
    summary: z.string(),
    reasoning: z.string(),
    model: z.string(),
    fallback: z.boolean(),
    fallbackReason: z.nullable(z.string()),
    traceId: z.string(),
    images: z.array(z.pipe(z.object({ imageId: z.string(), receivedAt: moment, detections: z.string(), traceId: z.string() }), z.transform(({ receivedAt, ...rest }) => ({ ...rest, received: receivedAt })))),
  }),
  z.transform(({ startedAt, endedAt, riskLevel, fallback, fallbackReason, ...rest }) => ({
    ...rest,
    started: startedAt,
    ended: endedAt,
    riskLevel: isRiskLevel(riskLevel) ? riskLevel : ('unknown' as const),
    fallback: fallback ? (fallbackReason ?? 'no reason is given') : null,
  })),
);

export const eventPage = z.object({ events: z.array(event), next: z.nullable(z.number()) });

export const eventCounts = z.pipe(
  z.object({
    from: z.nullable(moment),
    to: z.nullable(moment),
    total: z.number(),
    levels: z.record(z.string(), z.array(z.number())),
    cameras: z.array(z.object({ id: z.string(), name: z.string(), events: z.number() })),
  }),
  z.transform(({ levels, ...rest }) => {
    const known = new Map<RiskLevel, readonly number[]>();
    for (const [name, counts] of Object.entries(levels)) {
      // Levels that are not known here count as not judged, as the events themselves do.
      const level = isRiskLevel(name) ? name : 'unknown';
      known.set(level, counts.map((count, step) => count + (known.get(level)?.[step] ?? 0)));
    }
    return { ...rest, levels: known };
  }),
);
