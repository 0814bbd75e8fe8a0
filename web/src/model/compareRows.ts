import { differs, standIn, type Measure, type MergedTree } from './compareTree';
import { isError, labelOf, nameOf, serviceOf, waitKindOf, type Trace } from './trace';

/** What of each node's subtree differs: 1 itself, 2 something below. */
export function differenceFlags(tree: MergedTree, measure: Measure): Uint8Array {
  const flags = new Uint8Array(tree.count);
  for (let node = tree.count - 1; node >= 0; node--) {
    if (differs(tree, node, measure)) flags[node] = (flags[node] ?? 0) | 1;
    const above = tree.parent[node] ?? -1;
    if (above >= 0 && flags[node] !== 0) flags[above] = (flags[above] ?? 0) | 2;
  }
  return flags;
}

export interface MergedFolding {
  /** Nodes that are the other way round than they are by themselves: equal subtrees are closed, others open. */
  readonly toggled: ReadonlySet<number>;
  readonly onlyDifferent: boolean;
}

export const isClosed = (tree: MergedTree, flags: Uint8Array, folding: MergedFolding, node: number): boolean => (tree.children[node] ?? 0) > 0 && (((flags[node] ?? 0) & 2) === 0) !== folding.toggled.has(node);

/** The nodes that are to be seen, in order. */
export function visibleNodes(tree: MergedTree, flags: Uint8Array, folding: MergedFolding): Int32Array {
  const nodes = new Int32Array(tree.count);
  let filled = 0;
  for (let node = 0; node < tree.count; ) {
    const left = folding.onlyDifferent && flags[node] === 0;
    if (!left) nodes[filled++] = node;
    node = left || isClosed(tree, flags, folding, node) ? (tree.end[node] ?? node + 1) : node + 1;
  }
  return nodes.subarray(0, filled);
}

/** The folding in which a node can be seen. */
export function revealNode(tree: MergedTree, flags: Uint8Array, folding: MergedFolding, node: number): MergedFolding {
  const toggled = new Set(folding.toggled);
  let changed = false;
  for (let above = tree.parent[node] ?? -1; above >= 0; above = tree.parent[above] ?? -1) {
    if (!isClosed(tree, flags, { ...folding, toggled }, above)) continue;
    if (!toggled.delete(above)) toggled.add(above);
    changed = true;
  }
  const onlyDifferent = folding.onlyDifferent && flags[node] !== 0;
  return changed || onlyDifferent !== folding.onlyDifferent ? { toggled, onlyDifferent } : folding;
}

/** The nodes whose name, service, error or kind of wait contains the text, in either trace. */
export function findNodes(tree: MergedTree, text: string): Int32Array {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return new Int32Array(0);
  const hit = (trace: Trace, row: number): boolean => row >= 0 && [nameOf(trace, row), serviceOf(trace, row), labelOf(trace, row), waitKindOf(trace, row)].some((part) => part !== null && part.toLowerCase().includes(wanted));
  const found: number[] = [];
  for (let node = 0; node < tree.count; node++) if (hit(tree.traceA, tree.a[node] ?? -1) || hit(tree.traceB, tree.b[node] ?? -1)) found.push(node);
  return Int32Array.from(found);
}

/** The node of a trace's row, -1 when there is none. */
export const nodeOf = (tree: MergedTree, side: 'a' | 'b', row: number): number => (row < 0 ? -1 : tree[side].indexOf(row));

/** An operation that occurs more often in one trace below the same pair. */
export interface CountChange {
  readonly node: number;
  readonly service: string;
  readonly name: string;
  readonly a: number;
  readonly b: number;
  /** The extra ones failed, and what followed was one of the same: it was tried again. */
  readonly retried: boolean;
}

/** What is there more often or less often, and how many spans only one trace has. */
export interface Structure {
  readonly added: number;
  readonly missing: number;
  readonly counts: readonly CountChange[];
}

export function structureOf(tree: MergedTree): Structure {
  let [added, missing] = [0, 0];
  const found = new Map<string, { node: number; a: number; b: number; failed: number; extra: number }>();
  const keyOf = (node: number): string => `${tree.parent[node] ?? -1} ${(tree.a[node] ?? -1) >= 0 ? (tree.operations.a[tree.a[node] ?? 0] ?? 0) : (tree.operations.b[tree.b[node] ?? 0] ?? 0)}`;
  for (let node = 0; node < tree.count; node++) {
    if ((tree.a[node] ?? -1) < 0) added++;
    if ((tree.b[node] ?? -1) < 0) missing++;
    if (tree.repeated[node] === 1 && !found.has(keyOf(node))) found.set(keyOf(node), { node, a: 0, b: 0, failed: 0, extra: 0 });
  }
  if (found.size > 0)
    for (let node = 0; node < tree.count; node++) {
      const entry = found.get(keyOf(node));
      if (entry === undefined) continue;
      const [a, b] = [tree.a[node] ?? -1, tree.b[node] ?? -1];
      if (a >= 0) entry.a++;
      if (b >= 0) entry.b++;
      if (tree.repeated[node] !== 1) continue;
      entry.extra++;
      const { trace, row } = standIn(tree, node);
      if (isError(trace, row)) entry.failed++;
    }
  const counts = [...found.values()].map(({ node, a, b, failed, extra }): CountChange => {
    const { trace, row } = standIn(tree, node);
    return { node, service: serviceOf(trace, row), name: nameOf(trace, row), a, b, retried: failed === extra && Math.min(a, b) > 0 };
  });
  return { added, missing, counts };
}
