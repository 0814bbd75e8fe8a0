import { formatClock, formatDay, formatDuration, formatMinute, needsDay } from './format';
import { unixNano, type UnixNano } from './nano';

/** What a reader marks on the chart: traces that start in [from, to), and, when it was drawn in the scatter, that last from `shortest` to `longest` nanoseconds. */
export interface Brush {
  readonly from: UnixNano;
  readonly to: UnixNano;
  readonly durations: { readonly shortest: bigint; readonly longest: bigint } | null;
}

const digits = /^(\d{1,20})-(\d{1,20})(?:-(\d{1,20})-(\d{1,20}))?$/;

/** Reads `FROM-TO` or `FROM-TO-SHORTEST-LONGEST`; null when it is neither. */
export function readBrush(text: string | null): Brush | null {
  const match = digits.exec(text ?? '');
  if (match === null) return null;
  const [from, to, shortest, longest] = match.slice(1).map((part) => (part === undefined ? null : BigInt(part)));
  const end = 2n ** 64n;
  if (from == null || to == null || from >= to || to >= end) return null;
  if (shortest == null || longest == null) return { from: unixNano(from), to: unixNano(to), durations: null };
  return shortest > longest || longest >= end ? null : { from: unixNano(from), to: unixNano(to), durations: { shortest, longest } };
}

export const writeBrush = (brush: Brush): string => [brush.from, brush.to, ...(brush.durations === null ? [] : [brush.durations.shortest, brush.durations.longest])].join('-');

/** The brush's durations as terms of a filter text, which hold with all others. */
export const brushTerms = (brush: Brush | null): string => (brush?.durations == null ? '' : `duration>=${brush.durations.shortest}ns duration<=${brush.durations.longest}ns`);

/** `18:22 – 18:36`; with seconds where the minutes would say too little, with days where they differ from today. */
export function brushTimes(brush: Pick<Brush, 'from' | 'to'>, now: UnixNano): string {
  const length = brush.to - brush.from;
  const clock = (time: UnixNano): string => (length < 2_000_000_000n ? formatClock(time) : length < 600_000_000_000n ? formatClock(time).slice(0, 8) : formatMinute(time));
  const day = (time: UnixNano): string => (needsDay(brush.from, now) ? `${formatDay(time, now)} ` : '');
  const [from, to] = [day(brush.from), day(brush.to)];
  return `${from}${clock(brush.from)} – ${to === from ? '' : to}${clock(brush.to)}`;
}

export const brushDurations = (brush: Brush): string => (brush.durations === null ? '' : `${formatDuration(Number(brush.durations.shortest))} – ${formatDuration(Number(brush.durations.longest))}`);
