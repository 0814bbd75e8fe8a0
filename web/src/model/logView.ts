import type { LogEntry } from './logs';
import { after, type UnixNano } from './nano';
import { durationOf, endOf, rowOfSpan, serviceOf, startOf, type Trace } from './trace';

/** Which entries a span's logs are: those of its trace while it ran, of the whole trace, or of its service around that time, of whatever trace. */
export const logViews = ['span', 'trace', 'service'] as const;
export type LogView = (typeof logViews)[number];
export const logViewNames: Readonly<Record<LogView, string>> = { span: 'While it ran', trace: 'Whole trace', service: 'Service' };

const [leastAround, mostAround] = [1e9, 60e9];

/** How far around a span its service is looked at: as long as the span took, between a second and a minute. */
export const aroundOf = (trace: Trace, row: number): number => Math.min(mostAround, Math.max(leastAround, durationOf(trace, row)));

export interface TimeSpan {
  readonly from: UnixNano;
  /** Not itself. */
  readonly to: UnixNano;
}

/** The time that a view of a span's logs is of, by the sender's clock where the picture has moved the span; null for all time. */
export function timeOf(trace: Trace, row: number, view: LogView): TimeSpan | null {
  if (view === 'trace') return null;
  const around = view === 'service' ? aroundOf(trace, row) : 0;
  const shift = trace.shifts?.[row] ?? 0;
  return { from: after(trace.start, startOf(trace, row) - shift - around), to: after(trace.start, endOf(trace, row) - shift + around + 1) };
}

/** The time of the whole trace. */
export const wholeTime = (trace: Trace): TimeSpan => ({ from: trace.start, to: after(trace.start, trace.total + 1) });

/** Where an entry lies in the trace's picture: nanoseconds from its start, moved with its span where a clock is off. */
export function offsetOf(trace: Trace, entry: LogEntry): number {
  const row = entry.spanId === null ? -1 : rowOfSpan(trace, entry.spanId);
  return Number(entry.at - trace.start) + (row < 0 ? 0 : (trace.shifts?.[row] ?? 0));
}

/** An entry on the timeline. */
export interface LogMark {
  readonly at: number;
  readonly entry: LogEntry;
}

/** The entries of a trace by the row that they are drawn on: their span's, and the first row for those that name no span of the trace. */
export function marksOf(trace: Trace, entries: readonly LogEntry[]): ReadonlyMap<number, readonly LogMark[]> {
  const rows = new Map<string, number>();
  trace.spans.spanId.forEach((id, row) => rows.set(id, row));
  const marks = new Map<number, LogMark[]>();
  for (const entry of entries) {
    const row = (entry.spanId === null ? undefined : rows.get(entry.spanId)) ?? 0;
    const mark = { at: Number(entry.at - trace.start) + (trace.shifts?.[row] ?? 0), entry };
    const known = marks.get(row);
    if (known === undefined) marks.set(row, [mark]);
    else known.push(mark);
  }
  return marks;
}

/** Services of the trace, for entries that only their service and time connect with it. */
export const servicesOf = (trace: Trace, row: number | null): readonly string[] => (row === null ? trace.services : [serviceOf(trace, row)]);
