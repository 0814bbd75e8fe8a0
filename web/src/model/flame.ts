import { durationOf, isError, isRunning, waitKindOf, type Trace } from './trace';

/** What is drawn of a frame, whatever it stands for. */
export interface Box {
  /** The frame above, -1 at the top. */
  readonly parent: number;
  readonly depth: number;
  /** The frame after all that is below it: frames are in pre-order. */
  readonly end: number;
  /** How wide it is, and where it begins, in one measure. */
  readonly total: number;
  readonly from: number;
}

export interface Boxes<B extends Box = Box> {
  readonly frames: readonly B[];
  readonly total: number;
  readonly depth: number;
}

/** Spans that were reached on the same way from a root: by the same services and operations. */
export interface Frame extends Box {
  readonly service: number;
  readonly name: number;
  /** The kind of wait that its spans are; null when they work. */
  readonly wait: string | null;
  readonly spans: number;
  readonly errors: number;
  /** Sum of the spans' own time. */
  readonly own: number;
  /** Its first row and its longest one. */
  readonly row: number;
  readonly longest: number;
}

export interface FlameGraph extends Boxes<Frame> {
  /** By row: its frame; -1 for rows that were left out. */
  readonly frameOf: Int32Array;
}

interface Merged {
  readonly service: number;
  readonly name: number;
  readonly wait: string | null;
  readonly parent: number;
  readonly row: number;
  readonly children: number[];
  longest: number;
  spans: number;
  errors: number;
  own: number;
  total: number;
}

/** Merges rows, which come parents first, into frames in the order of their first row. A parent has a smaller number than its children. */
function merge(trace: Trace, withWaits: boolean): { readonly merged: Merged[]; readonly roots: readonly number[]; readonly mergedOf: Int32Array } {
  const { spans, tree } = trace;
  const merged: Merged[] = [];
  const roots: number[] = [];
  const mergedOf = new Int32Array(tree.count).fill(-1);
  const known = new Map<string, number>();
  for (let row = 0; row < tree.count; row++) {
    // What has not arrived has no known time of its own.
    if (isRunning(trace, row)) continue;
    const above = spans.parent[row] ?? -1;
    const parent = above < 0 ? -1 : (mergedOf[above] ?? -1);
    const wait = waitKindOf(trace, row);
    const [service, name] = [spans.service[row] ?? 0, spans.name[row] ?? 0];
    const key = `${parent}:${service}:${name}:${wait ?? ''}`;
    let number = known.get(key);
    if (number === undefined) {
      number = merged.length;
      known.set(key, number);
      merged.push({ service, name, wait, parent, row, children: [], longest: row, spans: 0, errors: 0, own: 0, total: 0 });
      (parent < 0 ? roots : (merged[parent]?.children ?? [])).push(number);
    }
    mergedOf[row] = number;
    const frame = merged[number];
    if (frame === undefined) continue;
    frame.spans++;
    if (isError(trace, row)) frame.errors++;
    if (wait === null || withWaits) frame.own += tree.self[row] ?? 0;
    if (durationOf(trace, row) > durationOf(trace, frame.longest)) frame.longest = row;
  }
  return { merged, roots, mergedOf };
}

/** A flame graph merged by path. Waiting may be left out of all widths, so that work can be compared beside a long wait. */
export function flameGraph(trace: Trace, withWaits: boolean): FlameGraph {
  const { merged, roots, mergedOf } = merge(trace, withWaits);
  for (let number = merged.length - 1; number >= 0; number--) {
    const frame = merged[number];
    if (frame === undefined) continue;
    frame.total += frame.own;
    const above = merged[frame.parent];
    if (above !== undefined) above.total += frame.total;
  }
  const frames: Frame[] = [];
  const place = new Int32Array(merged.length);
  const ends = new Int32Array(merged.length);
  let depth = 0;
  const total = roots.reduce((sum, root) => sum + (merged[root]?.total ?? 0), 0);
  const childrenFrom = (list: readonly number[], from: number, at: number): readonly (readonly [number, number, number])[] => {
    let x = from;
    return list.map((number) => {
      const here = x;
      x += merged[number]?.total ?? 0;
      return [number, here, at] as const;
    });
  };
  const stack = childrenFrom(roots, 0, 0).toReversed();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [number, from, at] = next;
    const frame = merged[number];
    if (frame === undefined) continue;
    const { children, parent, ...rest } = frame;
    place[number] = frames.length;
    depth = Math.max(depth, at + 1);
    frames.push({ ...rest, parent: parent < 0 ? -1 : (place[parent] ?? -1), depth: at, end: 0, from });
    // What is below begins where the frame does; its own time is the free space behind.
    for (const child of childrenFrom(children, from, at + 1).toReversed()) stack.push(child);
  }
  for (let i = frames.length - 1; i >= 0; i--) {
    ends[i] = Math.max(ends[i] ?? 0, i + 1);
    const above = frames[i]?.parent ?? -1;
    if (above >= 0) ends[above] = Math.max(ends[above] ?? 0, ends[i] ?? 0);
  }
  return { frames: frames.map((frame, i) => ({ ...frame, end: ends[i] ?? i + 1 })), frameOf: mergedOf.map((number) => (number < 0 ? -1 : (place[number] ?? -1))), total, depth };
}

/** The part of the graph's width that is shown: all of it, or a frame's. */
export function flameWindow(graph: Boxes, zoomed: number): { readonly from: number; readonly length: number } {
  const frame = graph.frames[zoomed];
  return frame === undefined || frame.total <= 0 ? { from: 0, length: Math.max(1, graph.total) } : { from: frame.from, length: frame.total };
}

/** Calls `draw` for each frame that is at least `least` wide, in pixels of a picture `width` wide; what is too narrow is passed over with all that is below. */
export function eachFrame<B extends Box>(graph: Boxes<B>, zoomed: number, width: number, least: number, draw: (frame: B, number: number, x: number, length: number) => void): void {
  const { from, length } = flameWindow(graph, zoomed);
  const scale = width / length;
  for (let i = 0; i < graph.frames.length; ) {
    const frame = graph.frames[i];
    if (frame === undefined) return;
    const [x0, x1] = [(frame.from - from) * scale, (frame.from + frame.total - from) * scale];
    const [left, right] = [Math.max(0, x0), Math.min(width, x1)];
    if (right - left < least) {
      i = frame.end;
      continue;
    }
    draw(frame, i, left, right - left);
    i++;
  }
}

/** The frame at a place in the picture, -1 for none. */
export function frameAt(graph: Boxes, zoomed: number, width: number, x: number, depth: number): number {
  let found = -1;
  eachFrame(graph, zoomed, width, 0.5, (frame, number, left, length) => {
    if (frame.depth === depth && x >= left && x < left + length) found = number;
  });
  return found;
}

/** Where an arrow key leads: to the frame above, the widest one below, or the one beside under the same parent. */
export function neighbour(graph: Boxes, at: number, key: string): number {
  const frame = graph.frames[at];
  if (frame === undefined) return graph.frames.length > 0 ? 0 : -1;
  if (key === 'ArrowUp') return frame.parent < 0 ? at : frame.parent;
  const siblings = (parent: number): readonly number[] => {
    const [first, end] = parent < 0 ? [0, graph.frames.length] : [parent + 1, graph.frames[parent]?.end ?? 0];
    const list: number[] = [];
    for (let i = first; i < end; i = graph.frames[i]?.end ?? end) list.push(i);
    return list;
  };
  if (key === 'ArrowDown') return siblings(at).reduce((best, number) => (best === at || (graph.frames[number]?.total ?? 0) > (graph.frames[best]?.total ?? 0) ? number : best), at);
  const list = siblings(frame.parent);
  return list[list.indexOf(at) + (key === 'ArrowRight' ? 1 : -1)] ?? at;
}
