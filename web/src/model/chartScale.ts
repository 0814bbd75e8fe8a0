import { formatClock, formatCount, formatDay, formatMinute } from './format';
import { after, unixNano, unixNanoFromMillis, millisOf, type UnixNano } from './nano';

const second = 1e9;
/** Lengths of columns and distances of ticks that read well. */
const steps = [1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8, 2e8, 5e8, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800].map((step) => (step >= 1e6 ? step : step * second)).toSorted((a, b) => a - b);

/** The shortest step that reads well and cuts a length into at most so many parts. */
export function stepOf(length: number, most: number): number {
  const known = steps.find((step) => length / step <= most);
  if (known !== undefined) return known;
  const day = 86400 * second;
  return Math.ceil(length / most / day) * day;
}

export interface ChartAxis {
  readonly from: UnixNano;
  readonly to: UnixNano;
  readonly columns: number;
}

/** Columns of whole steps that cover a range, so that they stay where they are while the range moves. */
export function columnsOf(from: UnixNano, to: UnixNano, most: number): ChartAxis {
  const step = BigInt(stepOf(Number(to - from), most - 1));
  const first = (from / step) * step;
  const last = ((to + step - 1n) / step) * step;
  return { from: unixNano(first), to: unixNano(last >= 2n ** 64n ? 2n ** 64n - 1n : last), columns: Math.min(most, Math.max(1, Number((last - first) / step))) };
}

export interface TimeTick {
  /** Nanoseconds after the start of the axis. */
  readonly at: number;
  readonly text: string;
}

/** Ticks at round local times, at most one for each `room` pixels. */
export function timeTicks(from: UnixNano, length: number, width: number, room: number): readonly TimeTick[] {
  if (length <= 0 || width <= 0) return [];
  const step = stepOf(length, Math.max(1, Math.floor(width / room)));
  const zone = -new Date(millisOf(from)).getTimezoneOffset() * 60 * second;
  // Round in the reader's zone: the ticks of a six-hour step stand at midnight and noon.
  const local = (BigInt(from) + BigInt(zone)) % BigInt(step);
  const ticks: TimeTick[] = [];
  for (let at = (step - Number(local)) % step; at <= length; at += step) {
    const time = after(from, at);
    ticks.push({ at, text: step >= 86400 * second ? formatDay(time, unixNanoFromMillis(Date.now())) : step >= 60 * second ? formatMinute(time) : step >= second ? formatClock(time).slice(0, 8) : formatClock(time) });
  }
  return ticks;
}

/** A logarithmic scale of durations. */
export interface DurationScale {
  readonly shortest: number;
  readonly longest: number;
}

/** The lengths that stand at the axis; above a minute they follow the clock. */
const marks = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 6e10, 6e11, 3.6e12, 3.6e13, 8.64e13, 8.64e14, 8.64e15, 8.64e16, 8.64e17, 8.64e18];

/** From the mark below the shortest duration to a little above the longest; at least two marks apart. */
export function durationScale(shortest: number, longest: number): DurationScale {
  const low = Math.max(1, shortest);
  const from = marks.findLast((mark) => mark <= low) ?? 1;
  const next = marks[marks.indexOf(from) + 2] ?? longest;
  return { shortest: from, longest: Math.max(next, longest * 1.25) };
}

/** Where a duration stands: 0 at the foot, 1 at the top. */
export function heightOf(scale: DurationScale, duration: number): number {
  const at = Math.log(Math.max(duration, scale.shortest) / scale.shortest) / Math.log(scale.longest / scale.shortest);
  return Math.min(1, Math.max(0, at));
}

/** The duration at a height. */
export const durationAt = (scale: DurationScale, height: number): number => scale.shortest * (scale.longest / scale.shortest) ** Math.min(1, Math.max(0, height));

/** The marks of a scale, thinned until they are at least `room` pixels apart on an axis of this height. */
export function durationTicks(scale: DurationScale, height: number, room: number): readonly number[] {
  const ticks: number[] = [];
  let last = -Infinity;
  for (const mark of marks) {
    if (mark < scale.shortest || mark > scale.longest) continue;
    const at = heightOf(scale, mark) * height;
    if (at - last < room) continue;
    ticks.push(mark);
    last = at;
  }
  return ticks;
}

const units: readonly (readonly [size: number, unit: string])[] = [
  [8.64e13, 'd'],
  [3.6e12, 'h'],
  [6e10, 'min'],
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];
/** A mark as it stands at the axis: `100 ms`, `1 min`. */
export function markText(mark: number): string {
  const [size, unit] = units.find(([least]) => mark >= least) ?? [1, 'ns'];
  return `${Math.round(mark / size)} ${unit}`;
}

/** Of 11 px digits and letters. */
const characterWidth = 6.2;
/** The labels at the top and the foot of the strip, of the count that its highest column has. The unit stands at the foot, which is 0 in any case, where it has no room beside the count. */
export function rateLabels(most: number, columnLength: number, room: number): { readonly top: string; readonly foot: string } {
  if (most <= 0) return { top: '', foot: '0' };
  const unit = perColumn(columnLength);
  const fits = (text: string): boolean => text.length * characterWidth <= room;
  const count = formatCount(most);
  if (fits(count + unit)) return { top: count + unit, foot: '0' };
  return { top: fits(count) ? count : most >= 1e6 ? `${Math.round(most / 1e6)}M` : `${Math.round(most / 1e3)}k`, foot: unit !== '' && fits(unit) ? unit : '0' };
}

/** What a column's count is a rate of: `/min`, `/30 s`; nothing where the length is no round one. */
export function perColumn(columnLength: number): string {
  const text = units.find(([size]) => size >= 1e6 && columnLength >= size && columnLength % size === 0);
  if (text === undefined || columnLength / text[0] >= 1000) return '';
  const [size, unit] = text;
  return columnLength === size ? `/${unit}` : `/${columnLength / size} ${unit}`;
}
