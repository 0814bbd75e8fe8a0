import type { SpanTree } from './spanTree';
import type { Trace } from './trace';

/** Which subtrees are closed: all rows at least `depth` deep (null: none), except the toggled rows, which are the other way round. */
export interface Folding {
  readonly depth: number | null;
  readonly toggled: ReadonlySet<number>;
}

export const isCollapsed = (tree: SpanTree, folding: Folding, row: number): boolean =>
  (tree.children[row] ?? 0) > 0 && (folding.depth !== null && (tree.depth[row] ?? 0) >= folding.depth) !== folding.toggled.has(row);

/** The rows that are to be seen, in order. */
export function visibleRows(tree: SpanTree, folding: Folding): Int32Array {
  const rows = new Int32Array(tree.count);
  let filled = 0;
  for (let row = 0; row < tree.count; row = isCollapsed(tree, folding, row) ? (tree.end[row] ?? row + 1) : row + 1) rows[filled++] = row;
  return rows.subarray(0, filled);
}

/** Where a row stands among the visible ones, or the one that hides it: the last visible row not after it. */
export function positionOf(visible: Int32Array, row: number): number {
  let [low, high] = [0, visible.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((visible[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return visible.length === 0 ? -1 : low;
}

/** The folding in which a row can be seen: every closed ancestor is opened. */
export function reveal(trace: Trace, folding: Folding, row: number): Folding {
  const toggled = new Set(folding.toggled);
  for (let p = trace.spans.parent[row] ?? -1; p >= 0; p = trace.spans.parent[p] ?? -1) {
    if (!isCollapsed(trace.tree, { depth: folding.depth, toggled }, p)) continue;
    if (toggled.has(p)) toggled.delete(p);
    else toggled.add(p);
  }
  return toggled.size === folding.toggled.size && [...toggled].every((p) => folding.toggled.has(p)) ? folding : { depth: folding.depth, toggled };
}

export function toggle(folding: Folding, row: number): Folding {
  const toggled = new Set(folding.toggled);
  if (!toggled.delete(row)) toggled.add(row);
  return { depth: folding.depth, toggled };
}

/** One level less (-1) or more (+1) for the whole tree; single toggles end. */
export function changeDepth(tree: SpanTree, folding: Folding, by: 1 | -1): Folding {
  const depth = Math.max(0, (folding.depth ?? tree.maxDepth) + by);
  return { depth: depth >= tree.maxDepth ? null : depth, toggled: new Set() };
}

/** The rows whose name, service, label or kind of wait contains the text, or whose span id begins with it. */
export function findSpans(trace: Trace, text: string): Int32Array {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return new Int32Array(0);
  const hits = (table: readonly string[]): readonly boolean[] => table.map((entry) => entry.toLowerCase().includes(wanted));
  const [names, services, texts] = [hits(trace.names), hits(trace.services), hits(trace.texts)];
  const byId = /^[0-9a-f]{6,16}$/.test(wanted);
  const { spans, tree } = trace;
  const found: number[] = [];
  for (let row = 0; row < tree.count; row++) {
    if (names[spans.name[row] ?? -1] || services[spans.service[row] ?? -1] || texts[spans.label[row] ?? -1] || texts[spans.wait[row] ?? -1]) found.push(row);
    else if (byId && spans.spanId[row]?.startsWith(wanted)) found.push(row);
  }
  return Int32Array.from(found);
}

/** The next of some rows after (or before) one, going round at the ends; -1 when there are none. */
export function nextOf(rows: Int32Array, from: number, direction: 1 | -1): number {
  if (rows.length === 0) return -1;
  if (direction > 0) return rows.find((row) => row > from) ?? rows[0] ?? -1;
  return rows.findLast((row) => row < from) ?? rows[rows.length - 1] ?? -1;
}

export function errorRows(trace: Trace): Int32Array {
  const found: number[] = [];
  trace.spans.error.forEach((flag, row) => flag === 1 && found.push(row));
  return Int32Array.from(found);
}
