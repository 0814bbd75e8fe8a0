import { attributeOf } from './attribute';
import type { SpanDetail } from './spanDetail';

/** Work that waited in a batch. Times are nanoseconds since the batch opened. */
export interface BatchMember {
  readonly traceId: string;
  readonly spanId: string;
  readonly arrived: number;
  readonly wait: number;
}

/** A batch as the span that took it on tells it: by its attributes, and a link to each member with the time that it waited. */
export interface Batch {
  readonly id: string;
  /** What closed it, as the sender says; empty when it does not. */
  readonly reason: string;
  /** From the first arrival, or from when the sender says that it opened, until it closed. */
  readonly open: number;
  /** In the order in which they arrived. */
  readonly members: readonly BatchMember[];
  /** As the sender says; else the members that are known. */
  readonly size: number;
}

const numberOf = (text: string | null): number => (text === null || text.trim() === '' ? Number.NaN : Number(text));
const momentOf = (text: string | null): number => (text === null ? Number.NaN : Date.parse(text));

/** Null for a span that tells of no batch. */
export function batchOf(detail: SpanDetail): Batch | null {
  const id = attributeOf(detail.attributes, 'batch.id');
  const waiting = detail.links.flatMap((link) => {
    const wait = numberOf(attributeOf(link.attributes, 'pipeline.wait_ms'));
    return Number.isFinite(wait) && wait >= 0 ? [{ traceId: link.traceId, spanId: link.spanId, wait: wait * 1e6 }] : [];
  });
  if (id === null || waiting.length === 0) return null;
  const longest = waiting.reduce((most, { wait }) => Math.max(most, wait), 0);
  const said = (momentOf(attributeOf(detail.attributes, 'batch.closed_at')) - momentOf(attributeOf(detail.attributes, 'batch.opened_at'))) * 1e6;
  const open = Number.isFinite(said) ? Math.max(said, longest) : longest;
  const size = numberOf(attributeOf(detail.attributes, 'batch.size'));
  return {
    id,
    reason: attributeOf(detail.attributes, 'batch.close_reason') ?? '',
    open,
    members: waiting.map((member) => ({ ...member, arrived: open - member.wait })).sort((a, b) => a.arrived - b.arrived || (a.traceId < b.traceId ? -1 : 1)),
    size: Number.isInteger(size) && size >= waiting.length ? size : waiting.length,
  };
}

const reasons: ReadonlyMap<string, string> = new Map([['window', 'its window was over'], ['full', 'it was full'], ['fast_path', 'it takes the fast path'], ['shutdown', 'the service stops']]);

/** `idle`: so long after the last arrival. */
export function closeWords(batch: Batch, duration: (nanos: number) => string): string {
  if (batch.reason === 'idle') return `idle, ${duration(batch.members.at(-1)?.wait ?? 0)} after the last arrival`;
  return batch.reason === '' ? 'not said' : (reasons.get(batch.reason) ?? batch.reason);
}
