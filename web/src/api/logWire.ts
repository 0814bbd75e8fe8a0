import * as z from 'zod/mini';
import { levels, type LogPage } from '../model/logs';
import { attributes, count, time, total, truncated } from './wire';

const origin = { schemaUrl: z.string(), droppedAttributes: z.number(), attributes };
const level = z.enum(levels);

export const logs = z.pipe(
  z.object({
    entries: z.array(
      z.object({
        atUnixNano: time,
        sequence: count,
        timeUnixNano: z.nullable(time),
        observedUnixNano: z.nullable(time),
        traceId: z.nullable(z.string()),
        spanId: z.nullable(z.string()),
        level,
        severityNumber: z.number(),
        severityText: z.string(),
        body: z.string(),
        bodyType: z.enum(['string', 'bool', 'int', 'double', 'bytes', 'array', 'kvlist', 'empty']),
        eventName: z.string(),
        flags: z.number(),
        droppedAttributes: z.number(),
        marks: z.array(z.string()),
        attributes,
        resource: z.number(),
        scope: z.number(),
      }),
    ),
    resources: z.array(z.object({ service: z.string(), ...origin })),
    scopes: z.array(z.object({ name: z.string(), version: z.string(), ...origin })),
    total,
    lastSequence: count,
    nextCursor: z.nullable(z.string()),
    truncated,
  }),
  z.transform((wire): LogPage => {
    const nobody = { service: 'unknown_service', schemaUrl: '', droppedAttributes: 0, attributes: [] };
    const nowhere = { name: '', version: '', schemaUrl: '', droppedAttributes: 0, attributes: [] };
    return {
      entries: wire.entries.map(({ atUnixNano, timeUnixNano, observedUnixNano, resource, scope, ...rest }) => ({
        ...rest,
        at: atUnixNano,
        time: timeUnixNano,
        observed: observedUnixNano,
        resource: wire.resources[resource] ?? nobody,
        scope: wire.scopes[scope] ?? nowhere,
      })),
      total: wire.total,
      lastSequence: wire.lastSequence,
      next: wire.nextCursor,
      truncated: wire.truncated,
    };
  }),
);

const counts = z.array(z.number());
export const logHistogram = z.pipe(
  z.object({
    fromUnixNano: time,
    stepNano: count,
    levels: z.object({ unset: counts, trace: counts, debug: counts, info: counts, warn: counts, error: counts, fatal: counts }),
    total,
    truncated,
  }),
  z.transform((wire) => ({ from: wire.fromUnixNano, step: wire.stepNano, counts: wire.levels, total: wire.total, truncated: wire.truncated })),
);

export const logValues = z.object({ key: z.string(), values: z.array(z.object({ value: z.string(), entries: z.number() })), distinct: total, truncated });

export const logKeys = z.pipe(z.object({ keys: z.array(z.object({ key: z.string(), scope: z.enum(['log', 'resource']), types: z.array(z.string()) })) }), z.transform((wire) => wire.keys));

/** What the server received and refused of logs since its start. */
export const logStatus = z.pipe(
  z.object({
    startedUnixNano: time,
    nowUnixNano: time,
    received: z.object({ signals: z.object({ logs: z.object({ requests: count, items: count, lastUnixNano: z.nullable(time) }) }) }),
    refused: z.array(z.object({ signal: z.nullable(z.string()), reason: z.string(), count, lastMessage: z.nullable(z.string()) })),
  }),
  z.transform(({ startedUnixNano, nowUnixNano, received, refused }) => ({
    started: startedUnixNano,
    now: nowUnixNano,
    requests: received.signals.logs.requests,
    entries: received.signals.logs.items,
    last: received.signals.logs.lastUnixNano,
    refused: refused.filter((refusal) => refusal.signal === 'logs').map(({ reason, count: times, lastMessage }) => ({ reason, count: times, lastMessage: lastMessage ?? '' })),
  })),
);
