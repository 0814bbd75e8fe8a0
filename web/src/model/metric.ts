import type { UnixNano } from './nano';

export type MetricKind = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary';

/** One metric of a service. */
export interface Metric {
  readonly service: string;
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: MetricKind;
  readonly monotonic: boolean;
}

/** The points of one of its series: each value holds from `since` to `time`, or is of the moment `time` where `since` is null. */
export interface MetricSeries extends Metric {
  readonly attributes: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  readonly points: readonly MetricPoint[];
}

export interface MetricPoint {
  readonly time: UnixNano;
  readonly since: UnixNano | null;
  readonly value: number;
}
