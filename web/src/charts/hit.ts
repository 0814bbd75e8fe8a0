import { durationAt } from '../model/chartScale';
import { formatCount, formatDuration, plural } from '../model/format';
import type { Brush } from '../model/brush';
import { brushTimes } from '../model/brush';
import type { ChartPoint, Distribution } from '../model/distribution';
import { after, type UnixNano } from '../model/nano';
import { cellBox, inside, nanosAt, xOf, yOf, type Axis } from './paint';

/** What lies under the pointer. */
export type Hit =
  | { readonly kind: 'point'; readonly point: ChartPoint; readonly x: number; readonly y: number }
  | { readonly kind: 'cell'; readonly traces: number; readonly errors: number; readonly brush: Brush; readonly x: number; readonly y: number }
  | { readonly kind: 'column'; readonly column: number; readonly x: number };

/** How far from a dot the pointer may be. */
const reach = 9;

export function hitAt(distribution: Distribution, axis: Axis, x: number, y: number): Hit | null {
  const { frame } = axis;
  if (x < frame.left - reach || x > frame.right + reach) return null;
  if (y >= frame.stripTop - 4) {
    const column = columnAt(distribution, axis, x);
    return column === null ? null : { kind: 'column', column, x: xOf(axis, (column + 0.5) * distribution.columnLength) };
  }
  return distribution.points === null ? cellAt(distribution, axis, x, y) : pointAt(distribution.points, axis, x, y);
}

export function columnAt(distribution: Distribution, axis: Axis, x: number): number | null {
  const column = Math.floor(nanosAt(axis, inside(axis, x)) / distribution.columnLength);
  return distribution.traces.length === 0 ? null : Math.min(distribution.traces.length - 1, Math.max(0, column));
}

function pointAt(points: readonly ChartPoint[], axis: Axis, x: number, y: number): Hit | null {
  let best: Hit | null = null;
  let least = reach * reach;
  for (const point of points) {
    const [px, py] = [inside(axis, xOf(axis, point.start)), yOf(axis, point.duration)];
    const far = (px - x) ** 2 + (py - y) ** 2;
    if (far >= least) continue;
    least = far;
    best = { kind: 'point', point, x: px, y: py };
  }
  return best;
}

function cellAt(distribution: Distribution, axis: Axis, x: number, y: number): Hit | null {
  for (const cell of distribution.cells) {
    const box = cellBox(axis, distribution.rowEdges, distribution.columnLength, cell);
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
    const [shortest, longest] = [distribution.rowEdges[cell.row] ?? 0, distribution.rowEdges[cell.row + 1] ?? 0];
    const brush = { from: after(distribution.first, cell.column * distribution.columnLength), to: after(distribution.first, (cell.column + 1) * distribution.columnLength), durations: { shortest: whole(shortest), longest: whole(longest) - 1n } };
    return { kind: 'cell', traces: cell.traces, errors: cell.errors, brush, x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
  }
  return null;
}

/** The longest duration that a brush can name; the server's edge lies a little above it. */
const longestNano = 2 ** 63;
const whole = (nanos: number): bigint => BigInt(Math.round(Math.min(longestNano, nanos)));

/** What a drag from one place to another marks: time, and durations when both places are in the scatter. */
export function brushOf(distribution: Distribution, axis: Axis, from: { readonly x: number; readonly y: number }, to: { readonly x: number; readonly y: number }, withDurations: boolean): Brush {
  const { frame } = axis;
  const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)].map((x) => nanosAt(axis, inside(axis, x)));
  const start = after(distribution.first, left ?? 0);
  const end = after(distribution.first, Math.max((left ?? 0) + 1, right ?? 0));
  if (!withDurations) return { from: start, to: end, durations: null };
  const height = (y: number): number => (frame.bottom - y) / (frame.bottom - frame.top);
  const [low, high] = [Math.max(from.y, to.y), Math.min(from.y, to.y)];
  // The lowest place holds what is shorter than the axis too, the highest what is longer.
  const shortest = low >= frame.bottom ? 0n : whole(Math.floor(durationAt(axis.scale, height(low))));
  const longest = high <= frame.top ? whole(axis.scale.longest * 2) : whole(Math.ceil(durationAt(axis.scale, height(high))));
  return { from: start, to: end, durations: { shortest, longest } };
}

/** What the tooltip says, in lines. */
export function hitText(hit: Hit, distribution: Distribution, now: UnixNano, clock: (time: UnixNano) => string): readonly string[] {
  switch (hit.kind) {
    case 'point':
      return [`${clock(after(distribution.first, hit.point.start))} · ${formatDuration(hit.point.duration)}${hit.point.errors > 0 ? ` · ${plural(hit.point.errors, 'failed span')}` : ''}`, 'Click to open the trace'];
    case 'cell': {
      const { durations } = hit.brush;
      const lengths = durations === null ? '' : ` · ${formatDuration(Number(durations.shortest))} – ${formatDuration(Number(durations.longest))}`;
      return [`${brushTimes(hit.brush, now)}${lengths}`, `${countText(hit.traces, hit.errors)} · click to mark`];
    }
    case 'column':
      return columnText(distribution, hit.column, now);
  }
}

const countText = (traces: number, errors: number): string => `${plural(traces, 'trace')}${errors > 0 ? ` · ${formatCount(errors)} with errors` : ''}`;

export function columnText(distribution: Distribution, column: number, now: UnixNano): readonly string[] {
  const brush = columnBrush(distribution, column, column);
  return [brushTimes(brush, now), countText(distribution.traces[column] ?? 0, distribution.errors[column] ?? 0)];
}

/** The time of the columns from one to another. */
export const columnBrush = (distribution: Distribution, a: number, b: number): Brush => ({
  from: after(distribution.first, Math.min(a, b) * distribution.columnLength),
  to: after(distribution.first, (Math.max(a, b) + 1) * distribution.columnLength),
  durations: null,
});
