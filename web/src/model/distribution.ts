import type { UnixNano } from './nano';
import type { Total } from './summary';

/** Traces by a length of time: step i holds lengths from `edges[i]` up to `edges[i + 1]`, nanoseconds. */
export interface Histogram {
  readonly edges: readonly number[];
  readonly traces: readonly number[];
}

/** One trace of a chart; `start` is in nanoseconds after the distribution's first moment. */
export interface ChartPoint {
  readonly traceId: string;
  readonly start: number;
  readonly duration: number;
  readonly errors: number;
}

export interface ChartCell {
  readonly column: number;
  readonly row: number;
  readonly traces: number;
  readonly errors: number;
}

/** All matches of a search, counted by time and duration. Lengths are nanoseconds. */
export interface Distribution {
  /** Where the first column begins. */
  readonly first: UnixNano;
  readonly columnLength: number;
  readonly total: Total;
  readonly errorTraces: Total;
  readonly quantiles: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly durationSum: number;
  readonly waitingSum: number;
  readonly traces: readonly number[];
  readonly errors: readonly number[];
  readonly rowEdges: readonly number[];
  readonly cells: readonly ChartCell[];
  readonly durations: Histogram;
  readonly waits: Histogram;
  /** Every match when they are few, newest first; else null. */
  readonly points: readonly ChartPoint[] | null;
  readonly truncated: string | null;
}

/** What part of the traces' time is waiting, 0 to 1; null when they take none. */
export const waitingShare = (distribution: Distribution): number | null => (distribution.durationSum <= 0 ? null : Math.min(1, distribution.waitingSum / distribution.durationSum));

/** `97 %`; what is not nothing is not written as 0, and what is not all is not written as 100. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0095) return '< 1 %';
  if (share < 1 && share >= 0.995) return '> 99 %';
  return `${(share * 100).toFixed(share > 0 && share < 0.0995 ? 1 : 0)} %`;
}
