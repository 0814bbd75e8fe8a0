import { selfTimes } from './selfTime';

/** Bits of `warnings`, as the API numbers them. */
export const warning = { endBeforeStart: 1, parentMissing: 2, cycle: 4, sharedId: 8, startsBeforeParent: 16, invalidUtf8: 32, cut: 64, traceFull: 128,
  /** Of the page's own: the span has not arrived, and stands here since others name it as their parent. */
  running: 1 << 20 } as const;
/** What `parent` holds instead of a row. */
export const noParent = -1;
export const missingParent = -2;

/** The spans of a trace, one array a field, one index a span. Times are nanoseconds since the trace's start. */
export interface SpanColumns {
  readonly spanId: readonly string[];
  readonly parent: Int32Array;
  readonly service: Int32Array;
  readonly name: Int32Array;
  readonly start: Float64Array;
  readonly duration: Float64Array;
  readonly kind: Uint8Array;
  readonly status: Uint8Array;
  readonly error: Uint8Array;
  readonly events: Int32Array;
  readonly links: Int32Array;
  readonly wait: Int32Array;
  readonly label: Int32Array;
  readonly warnings: Int32Array;
  /** Descendants that were not loaded and have no nearer ancestor among the rows; null when every span was. */
  readonly omitted: Int32Array | null;
}

/** What follows from the columns, one index a row. Rows are in pre-order: a subtree is the rows from its own to `end`. */
export interface SpanTree {
  readonly count: number;
  readonly depth: Int32Array;
  readonly maxDepth: number;
  /** The row after the subtree. */
  readonly end: Int32Array;
  readonly children: Int32Array;
  /** When the last span of the subtree ends. */
  readonly lastEnd: Float64Array;
  /** Duration less the time in which a descendant runs. */
  readonly self: Float64Array;
}

/** First child and next sibling of each row, siblings by start. */
function childLists(parent: Int32Array, byStart: Int32Array): { readonly firstChild: Int32Array; readonly nextSibling: Int32Array } {
  const firstChild = new Int32Array(parent.length).fill(-1);
  const nextSibling = new Int32Array(parent.length).fill(-1);
  for (let i = byStart.length - 1; i >= 0; i--) {
    const row = byStart[i] ?? 0;
    const p = parent[row] ?? noParent;
    if (p < 0) continue;
    nextSibling[row] = firstChild[p] ?? -1;
    firstChild[p] = row;
  }
  return { firstChild, nextSibling };
}

/** The rows that begin each circle of parents, the earliest of each. All other rows have a root above them once these are cut. */
function cycleHeads(parent: Int32Array, start: Float64Array): readonly number[] {
  const unknown = 0;
  const done = -1;
  // The number of the walk that came by, so that a walk which meets itself has found a circle.
  const walkOf = new Int32Array(parent.length);
  const heads: number[] = [];
  for (let from = 0; from < parent.length; from++) {
    let row = from;
    for (; row >= 0 && walkOf[row] === unknown; row = parent[row] ?? noParent) walkOf[row] = from + 1;
    if (row >= 0 && walkOf[row] === from + 1) {
      let head = row;
      for (let other = parent[row] ?? row; other !== row; other = parent[other] ?? row)
        if ((start[other] ?? 0) < (start[head] ?? 0) || (start[other] === start[head] && other < head)) head = other;
      heads.push(head);
    }
    for (row = from; row >= 0 && walkOf[row] === from + 1; row = parent[row] ?? noParent) walkOf[row] = done;
  }
  return heads;
}

/**
 * The order in which rows must stand so that a subtree is one stretch, siblings and roots by start; and parents with what is impossible mended:
 * a parent that is no row, and the earliest row of a circle, become roots and are marked.
 */
export function treeOrder(parent: Int32Array, start: Float64Array): { readonly order: Int32Array; readonly parent: Int32Array; readonly cycles: ReadonlySet<number> } {
  const count = parent.length;
  const mended = Int32Array.from(parent, (p) => (p >= count || p < missingParent ? noParent : p));
  const cycles = new Set<number>();
  parent.forEach((p, row) => p !== mended[row] && cycles.add(row));
  for (const head of cycleHeads(mended, start)) {
    mended[head] = noParent;
    cycles.add(head);
  }
  const byStart = Int32Array.from({ length: count }, (_, row) => row);
  byStart.sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0) || a - b);
  const { firstChild, nextSibling } = childLists(mended, byStart);
  const order = new Int32Array(count);
  const stack: number[] = [];
  let filled = 0;
  for (const root of byStart) {
    if ((mended[root] ?? noParent) >= 0) continue;
    for (let row = root; ; row = stack.pop() ?? 0) {
      order[filled++] = row;
      // The sibling waits below the children.
      const [sibling, child] = [row === root ? -1 : (nextSibling[row] ?? -1), firstChild[row] ?? -1];
      if (sibling >= 0) stack.push(sibling);
      if (child >= 0) stack.push(child);
      if (stack.length === 0) break;
    }
  }
  return { order, parent: mended, cycles };
}

const pick = <T extends Int32Array | Float64Array | Uint8Array>(make: (length: number) => T, from: T, order: Int32Array): T => {
  const to = make(order.length);
  order.forEach((row, i) => (to[i] = from[row] ?? 0));
  return to;
};
const int32 = (length: number): Int32Array => new Int32Array(length);
const float64 = (length: number): Float64Array => new Float64Array(length);
const uint8 = (length: number): Uint8Array => new Uint8Array(length);

/** Whether rows already are in pre-order with siblings by start: one pass, so that the common case costs no sort. */
export function isPreOrder(parent: Int32Array, start: Float64Array): boolean {
  const path: number[] = [];
  const lastStart: number[] = [];
  for (let row = 0; row < parent.length; row++) {
    const p = parent[row] ?? noParent;
    if (p >= row || p < missingParent) return false;
    if (p < 0) path.length = 0;
    else {
      while (path.length > 0 && path[path.length - 1] !== p) path.pop();
      if (path.length === 0) return false;
    }
    const depth = path.length;
    lastStart.length = Math.min(lastStart.length, depth + 1);
    if ((start[row] ?? 0) < (lastStart[depth] ?? -Infinity)) return false;
    lastStart[depth] = start[row] ?? 0;
    path.push(row);
  }
  return true;
}

/** Columns in pre-order, and where each row of the input went. */
export function arrange(columns: SpanColumns): { readonly columns: SpanColumns; readonly rowOf: Int32Array | null } {
  if (isPreOrder(columns.parent, columns.start)) return { columns, rowOf: null };
  const { order, parent, cycles } = treeOrder(columns.parent, columns.start);
  const rowOf = int32(order.length);
  order.forEach((row, i) => (rowOf[row] = i));
  const warnings = pick(int32, columns.warnings, order);
  for (const row of cycles) warnings[rowOf[row] ?? 0] = (warnings[rowOf[row] ?? 0] ?? 0) | warning.cycle;
  return {
    rowOf,
    columns: {
      spanId: Array.from(order, (row) => columns.spanId[row] ?? ''),
      parent: pick(int32, parent, order).map((p) => (p < 0 ? p : (rowOf[p] ?? noParent))),
      service: pick(int32, columns.service, order),
      name: pick(int32, columns.name, order),
      start: pick(float64, columns.start, order),
      duration: pick(float64, columns.duration, order),
      kind: pick(uint8, columns.kind, order),
      status: pick(uint8, columns.status, order),
      error: pick(uint8, columns.error, order),
      events: pick(int32, columns.events, order),
      links: pick(int32, columns.links, order),
      wait: pick(int32, columns.wait, order),
      label: pick(int32, columns.label, order),
      warnings,
      omitted: columns.omitted === null ? null : pick(int32, columns.omitted, order),
    },
  };
}

/** Needs columns in pre-order (see `arrange`); linear in the number of spans. */
export function buildTree(columns: SpanColumns): SpanTree {
  const { parent, start, duration } = columns;
  const count = parent.length;
  const depth = int32(count);
  const end = int32(count);
  const children = int32(count);
  const lastEnd = float64(count);
  let maxDepth = 0;
  for (let row = 0; row < count; row++) {
    const from = start[row] ?? 0;
    const length = duration[row] ?? 0;
    lastEnd[row] = from + length;
    end[row] = row + 1;
    const p = parent[row] ?? noParent;
    if (p < 0) continue;
    depth[row] = (depth[p] ?? 0) + 1;
    maxDepth = Math.max(maxDepth, depth[row] ?? 0);
    children[p] = (children[p] ?? 0) + 1;
  }
  for (let row = count - 1; row >= 0; row--) {
    const p = parent[row] ?? noParent;
    if (p < 0) continue;
    end[p] = Math.max(end[p] ?? 0, end[row] ?? 0);
    lastEnd[p] = Math.max(lastEnd[p] ?? 0, lastEnd[row] ?? 0);
  }
  return { count, depth, maxDepth, end, children, lastEnd, self: selfTimes(parent, start, duration) };
}
