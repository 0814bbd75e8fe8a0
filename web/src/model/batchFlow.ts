import type { EventImage, SecurityEvent } from './events';
import { formatDuration, plural } from './format';
import { shareOf } from './events';

/** An image on its way into an event: it came, waited until its batch was closed, and was judged with the others. */
export interface FlowMember {
  readonly image: EventImage;
  /** Nanoseconds from its arrival until the batch closed; never negative, whatever the clocks say. */
  readonly waited: number;
  /** Where it came, as a share of the time that the batch was open. */
  readonly at: number;
  /** Its trace holds the analysis of all. */
  readonly carries: boolean;
}

export interface BatchFlow {
  readonly members: readonly FlowMember[];
  /** Traces that the batch joins. */
  readonly traces: number;
  /** Nanoseconds that the batch was open. */
  readonly open: number;
  readonly sentence: string;
}

const reasons: ReadonlyMap<string, string> = new Map([['window', 'its window was over'], ['idle', 'no more came'], ['full', 'it was full'], ['fast_path', 'one could not wait']]);

/** What the batch of an event joins, in the order of arrival. */
export function batchFlow(event: SecurityEvent): BatchFlow {
  const open = Number(event.ended > event.started ? event.ended - event.started : 0n);
  const members = event.images
    .map((image): FlowMember => ({ image, waited: Number(event.ended > image.received ? event.ended - image.received : 0n), at: shareOf(image.received, event.started, event.ended), carries: image.traceId !== '' && image.traceId === event.traceId }))
    .toSorted((a, b) => (a.image.received < b.image.received ? -1 : a.image.received > b.image.received ? 1 : 0));
  const traces = new Set(members.map(({ image }) => image.traceId).filter((id) => id !== '')).size;
  const longest = members.reduce((most, member) => Math.max(most, member.waited), 0);
  const why = reasons.get(event.closeReason) ?? event.closeReason;
  const closed = why === '' ? '' : ` because ${why}`;
  const sentence =
    members.length === 0
      ? 'The backend names no image of it.'
      : members.length === 1
        ? `One image was judged by itself. It waited ${formatDuration(longest)}; its batch was closed${closed}.`
        : `${plural(members.length, 'image')} of ${plural(traces, 'trace')} were judged together. The first waited ${formatDuration(longest)}; the batch was closed${closed}.`;
  return { members, traces, open, sentence };
}
