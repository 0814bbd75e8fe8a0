import type { SpanTree } from './spanTree';
import type { Trace } from './trace';

/** The spans that decided how long the trace took, found from its end backwards; pieces by start, none overlaps another. */
export interface CriticalPath {
  readonly row: Int32Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** 1 for a row that has a piece, or one below it has. */
  readonly on: Uint8Array;
  /** The pieces in order of rows: piece `byRow[i]` for i from `first[row]` to `first[row + 1]`. A subtree's pieces are one stretch. */
  readonly byRow: Int32Array;
  readonly first: Int32Array;
}

interface Frame {
  readonly row: number;
  /** Nothing before this counts: the parent had not begun, or an earlier piece ends here. */
  readonly floor: number;
  /** What is not explained yet ends here. */
  at: number;
  /** Rows and ends of what it called, the last end first. A child is there twice when its own children outlive it. */
  readonly calls: readonly (readonly [row: number, end: number])[];
  next: number;
}

const none = -1;
/** Clocks of two hosts differ: what runs past the moment by less than this share of its length is taken to have ended then. */
const mostSkew = 0.1;

/** Who called what, by first child and next sibling; `below` is what nothing that ran then called. */
interface Callers {
  readonly below: number;
  readonly child: Int32Array;
  readonly sibling: Int32Array;
  /** When the last of what a span called, and what that called, ended: without a gap from its start. */
  readonly last: Float64Array;
}

/** So many ancestors are looked through for one that ran. */
const mostSteps = 1000;

/**
 * What began before its parent did, or after it had ended, was not waited for by it: it counts to the nearest ancestor that ran when it began, or to none. So everything that
 * a span called, with what that called, is one stretch of time.
 */
function callersOf({ spans, tree }: Trace): Callers {
  const { count } = tree;
  const caller = new Int32Array(count).fill(none);
  const ends = spans.start.map((start, row) => start + (spans.duration[row] ?? 0));
  for (let row = 0; row < count; row++) {
    const start = spans.start[row] ?? 0;
    let above = spans.parent[row] ?? none;
    for (let steps = 0; above >= 0 && ((spans.start[above] ?? 0) > start || (ends[above] ?? 0) < start); steps++) above = steps < mostSteps ? (caller[above] ?? none) : none;
    caller[row] = Math.max(none, above);
  }
  const [child, sibling, last] = [new Int32Array(count).fill(none), new Int32Array(count).fill(none), ends.slice()];
  let below = none;
  for (let row = count - 1; row >= 0; row--) {
    const above = caller[row] ?? none;
    sibling[row] = above < 0 ? below : (child[above] ?? none);
    if (above < 0) below = row;
    else {
      child[above] = row;
      last[above] = Math.max(last[above] ?? 0, last[row] ?? 0);
    }
  }
  return { below, child, sibling, last };
}

function callsOf({ spans }: Trace, callers: Callers, row: number): readonly (readonly [number, number])[] {
  const calls: (readonly [number, number])[] = [];
  for (let child = row === none ? callers.below : (callers.child[row] ?? none); child >= 0; child = callers.sibling[child] ?? none) {
    const [start, last] = [spans.start[child] ?? 0, callers.last[child] ?? 0];
    const own = start + (spans.duration[child] ?? 0);
    if (last > start) calls.push([child, last]);
    if (own < last && own > start) calls.push([child, own]);
  }
  return calls.sort((a, b) => b[1] - a[1]);
}

/**
 * From the last end backwards: what ended last before the moment that is not explained yet is what it waited for; between such children the span itself
 * worked. A child that runs on past that moment, by more than clocks may differ, held nothing up, unless the span itself had ended. Every moment in which any span
 * runs has its piece, and time that no span covers has none.
 */
export function criticalPath(trace: Trace): CriticalPath {
  const { spans, tree } = trace;
  const [rows, from, to]: [number[], number[], number[]] = [[], [], []];
  const callers = callersOf(trace);
  const endOf = (row: number): number => (spans.start[row] ?? 0) + (spans.duration[row] ?? 0);
  const own = (row: number, begin: number, until: number): void => {
    const end = row === none ? begin : Math.min(until, endOf(row));
    if (end <= begin) return;
    rows.push(row);
    from.push(begin);
    to.push(end);
  };
  const stack: Frame[] = [{ row: none, floor: 0, at: trace.total, calls: callsOf(trace, callers, none), next: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const call = frame.calls[frame.next++];
    if (call === undefined || frame.at <= frame.floor) {
      own(frame.row, frame.floor, frame.at);
      stack.pop();
      continue;
    }
    const [row, last] = call;
    const past = last - frame.at;
    const runs = frame.row !== none && frame.at <= endOf(frame.row);
    if (runs && past > Math.max(0, (last - (spans.start[row] ?? 0)) * mostSkew)) continue;
    const end = Math.min(last, frame.at);
    if (end <= Math.max(frame.floor, spans.start[row] ?? 0)) continue;
    own(frame.row, end, frame.at);
    const floor = Math.max(frame.floor, spans.start[row] ?? 0);
    frame.at = floor;
    stack.push({ row, floor, at: end, calls: callsOf(trace, callers, row), next: 0 });
  }
  rows.reverse();
  from.reverse();
  to.reverse();
  return indexed(tree, Int32Array.from(rows), Float64Array.from(from), Float64Array.from(to), spans.parent);
}

function indexed(tree: SpanTree, row: Int32Array, from: Float64Array, to: Float64Array, parent: Int32Array): CriticalPath {
  const on = new Uint8Array(tree.count);
  const first = new Int32Array(tree.count + 1);
  for (const one of row) {
    first[one + 1] = (first[one + 1] ?? 0) + 1;
    for (let above = one; above >= 0 && on[above] === 0; above = parent[above] ?? none) on[above] = 1;
  }
  for (let i = 1; i <= tree.count; i++) first[i] = (first[i] ?? 0) + (first[i - 1] ?? 0);
  const byRow = new Int32Array(row.length);
  const filled = first.slice();
  row.forEach((one, piece) => {
    byRow[filled[one] ?? 0] = piece;
    filled[one] = (filled[one] ?? 0) + 1;
  });
  return { row, from, to, on, byRow, first };
}

/** The pieces of rows `row` (included) to `stop`, in order of rows. */
export const piecesOf = (path: CriticalPath, row: number, stop: number): Int32Array => path.byRow.subarray(path.first[row] ?? 0, path.first[stop] ?? path.byRow.length);

/** How much of the path each row has itself, in nanoseconds. */
export function timeOnPath(path: CriticalPath, count: number): Float64Array {
  const time = new Float64Array(count);
  path.row.forEach((row, piece) => (time[row] = (time[row] ?? 0) + (path.to[piece] ?? 0) - (path.from[piece] ?? 0)));
  return time;
}
