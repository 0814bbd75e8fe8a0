import * as z from 'zod/mini';
import type { Forwarding } from '../model/settings';
import { count, time } from './wire';

const level = z.object({ level: z.number(), blocks: z.number(), spans: count, bytes: count });

/** A store beside the traces. */
const signal = z.pipe(
  z.object({
    name: z.string(),
    items: count,
    headItems: count,
    blocks: z.number(),
    blockBytes: count,
    logBytes: count,
    earliestUnixNano: z.nullable(time),
    latestUnixNano: z.nullable(time),
    retention: z.object({ droppedBlocks: count, droppedItems: count, droppedBytes: count }),
    problems: z.array(z.string()),
  }),
  z.transform(({ earliestUnixNano, latestUnixNano, ...wire }) => ({ ...wire, earliest: earliestUnixNano, latest: latestUnixNano })),
);

const forwarding = z.pipe(
  z.object({
    target: z.string(),
    protocol: z.string(),
    share: z.number(),
    delivered: z.object({ requests: count, items: count, bytes: count, lastUnixNano: z.nullable(time), signals: z.record(z.string(), count) }),
    queued: z.object({ items: count, bytes: count, maxBytes: count, oldestUnixNano: z.nullable(time) }),
    retries: count,
    lastError: z.nullable(z.string()),
    failingSinceUnixNano: z.nullable(time),
    nextAttemptUnixNano: z.nullable(time),
    lost: z.array(z.object({ reason: z.string(), items: count, lastMessage: z.string(), lastUnixNano: time })),
  }),
  z.transform(
    ({ delivered, queued, ...wire }): Forwarding => ({
      target: wire.target,
      protocol: wire.protocol,
      share: wire.share,
      sent: delivered.signals,
      sentRequests: delivered.requests,
      sentBytes: delivered.bytes,
      lastSent: delivered.lastUnixNano,
      queuedItems: queued.items,
      queuedBytes: queued.bytes,
      maxQueuedBytes: queued.maxBytes,
      oldest: queued.oldestUnixNano,
      retries: wire.retries,
      lastError: wire.lastError,
      failingSince: wire.failingSinceUnixNano,
      nextAttempt: wire.nextAttemptUnixNano,
      lost: wire.lost.map(({ lastUnixNano, ...loss }) => ({ ...loss, last: lastUnixNano })),
    }),
  ),
);

/** The whole of the status, for the screen that is about the server itself. */
export const wholeStatus = z.pipe(
  z.object({
    startedUnixNano: time,
    nowUnixNano: time,
    received: z.object({ requests: count, spans: count, lastUnixNano: z.nullable(time) }),
    refused: z.array(z.object({ signal: z.nullable(z.string()), reason: z.string(), count, lastMessage: z.nullable(z.string()), lastUnixNano: z.nullable(time) })),
    redactedAttributes: count,
    store: z.object({
      spans: count,
      traces: count,
      headSpans: count,
      blocks: z.number(),
      blockBytes: count,
      logBytes: count,
      earliestStartUnixNano: z.nullable(time),
      latestStartUnixNano: z.nullable(time),
      levels: z.array(level),
      compaction: z.object({ idle: z.boolean(), backlogBlocks: z.number(), backlogSpans: count, merges: count, mergedSpans: count }),
      retention: z.object({ hiddenBeforeUnixNano: time, pinnedTraces: z.number(), droppedBlocks: count, droppedTraces: count, droppedBytes: count }),
      problems: z.array(z.string()),
    }),
    signals: z.array(signal),
    forwarding: z.nullable(forwarding),
  }),
  z.transform(({ store, ...wire }) => ({
    started: wire.startedUnixNano,
    now: wire.nowUnixNano,
    requests: wire.received.requests,
    spans: wire.received.spans,
    lastReceived: wire.received.lastUnixNano,
    refused: wire.refused.map(({ signal, reason, count: times, lastMessage, lastUnixNano }) => ({ signal, reason, count: times, lastMessage, last: lastUnixNano })),
    redacted: wire.redactedAttributes,
    storedSpans: store.spans,
    storedTraces: store.traces,
    earliest: store.earliestStartUnixNano,
    latest: store.latestStartUnixNano,
    problems: store.problems,
    headSpans: store.headSpans,
    blocks: store.blocks,
    blockBytes: store.blockBytes,
    logBytes: store.logBytes,
    levels: store.levels,
    signals: wire.signals,
    forwarding: wire.forwarding,
    compaction: store.compaction,
    retention: {
      hiddenBefore: store.retention.hiddenBeforeUnixNano,
      pinnedTraces: store.retention.pinnedTraces,
      droppedBlocks: store.retention.droppedBlocks,
      droppedTraces: store.retention.droppedTraces,
      droppedBytes: store.retention.droppedBytes,
    },
  })),
);

export const settings = z.pipe(
  z.object({ settings: z.array(z.object({ option: z.string(), description: z.string(), value: z.nullable(z.string()), isDefault: z.boolean() })) }),
  z.transform((wire) => wire.settings),
);
