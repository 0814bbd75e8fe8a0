import type { Trace } from './trace';

/** A trace's length, told apart by who it was spent on: every instant counts once, so that all of it adds up to the whole. */
export interface WallTime {
  /** Nanoseconds a row. */
  readonly rows: Float64Array;
  /** What no span on the way accounts for. */
  readonly between: number;
}

const childrenByEnd = (trace: Trace, row: number): readonly number[] => {
  const rows: number[] = [];
  const { end, count, lastEnd } = trace.tree;
  for (let child = row + 1, last = row < 0 ? count : (end[row] ?? row + 1); child < last; child = end[child] ?? child + 1) rows.push(child);
  return rows.sort((x, y) => (lastEnd[y] ?? 0) - (lastEnd[x] ?? 0) || y - x);
};

/**
 * Walks back from the end: what ended last was waited for, before it what ended last before its start, and so on; what is between the children is the
 * parent's own time as far as the parent lasted. Each window is handed on once and never overlaps another, whatever the times of the spans are.
 */
export function wallTimeOf(trace: Trace): WallTime {
  const { start, duration } = trace.spans;
  const { lastEnd, count } = trace.tree;
  const rows = new Float64Array(count);
  let between = 0;
  const give = (row: number, from: number, to: number): void => {
    if (to <= from) return;
    const own = row < 0 ? 0 : Math.max(0, Math.min(to, (start[row] ?? 0) + (duration[row] ?? 0)) - Math.max(from, start[row] ?? 0));
    if (row >= 0) rows[row] = (rows[row] ?? 0) + own;
    between += to - from - own;
  };
  const windows: { readonly row: number; readonly from: number; readonly to: number }[] = [{ row: -1, from: 0, to: trace.total }];
  for (let window = windows.pop(); window !== undefined; window = windows.pop()) {
    let at = window.to;
    for (const child of childrenByEnd(trace, window.row)) {
      if (at <= window.from) break;
      const [from, to] = [Math.max(window.from, start[child] ?? 0), Math.min(at, lastEnd[child] ?? 0)];
      if (to <= from) continue;
      give(window.row, to, at);
      windows.push({ row: child, from, to });
      at = from;
    }
    give(window.row, window.from, at);
  }
  return { rows, between };
}
