import type { DurationNano, UnixNano } from './nano';

export interface SpanName {
  readonly service: string;
  readonly name: string;
}

export interface ServiceShare {
  readonly name: string;
  readonly spans: number;
  readonly errors: number;
}

/** What the store says about a whole trace. Waiting and completeness come from here, never from the rows that happen to be loaded. */
export interface TraceSummary {
  readonly traceId: string;
  /** Null when no span of the trace is a root. */
  readonly root: SpanName | null;
  /** The earliest span. */
  readonly first: SpanName;
  readonly start: UnixNano;
  readonly duration: DurationNano;
  readonly waiting: DurationNano;
  readonly spans: number;
  readonly errors: number;
  readonly orphans: number;
  readonly errorType: string | null;
  readonly services: readonly ServiceShare[];
}

/** A number that may be a lower bound. */
export interface Total {
  readonly value: number;
  readonly exact: boolean;
}

export interface SearchPage {
  readonly traces: readonly TraceSummary[];
  readonly total: Total;
  readonly errorTraces: Total;
  readonly nextCursor: string | null;
  readonly truncated: string | null;
  readonly notes: readonly string[];
}

/** A trace to compare another with, and what its choice rests on. */
export interface TypicalTrace {
  readonly trace: TraceSummary | null;
  readonly among: Total;
  readonly sameServices: boolean;
  readonly median: DurationNano;
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
}

export interface ServiceCount {
  readonly name: string;
  readonly spans: bigint;
  readonly errors: bigint;
}

/** The name that stands for a trace: its root's, else its earliest span's. */
export const titleOf = (summary: TraceSummary): SpanName => summary.root ?? summary.first;
