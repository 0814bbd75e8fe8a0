import { linearAxis, type AxisSegment, type TimeAxis } from './axis';
import { difference, lengthOf, union, unionOf } from './intervals';
import type { Interval } from './trace';
import type { Viewport } from './viewport';

/*
 * The axis that folds waits. Three steps, each a pure function:
 *
 *   activityOf(columns)                             when a trace worked, when it waited, and when nothing is known
 *   findFolds([activity, ...])                      which stretches fold: once a trace (or once for all that share an axis), never while zooming
 *   foldedAxis({ folds, opened, total, width })     where times lie in pixels: x(time), time(x) and the segments; with a view it shows that part
 *
 * A list's shape folds what findFolds([activity]) says. A comparison gives both activities to findFolds and the longer total. No folds make a linear axis. Times are nanoseconds since the (common) start.
 */

/** A wait folds when it is longer than this, and than this share of the busy time. */
export const leastFold = 250e6;
export const leastFoldShare = 0.15;
export const mostFolds = 12;
/** Of the width, for all folds together: where it is narrow they shrink, so that work keeps the larger part. */
const mostFoldedShare = 0.5;
/** Of the width, for all opened folds together while the whole trace is shown. */
const mostOpenedShare = 0.5;
/** The least window, as `viewport.clamp` holds it. */
const leastView = 50;

/** What decides where an axis folds. Intervals are sorted and don't touch. */
export interface Activity {
  readonly total: number;
  /** Leaf spans, short pieces of a span's own time, and waits that are too short to fold. */
  readonly busy: readonly Interval[];
  /** Waits that have a kind. */
  readonly waits: readonly Interval[];
  /** Neither busy nor a known wait: it may be work that nothing reports, so it never folds. */
  readonly unexplained: readonly Interval[];
}

/** The columns that are needed of `SpanColumns`; `wait` is -1 for a span that is no wait. */
export interface ActivityColumns {
  readonly parent: ArrayLike<number>;
  readonly start: ArrayLike<number>;
  readonly duration: ArrayLike<number>;
  readonly wait: ArrayLike<number>;
}

interface Ends {
  readonly from: number[];
  readonly to: number[];
}

function add(ends: Ends, from: number, to: number): void {
  if (to <= from) return;
  ends.from.push(from);
  ends.to.push(to);
}

/** Needs rows in pre-order, siblings by start (see `arrange`). Linear, but for sorting plain numbers. */
export function activityOf({ parent, start, duration, wait }: ActivityColumns): Activity {
  const count = parent.length;
  const isWait = (row: number): boolean => (wait[row] ?? -1) >= 0;
  const startOf = (row: number): number => start[row] ?? 0;
  const endOf = (row: number): number => startOf(row) + (duration[row] ?? 0);
  // A span that has no children but waits works whenever it does not wait.
  const calls = new Uint8Array(count);
  for (let row = 0; row < count; row++) if (!isWait(row) && (parent[row] ?? -1) >= 0) calls[parent[row] ?? 0] = 1;
  const busyAt: Ends = { from: [], to: [] };
  const waitAt: Ends = { from: [], to: [] };
  const ownTime = (row: number, from: number, to: number): void => {
    if (!isWait(row) && (calls[row] === 0 || to - from <= leastFold)) add(busyAt, from, to);
  };
  const coveredTo = Float64Array.from({ length: count }, (_, row) => startOf(row));
  let total = 0;
  for (let row = 0; row < count; row++) {
    const [from, to] = [startOf(row), endOf(row)];
    total = Math.max(total, to);
    if (isWait(row)) {
      add(waitAt, from, to);
      if (to - from <= leastFold) add(busyAt, from, to);
    }
    const above = parent[row] ?? -1;
    if (above < 0) continue;
    ownTime(above, coveredTo[above] ?? 0, Math.min(from, endOf(above)));
    coveredTo[above] = Math.max(coveredTo[above] ?? 0, to);
  }
  for (let row = 0; row < count; row++) ownTime(row, coveredTo[row] ?? 0, endOf(row));
  const busy = union(busyAt.from, busyAt.to);
  const waits = union(waitAt.from, waitAt.to);
  return { total, busy, waits, unexplained: difference([{ from: 0, to: total }], unionOf(busy, waits)) };
}

/**
 * The stretches that fold on an axis that these share, sorted: some of them wait and none does anything else, for longer than 250 ms and
 * than 15 % of all busy time. At most twelve, the longest.
 */
export function findFolds(activities: readonly Activity[]): readonly Interval[] {
  const busy = unionOf(...activities.map((activity) => activity.busy));
  const least = Math.max(leastFold, lengthOf(busy) * leastFoldShare);
  const idle = difference(unionOf(...activities.map((activity) => activity.waits)), unionOf(busy, ...activities.map((activity) => activity.unexplained)));
  return idle
    .filter((gap) => gap.to - gap.from > least)
    .toSorted((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, mostFolds)
    .toSorted((a, b) => a.from - b.from);
}

/** How wide a fold is drawn: a longer wait looks longer (2 s: 69 px, 41 s: 90 px). */
export const foldWidth = (nanos: number): number => 16 * Math.log10(nanos / 1e6) + 16;

/** What an axis is made of; all but the view stays while the user zooms. */
export interface FoldedAxisParts {
  /** From `findFolds`. */
  readonly folds: readonly Interval[];
  /** Those of the folds that the user opened, by index. */
  readonly opened?: ReadonlySet<number>;
  readonly total: number;
  readonly width: number;
  /** The part that is shown; the whole when left out. */
  readonly view?: Viewport;
}

/** A stretch of time with its price in pixels: fixed for a fold, else by length (`weight` 1 for work, less for an opened fold). */
interface Piece extends Interval {
  readonly kind: AxisSegment['kind'];
  readonly fold: number;
  readonly fixed: number;
  readonly weight: number;
}

function piecesOf({ folds, opened, total, width }: FoldedAxisParts): readonly Piece[] {
  const isOpen = (index: number): boolean => opened?.has(index) ?? false;
  const sum = (of: (fold: Interval, index: number) => number): number => folds.reduce((all, fold, index) => all + of(fold, index), 0);
  const fixed = sum((fold, index) => (isOpen(index) ? 0 : foldWidth(fold.to - fold.from)));
  const shrink = Math.min(1, (width * mostFoldedShare) / Math.max(1e-9, fixed));
  const open = sum((fold, index) => (isOpen(index) ? fold.to - fold.from : 0));
  const work = total - sum((fold) => fold.to - fold.from);
  // Opened folds take the common scale, but no more than their share of the width: with weight w they get w * open / (w * open + work) of what folds leave.
  const share = Math.min(0.9, (mostOpenedShare * width) / Math.max(1e-9, width - fixed * shrink));
  const weight = open === 0 ? 1 : Math.min(1, (share * work) / ((1 - share) * open));
  const pieces: Piece[] = [];
  let at = 0;
  folds.forEach((fold, index) => {
    if (fold.from > at) pieces.push({ from: at, to: fold.from, kind: 'work', fold: -1, fixed: 0, weight: 1 });
    if (isOpen(index)) pieces.push({ ...fold, kind: 'opened', fold: index, fixed: 0, weight: Math.max(weight, 1e-6) });
    else pieces.push({ ...fold, kind: 'fold', fold: index, fixed: foldWidth(fold.to - fold.from) * shrink, weight: 0 });
    at = fold.to;
  });
  if (total > at || pieces.length === 0) pieces.push({ from: at, to: Math.max(total, at + 1), kind: 'work', fold: -1, fixed: 0, weight: 1 });
  return pieces;
}

/** Pixels from the trace's start at a scale, and back. Before the first piece and after the last, time goes on at the common scale. */
function measure(pieces: readonly Piece[], scale: number): { readonly at: readonly number[]; x(time: number): number; time(x: number): number } {
  const at = [0];
  for (const piece of pieces) at.push((at.at(-1) ?? 0) + piece.fixed + piece.weight * scale * (piece.to - piece.from));
  const last = pieces.length;
  const end = pieces.at(-1)?.to ?? 0;
  return {
    at,
    x: (time) => {
      if (time <= 0) return time * scale;
      let index = 0;
      while (index < last && time >= (pieces[index]?.to ?? 0)) index++;
      const piece = pieces[index];
      if (piece === undefined) return (at[last] ?? 0) + (time - end) * scale;
      const [x0, x1] = [at[index] ?? 0, at[index + 1] ?? 0];
      return x0 + ((x1 - x0) * (time - piece.from)) / (piece.to - piece.from);
    },
    time: (x) => {
      if (x <= 0) return x / scale;
      let index = 0;
      while (index < last && x >= (at[index + 1] ?? 0)) index++;
      const piece = pieces[index];
      if (piece === undefined) return end + (x - (at[last] ?? 0)) / scale;
      const [x0, x1] = [at[index] ?? 0, at[index + 1] ?? 0];
      return piece.from + ((piece.to - piece.from) * (x - x0)) / (x1 - x0);
    },
  };
}

const within = (view: Viewport, piece: Interval): number => Math.max(0, Math.min(view.to, piece.to) - Math.max(view.from, piece.from));

/** Pixels a nanosecond of work at which the view fills the width; null when nothing but folds is in view. */
function scaleOf(pieces: readonly Piece[], view: Viewport, width: number): number | null {
  let [fixed, weighted] = [0, 0];
  for (const piece of pieces) {
    const seen = within(view, piece);
    fixed += (piece.fixed * seen) / (piece.to - piece.from);
    weighted += piece.weight * seen;
  }
  return weighted < 1 || width - fixed < 1 ? null : (width - fixed) / weighted;
}

const viewOf = ({ view, total }: FoldedAxisParts): Viewport => view ?? { from: 0, to: Math.max(1, total) };

/**
 * One scale for all work, fixed widths for folds; it rises with time everywhere. Folds keep their width when the view changes; one that the view cuts
 * shows the part that is in view. A view that holds nothing but a fold is linear: whoever asks for it wants to see into it.
 */
export function foldedAxis(parts: FoldedAxisParts): TimeAxis {
  const [view, { width }] = [viewOf(parts), parts];
  if (parts.folds.length === 0 || width <= 0) return linearAxis(view.from, view.to, width);
  const pieces = piecesOf(parts);
  const scale = scaleOf(pieces, view, width);
  if (scale === null) return linearAxis(view.from, view.to, width);
  const { at, x, time } = measure(pieces, scale);
  const origin = x(view.from);
  const segments = pieces.flatMap((piece, index): readonly AxisSegment[] =>
    within(view, piece) <= 0
      ? []
      : [
          {
            from: Math.max(view.from, piece.from),
            to: Math.min(view.to, piece.to),
            x0: Math.max(0, (at[index] ?? 0) - origin),
            x1: Math.min(width, (at[index + 1] ?? 0) - origin),
            kind: piece.kind,
            fold: piece.fold,
          },
        ],
  );
  return { width, from: view.from, to: view.to, segments, perPixel: 1 / scale, x: (t) => x(t) - origin, time: (px) => time(px + origin) };
}

/** The stretches between folds, which keys and double clicks fit; the whole when nothing folds. */
export function workSegments({ folds, total }: Pick<FoldedAxisParts, 'folds' | 'total'>): readonly Interval[] {
  return difference([{ from: 0, to: Math.max(1, total) }], folds).filter((segment) => segment.to - segment.from >= leastView);
}

/** The view in which the time `at` lies at pixel `x` on an axis of that scale, held inside the trace. */
function placed(parts: FoldedAxisParts, scale: number, at: number, x: number): Viewport {
  const line = measure(piecesOf(parts), scale);
  const total = Math.max(1, parts.total);
  const whole = line.x(total);
  if (whole <= parts.width) return { from: 0, to: total };
  const origin = Math.min(Math.max(0, line.x(at) - x), whole - parts.width);
  const [from, to] = [Math.max(0, line.time(origin)), Math.min(total, line.time(origin + parts.width))];
  return to - from >= leastView ? { from, to } : viewOf(parts);
}

/** Shows less (a factor below 1) or more; the time at pixel `x` stays there. In a fold the nearer edge stays. Folds keep their widths. */
export function zoomFolded(parts: FoldedAxisParts, factor: number, x: number): Viewport {
  const axis = foldedAxis(parts);
  const inside = axis.segments.find((segment) => segment.kind === 'fold' && x > segment.x0 && x < segment.x1);
  const at = inside === undefined ? axis.time(x) : x - inside.x0 < inside.x1 - x ? inside.from : inside.to;
  const scale = 1 / (axis.perPixel * factor);
  // A linear look into a fold has no piece of work to measure by.
  if (axis.segments.length === 1 && axis.segments[0]?.kind === 'work' && parts.folds.some((fold) => fold.from <= axis.from && fold.to >= axis.to)) {
    const [from, to] = [Math.max(0, at - (at - axis.from) * factor), Math.min(parts.total, at + (axis.to - at) * factor)];
    return to - from >= leastView ? { from, to } : viewOf(parts);
  }
  return placed(parts, scale, at, axis.x(at));
}

/** Moves along by pixels (to the right: later). */
export function panFolded(parts: FoldedAxisParts, pixels: number): Viewport {
  const axis = foldedAxis(parts);
  if (parts.folds.some((fold) => fold.from <= axis.from && fold.to >= axis.to)) {
    const by = Math.min(Math.max(pixels * axis.perPixel, -axis.from), parts.total - axis.to);
    return { from: axis.from + by, to: axis.to + by };
  }
  return placed(parts, 1 / axis.perPixel, axis.from, -pixels);
}

/** What lies between two times: work, and what is folded away (`312 ms of work + 41.2 s folded`). */
export function workAndFolded(axis: TimeAxis, from: number, to: number): { readonly work: number; readonly folded: number } {
  let folded = 0;
  for (const segment of axis.segments) if (segment.kind === 'fold') folded += within({ from, to }, segment);
  return { work: Math.max(0, to - from - folded), folded };
}
