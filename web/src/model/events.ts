import { unixNano, type UnixNano } from './nano';

/** How bad an event was judged to be, the worst first; `unknown` when nobody judged it. */
export const riskLevels = ['critical', 'high', 'medium', 'low', 'unknown'] as const;
export type RiskLevel = (typeof riskLevels)[number];
export const isRiskLevel = (text: string): text is RiskLevel => riskLevels.some((level) => level === text);

export interface EventImage {
  readonly imageId: string;
  readonly received: UnixNano;
  /** The classes that were found, separated by commas. */
  readonly detections: string;
  /** The trace in which it went through the pipeline; empty in old events. */
  readonly traceId: string;
}

/** A security event as the pipeline's backend tells it. */
export interface SecurityEvent {
  readonly id: number;
  readonly batchId: string;
  readonly cameraId: string;
  readonly cameraName: string;
  readonly started: UnixNano;
  readonly ended: UnixNano;
  readonly closeReason: string;
  readonly riskScore: number | null;
  readonly riskLevel: RiskLevel;
  readonly summary: string;
  readonly reasoning: string;
  readonly model: string;
  /** Why nobody judged it; null when it was judged. */
  readonly fallback: string | null;
  /** The trace that holds the analysis. */
  readonly traceId: string;
  readonly images: readonly EventImage[];
}

export interface EventPage {
  readonly events: readonly SecurityEvent[];
  /** The id that the next page ends before; null on the last. */
  readonly next: number | null;
}

/** An event as far as spans tell it: that a trace has one, and how it was judged. */
export interface TracedEvent {
  readonly traceId: string;
  readonly start: UnixNano;
  readonly riskLevel: RiskLevel;
  readonly operation: string;
}

export interface TracedEvents {
  readonly events: readonly TracedEvent[];
  /** How many there are of each level; more than are listed, perhaps. */
  readonly total: number;
}

/** Where something of a time lies between two others, from 0 to 1. */
export const shareOf = (time: UnixNano, from: UnixNano, to: UnixNano): number => (to <= from ? 0 : Math.min(1, Math.max(0, Number(time - from) / Number(to - from))));

/**
 * The ends of a picture of what has these times: those of the range, and of an open end the first or last of the times. A range that begins somewhere and has
 * no end goes on until now; one that is open at both ends is of all that is there, and the time since would only push it together.
 */
export function pictureEnds(times: readonly UnixNano[], from: UnixNano | null, to: UnixNano | null, now: UnixNano): { readonly from: UnixNano; readonly to: UnixNano } {
  const until = to ?? (from === null ? times[0] : undefined) ?? now;
  const first = times.reduce((least, time) => (time < least ? time : least), until);
  const last = times.reduce((most, time) => (time > most ? time : most), until);
  return { from: from ?? first, to: last };
}

/** The event that a trace is part of: it holds the analysis, or went through the pipeline with one of the images. */
export const eventOf = (events: readonly SecurityEvent[], traceId: string): SecurityEvent | undefined =>
  events.find((event) => event.traceId === traceId) ?? events.find((event) => event.images.some((image) => image.traceId === traceId));

/** The traces of an event, each once, that of the analysis first. */
export const tracesOf = (event: SecurityEvent): readonly string[] => [...new Set([event.traceId, ...event.images.map((image) => image.traceId)])].filter((id) => id !== '');

/** How many events of each level began in each of some steps of equal length, from the first moment to the last. */
export interface EventCounts {
  /** Null when there is no event and no end was given. */
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
  readonly total: number;
  /** Levels without an event are left out. */
  readonly levels: ReadonlyMap<RiskLevel, readonly number[]>;
  readonly cameras: readonly EventCamera[];
}

export interface EventCamera {
  readonly id: string;
  readonly name: string;
  readonly events: number;
}

/** Events over time, ready to be drawn. */
export interface EventColumns {
  readonly from: UnixNano;
  readonly to: UnixNano;
  readonly steps: number;
  /** Of the step and level with the most events. */
  readonly most: number;
  readonly lanes: readonly { readonly level: RiskLevel; readonly total: number; readonly counts: readonly number[] }[];
}

/** Null where there is nothing to draw. */
export function eventColumns({ from, to, levels }: EventCounts): EventColumns | null {
  const steps = Math.max(0, ...[...levels.values()].map((counts) => counts.length));
  if (from === null || to === null || from >= to || steps === 0) return null;
  const lanes = riskLevels.map((level) => {
    const counts = levels.get(level) ?? [];
    return { level, counts, total: counts.reduce((sum, count) => sum + count, 0) };
  });
  return { from, to, steps, most: Math.max(1, ...lanes.flatMap(({ counts }) => counts)), lanes };
}

/** The time from the beginning of one step to the end of another. */
export function stepsTime({ from, to, steps }: EventColumns, first: number, last: number): { readonly from: UnixNano; readonly to: UnixNano } {
  const at = (step: number): UnixNano => unixNano(from + ((to - from) * BigInt(step)) / BigInt(steps));
  return { from: at(Math.min(first, last)), to: at(Math.max(first, last) + 1) };
}
