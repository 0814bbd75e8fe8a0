import type { Interval } from './trace';

/** The union of intervals as sorted ones that don't touch. Starts and ends are sorted apart, as plain numbers: which of them belong together does not matter. */
export function union(from: ArrayLike<number>, to: ArrayLike<number>): readonly Interval[] {
  const [starts, ends] = [Float64Array.from(from).sort(), Float64Array.from(to).sort()];
  const found: Interval[] = [];
  let first = 0;
  for (let i = 1; i <= starts.length; i++) {
    // All i intervals that began before this one have ended when the i-th end lies before its start.
    if (i < starts.length && (ends[i - 1] ?? 0) >= (starts[i] ?? 0)) continue;
    const piece = { from: starts[first] ?? 0, to: ends[i - 1] ?? 0 };
    if (piece.to > piece.from) found.push(piece);
    first = i;
  }
  return found;
}

export const unionOf = (...lists: readonly (readonly Interval[])[]): readonly Interval[] => {
  const all = lists.flat();
  return union(
    all.map((interval) => interval.from),
    all.map((interval) => interval.to),
  );
};

/** What of `a` is not in `b`; both sorted and apart, as `union` makes them. */
export function difference(a: readonly Interval[], b: readonly Interval[]): readonly Interval[] {
  const found: Interval[] = [];
  let next = 0;
  for (const { from, to } of a) {
    let at = from;
    while (next < b.length && (b[next]?.to ?? 0) <= from) next++;
    for (let i = next; i < b.length && (b[i]?.from ?? 0) < to; i++) {
      const cut = b[i] ?? { from: to, to };
      if (cut.from > at) found.push({ from: at, to: cut.from });
      at = Math.max(at, cut.to);
    }
    if (at < to) found.push({ from: at, to });
  }
  return found;
}

export const lengthOf = (intervals: readonly Interval[]): number => intervals.reduce((sum, interval) => sum + interval.to - interval.from, 0);

/** How much of `intervals` lies between two times. */
export const lengthWithin = (intervals: readonly Interval[], from: number, to: number): number =>
  intervals.reduce((sum, interval) => sum + Math.max(0, Math.min(to, interval.to) - Math.max(from, interval.from)), 0);
