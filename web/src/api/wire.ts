import * as z from 'zod/mini';
import type { Attribute, AttributeValue } from '../model/attribute';
import type { ServerHealth } from '../model/health';
import { durationNano, unixNano, type DurationNano, type UnixNano } from '../model/nano';

const decimal = z.string().check(z.regex(/^\d{1,20}$/, 'expected a decimal number as text'));
export const count = z.pipe(decimal, z.transform((text: string): bigint => BigInt(text)));
const inRange = decimal.check(z.refine((text) => !/^\d{1,20}$/.test(text) || BigInt(text) < 2n ** 64n, 'expected fewer than 2^64 nanoseconds'));
export const time = z.pipe(inRange, z.transform((text: string): UnixNano => unixNano(BigInt(text))));
export const duration = z.pipe(decimal, z.transform((text: string): DurationNano => durationNano(BigInt(text))));

const spanName = z.object({ service: z.string(), name: z.string() });
export const total = z.pipe(
  z.object({ value: z.number(), relation: z.enum(['exact', 'atLeast']) }),
  z.transform(({ value, relation }) => ({ value, exact: relation === 'exact' })),
);

export const summary = z.pipe(
  z.object({
    traceId: z.string(),
    root: z.nullable(spanName),
    first: spanName,
    startUnixNano: time,
    durationNano: duration,
    waitingNano: duration,
    spans: z.number(),
    errors: z.number(),
    orphans: z.number(),
    errorType: z.nullable(z.string()),
    services: z.array(z.object({ name: z.string(), spans: z.number(), errors: z.number() })),
  }),
  z.transform(({ startUnixNano, durationNano: length, waitingNano, ...rest }) => ({ ...rest, start: startUnixNano, duration: length, waiting: waitingNano })),
);

/** The reason why an answer is not whole, in words. */
export const truncated = z.pipe(
  z.nullable(z.object({ reason: z.string(), message: z.string() })),
  z.transform((wire) => wire?.message ?? null),
);

export const search = z.object({
  traces: z.array(summary),
  total,
  errorTraces: total,
  nextCursor: z.nullable(z.string()),
  truncated,
  notes: z.array(z.string()),
});
export const typical = z.pipe(
  z.object({ typical: z.nullable(summary), among: total, sameServices: z.boolean(), medianNano: duration, fromUnixNano: z.nullable(time), toUnixNano: z.nullable(time) }),
  z.transform((wire) => ({ trace: wire.typical, among: wire.among, sameServices: wire.sameServices, median: wire.medianNano, from: wire.fromUnixNano, to: wire.toUnixNano })),
);

const threshold = z.object({ saturated: z.nullable(z.number()), starved: z.nullable(z.number()) });

export const config = z.pipe(
  z.object({ version: z.string(), grafana_url: z.nullable(z.string()), jaeger_url: z.nullable(z.string()), events_path: z.nullable(z.string()), page_traces: z.nullable(z.object({ path: z.string(), rate: z.number() })), otlp: z.object({ http: z.string(), grpc: z.string() }), lanes: z.record(z.string(), threshold) }),
  z.transform((wire) => ({ lanes: wire.lanes, version: wire.version, grafanaUrl: wire.grafana_url, jaegerUrl: wire.jaeger_url, eventsPath: wire.events_path, pageTraces: wire.page_traces, otlpHttp: wire.otlp.http, otlpGrpc: wire.otlp.grpc })),
);

/** Of the status what every screen shows: what keeps the server from its work. */
export const health = z.pipe(
  z.object({
    nowUnixNano: time,
    store: z.object({ problems: z.array(z.string()) }),
    signals: z.array(z.object({ problems: z.array(z.string()) })),
    forwarding: z.nullable(z.object({ target: z.string(), lastError: z.nullable(z.string()), failingSinceUnixNano: z.nullable(time) })),
    health: z.object({
      readOnly: z.nullable(z.object({ reason: z.string(), message: z.string(), sinceUnixNano: time })),
      memory: z.object({ bytes: count, maxBytes: count, isFull: z.boolean() }),
    }),
  }),
  z.transform(
    (wire): ServerHealth => ({
      now: wire.nowUnixNano,
      readOnly: wire.health.readOnly === null ? null : { reason: wire.health.readOnly.reason, message: wire.health.readOnly.message, since: wire.health.readOnly.sinceUnixNano },
      memory: wire.health.memory,
      problems: [...wire.store.problems, ...wire.signals.flatMap((signal) => signal.problems)],
      forwarding: wire.forwarding === null || wire.forwarding.lastError === null ? null : { target: wire.forwarding.target, error: wire.forwarding.lastError, since: wire.forwarding.failingSinceUnixNano ?? wire.nowUnixNano },
    }),
  ),
);

export const status = z.pipe(
  z.object({
    startedUnixNano: time,
    nowUnixNano: time,
    received: z.object({ requests: count, spans: count, lastUnixNano: z.nullable(time) }),
    refused: z.array(z.object({ signal: z.nullable(z.string()), reason: z.string(), count, lastMessage: z.nullable(z.string()), lastUnixNano: z.nullable(time) })),
    store: z.object({ spans: count, traces: count, earliestStartUnixNano: z.nullable(time), latestStartUnixNano: z.nullable(time), problems: z.array(z.string()) }),
  }),
  z.transform((wire) => ({
    started: wire.startedUnixNano,
    now: wire.nowUnixNano,
    requests: wire.received.requests,
    spans: wire.received.spans,
    lastReceived: wire.received.lastUnixNano,
    refused: wire.refused.map(({ signal, reason, count: times, lastMessage, lastUnixNano }) => ({ signal, reason, count: times, lastMessage, last: lastUnixNano })),
    storedSpans: wire.store.spans,
    storedTraces: wire.store.traces,
    earliest: wire.store.earliestStartUnixNano,
    latest: wire.store.latestStartUnixNano,
    problems: wire.store.problems,
  })),
);

export const services = z.pipe(
  z.object({ services: z.array(z.object({ name: z.string(), spans: count, errors: count })) }),
  z.transform((wire) => wire.services),
);

const value: z.ZodMiniType<AttributeValue> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('string'), value: z.string() }),
    z.object({ type: z.literal('bool'), value: z.boolean() }),
    z.object({ type: z.literal('int'), value: z.string() }),
    z.object({ type: z.literal('double'), value: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]) }),
    z.object({ type: z.literal('bytes'), value: z.string() }),
    z.object({ type: z.literal('array'), value: z.array(value) }),
    z.object({ type: z.literal('kvlist'), value: z.array(attribute) }),
    z.object({ type: z.literal('empty'), value: z.null() }),
  ]),
);
const attribute: z.ZodMiniType<Attribute> = z.lazy(() => z.intersection(z.object({ key: z.string() }), value));
export const attributes = z.array(attribute);

const origin = { attributes, droppedAttributes: z.number(), schemaUrl: z.string() };
const event = z.pipe(
  z.object({ timeUnixNano: time, name: z.string(), attributes, droppedAttributes: z.number() }),
  z.transform(({ timeUnixNano, ...rest }) => ({ ...rest, time: timeUnixNano })),
);

export const spanDetails = z.pipe(
  z.object({
    spans: z.array(
      z.pipe(
        z.object({
          traceId: z.string(),
          spanId: z.string(),
          parentSpanId: z.nullable(z.string()),
          traceState: z.string(),
          flags: z.number(),
          name: z.string(),
          kind: z.string(),
          startUnixNano: time,
          endUnixNano: time,
          durationNano: duration,
          status: z.object({ code: z.string(), message: z.string() }),
          service: z.string(),
          attributes,
          droppedAttributes: z.number(),
          events: z.array(event),
          droppedEvents: z.number(),
          links: z.array(z.object({ traceId: z.string(), spanId: z.string(), traceState: z.string(), attributes })),
          droppedLinks: z.number(),
          resource: z.object(origin),
          scope: z.object({ name: z.string(), version: z.string(), ...origin }),
          warnings: z.array(z.object({ code: z.string(), message: z.string() })),
        }),
        z.transform(({ startUnixNano, endUnixNano, durationNano: length, ...rest }) => ({ ...rest, start: startUnixNano, end: endUnixNano, duration: length })),
      ),
    ),
  }),
  z.transform((wire) => wire.spans),
);

export const linkedFrom = z.pipe(
  z.object({
    links: z.array(
      z.pipe(
        z.object({ traceId: z.string(), spanId: z.string(), service: z.string(), name: z.string(), startUnixNano: time, toSpanId: z.string() }),
        z.transform(({ startUnixNano, ...rest }) => ({ ...rest, start: startUnixNano })),
      ),
    ),
    traces: total,
    truncated: z.nullable(z.object({ reason: z.string(), message: z.string() })),
  }),
  z.transform(({ truncated, ...rest }) => ({ ...rest, truncated: truncated === null ? null : truncated.message })),
);
