import { matchSiblings, operationsOf, type Operations } from './compareMatch';
import { durationOf, isError, labelOf, type Trace } from './trace';

/** Two traces as one tree, in pre-order: a node is a span of A, of B, or one of each that do the same in the same place. */
export interface MergedTree {
  readonly count: number;
  readonly traceA: Trace;
  readonly traceB: Trace;
  /** Rows of the traces, -1 where a trace has none. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly parent: Int32Array;
  readonly depth: Int32Array;
  readonly maxDepth: number;
  /** The node after the subtree. */
  readonly end: Int32Array;
  readonly children: Int32Array;
  /** 1 where a node is alone though the other trace has the operation in this place, less often. */
  readonly repeated: Uint8Array;
  readonly operations: Operations;
}

const childrenOf = (trace: Trace, row: number): readonly number[] => {
  const rows: number[] = [];
  const { end, count } = trace.tree;
  for (let child = row + 1, last = row < 0 ? count : (end[row] ?? row + 1); child < last; child = end[child] ?? child + 1) rows.push(child);
  return rows;
};

/** Stands for a trace that has nothing in this place; -1 is the place above the roots. */
const none = -2;

/** Matches by path: the pairs' children are matched by service, name, kind and order of occurrence, from the roots down. O(n log n). */
export function mergeTraces(traceA: Trace, traceB: Trace): MergedTree {
  const operations = operationsOf(traceA, traceB);
  const most = traceA.tree.count + traceB.tree.count;
  const [a, b, parent, depth, children, repeated] = [new Int32Array(most), new Int32Array(most), new Int32Array(most), new Int32Array(most), new Int32Array(most), new Uint8Array(most)];
  const stack: { readonly a: number; readonly b: number; readonly repeated: boolean; readonly parent: number; readonly depth: number }[] = [];
  const below = (rowA: number, rowB: number, node: number, level: number): number => {
    const pairs = matchSiblings(traceA, rowA === none ? [] : childrenOf(traceA, rowA), traceB, rowB === none ? [] : childrenOf(traceB, rowB), operations);
    for (let i = pairs.length - 1; i >= 0; i--) {
      const pair = pairs[i];
      if (pair !== undefined) stack.push({ ...pair, parent: node, depth: level });
    }
    return pairs.length;
  };
  below(-1, -1, -1, 0);
  let count = 0;
  let maxDepth = 0;
  for (let node = stack.pop(); node !== undefined; node = stack.pop(), count++) {
    [a[count], b[count], parent[count], depth[count], repeated[count]] = [node.a, node.b, node.parent, node.depth, node.repeated ? 1 : 0];
    maxDepth = Math.max(maxDepth, node.depth);
    children[count] = below(node.a < 0 ? none : node.a, node.b < 0 ? none : node.b, count, node.depth + 1);
  }
  const end = new Int32Array(count);
  for (let node = count - 1; node >= 0; node--) {
    end[node] = Math.max(end[node] ?? 0, node + 1);
    const above = parent[node] ?? -1;
    if (above >= 0) end[above] = Math.max(end[above] ?? 0, end[node] ?? 0);
  }
  return { count, traceA, traceB, a: a.subarray(0, count), b: b.subarray(0, count), parent: parent.subarray(0, count), depth: depth.subarray(0, count), maxDepth, end, children: children.subarray(0, count), repeated: repeated.subarray(0, count), operations };
}

export type Measure = 'duration' | 'self';
export type Change = 'same' | 'slower' | 'faster' | 'added' | 'missing';

/** What a node took in one trace; null where the trace has no such span. */
export function timeOf(trace: Trace, row: number, measure: Measure): number | null {
  if (row < 0) return null;
  return measure === 'duration' ? durationOf(trace, row) : (trace.tree.self[row] ?? 0);
}

export const differenceOf = (tree: MergedTree, node: number, measure: Measure): number => (timeOf(tree.traceB, tree.b[node] ?? -1, measure) ?? 0) - (timeOf(tree.traceA, tree.a[node] ?? -1, measure) ?? 0);

/** A difference counts from a tenth of the shorter time on, and from this share of the longer trace, at most five milliseconds. */
const leastShare = 0.1;
const leastOfTrace = 0.005;
const leastNanos = 5e6;

export const leastDifference = (tree: MergedTree): number => Math.min(leastNanos, leastOfTrace * Math.max(tree.traceA.total, tree.traceB.total));

export function changeOf(tree: MergedTree, node: number, measure: Measure): Change {
  const [a, b] = [timeOf(tree.traceA, tree.a[node] ?? -1, measure), timeOf(tree.traceB, tree.b[node] ?? -1, measure)];
  if (a === null) return 'added';
  if (b === null) return 'missing';
  const by = Math.abs(b - a);
  if (by === 0 || by < leastDifference(tree) || by < leastShare * Math.min(a, b)) return 'same';
  return b > a ? 'slower' : 'faster';
}

/** What failed differs: in one trace only, or with another error. */
export function errorDiffers(tree: MergedTree, node: number): boolean {
  const [a, b] = [tree.a[node] ?? -1, tree.b[node] ?? -1];
  const [failedA, failedB] = [a >= 0 && isError(tree.traceA, a), b >= 0 && isError(tree.traceB, b)];
  return failedA !== failedB || (failedA && failedB && labelOf(tree.traceA, a) !== labelOf(tree.traceB, b));
}

export const differs = (tree: MergedTree, node: number, measure: Measure): boolean => changeOf(tree, node, measure) !== 'same' || errorDiffers(tree, node);

/** The trace and row that stand for a node: B's, else A's. */
export const standIn = (tree: MergedTree, node: number): { readonly trace: Trace; readonly row: number } => {
  const b = tree.b[node] ?? -1;
  return b >= 0 ? { trace: tree.traceB, row: b } : { trace: tree.traceA, row: tree.a[node] ?? -1 };
};
