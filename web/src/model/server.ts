import type { LaneThresholds } from './lanes';
import type { UnixNano } from './nano';

/** How the page traces itself. */
export interface PageTraces {
  /** Where on this server its spans go. */
  readonly path: string;
  /** The share of its traces that are recorded, above 0 and up to 1. */
  readonly rate: number;
}

export interface ServerConfig {
  readonly version: string;
  readonly grafanaUrl: string | null;
  readonly jaegerUrl: string | null;
  /** Where this server passes an events API on. */
  readonly eventsPath: string | null;
  /** Null when the page is not traced. */
  readonly pageTraces: PageTraces | null;
  readonly otlpHttp: string;
  readonly otlpGrpc: string;
  /** When lanes are called saturated or starved, by their kind: options of the server. */
  readonly lanes: LaneThresholds;
}

export interface Refusal {
  /** Whose requests were refused: traces, logs, metrics or profiles; null where that was not known. */
  readonly signal: string | null;
  readonly reason: string;
  readonly count: bigint;
  readonly lastMessage: string | null;
  readonly last: UnixNano | null;
}

/** What the server received, refused and stored since its start. */
export interface ServerStatus {
  readonly started: UnixNano;
  readonly now: UnixNano;
  readonly requests: bigint;
  readonly spans: bigint;
  readonly lastReceived: UnixNano | null;
  readonly refused: readonly Refusal[];
  readonly storedSpans: bigint;
  readonly storedTraces: bigint;
  readonly earliest: UnixNano | null;
  readonly latest: UnixNano | null;
  readonly problems: readonly string[];
}
