import type { Box, Boxes } from './flame';
import { frameKind, type FrameKind } from './frameKind';
import { formatBytes, formatCount, formatDuration } from './format';
import { hashed, noHash } from './hash';
import type { UnixNano } from './nano';

/** How samples were found: by a time range, by the labels that name spans, or by the service in the time of the spans. */
export type MatchedBy = 'range' | 'labels' | 'time';

export interface ProfiledType {
  readonly type: string;
  readonly unit: string;
  readonly windows: number;
  readonly first: UnixNano;
  readonly last: UnixNano;
  readonly matchedBy: MatchedBy;
  readonly value: number | null;
}

export interface ProfiledService {
  readonly service: string;
  readonly types: readonly ProfiledType[];
}

export interface ProfiledServices {
  readonly services: readonly ProfiledService[];
  readonly truncated: string | null;
}

export interface ProfileSum {
  readonly value: number;
  readonly windows: number;
  readonly first: UnixNano | null;
  readonly last: UnixNano | null;
}

/** A function reached on one way from the top. Its width (`total`) is its value, or in a comparison the mean of its shares in both. */
export interface StackFrame extends Box {
  /** Frames of the same function have the same number. */
  readonly fn: number;
  readonly kind: FrameKind;
  readonly name: string;
  readonly file: string;
  readonly self: number;
  readonly value: number;
  readonly baseSelf: number;
  readonly baseValue: number;
}

export interface StackFlame extends Boxes<StackFrame> {
  readonly matchedBy: MatchedBy;
  readonly spans: { readonly start: UnixNano; readonly end: UnixNano } | null;
  readonly sum: ProfileSum;
  readonly base: ProfileSum | null;
  readonly framesLeftOut: number;
  readonly truncated: string | null;
}

/** The columns as the server sends them: frames in pre-order. */
export interface FlameColumns {
  readonly names: readonly string[];
  readonly files: readonly string[];
  readonly function: readonly number[];
  readonly depth: readonly number[];
  readonly self: readonly number[];
  readonly total: readonly number[];
  readonly baseSelf: readonly number[];
  readonly baseTotal: readonly number[];
}

/** A label of profiles, and those of its values with the most windows. */
export interface ProfileLabel {
  readonly key: string;
  /** Its different values in all. */
  readonly count: number;
  readonly values: readonly { readonly value: string; readonly windows: number }[];
}

export interface ProfileLabels {
  readonly labels: readonly ProfileLabel[];
  readonly truncated: string | null;
}

export interface FunctionCost {
  readonly name: string;
  readonly file: string;
  readonly self: number;
  readonly total: number;
  readonly baseSelf: number;
  readonly baseTotal: number;
}

export interface FunctionCosts {
  readonly count: number;
  readonly functions: readonly FunctionCost[];
  readonly sum: ProfileSum;
  readonly base: ProfileSum | null;
  readonly truncated: string | null;
}

export interface FrameTrace {
  readonly traceId: string;
  readonly value: number;
  readonly spanIds: readonly string[];
  readonly summary: { readonly service: string; readonly name: string; readonly start: UnixNano; readonly duration: number; readonly errors: number } | null;
}

export interface FrameTraces {
  readonly traces: readonly FrameTrace[];
  readonly count: number;
  readonly value: number;
  readonly unlinked: number;
  readonly truncated: string | null;
}

/** The part of a sum, 0 of nothing. */
export const shareOf = (value: number, sum: number): number => (sum > 0 ? value / sum : 0);

/** Frames with their places: children lie side by side from where their parent begins; its own part is the free space behind them. */
export function framesOf(columns: FlameColumns, sum: number, base: number | null): Boxes<StackFrame> {
  const count = columns.depth.length;
  const width = (i: number): number => (base === null ? (columns.total[i] ?? 0) : (shareOf(columns.total[i] ?? 0, sum) + shareOf(columns.baseTotal[i] ?? 0, base)) / 2);
  const parents = new Int32Array(count).fill(-1);
  const froms = new Float64Array(count);
  const ends = new Int32Array(count);
  const path: number[] = [];
  /** By depth: where the next child of the open frame begins. */
  const next: number[] = [0];
  let depth = 0;
  for (let i = 0; i < count; i++) {
    const at = columns.depth[i] ?? 0;
    while (path.length > at) ends[path.pop() ?? 0] = i;
    parents[i] = path.at(-1) ?? -1;
    froms[i] = next[at] ?? 0;
    next[at] = (froms[i] ?? 0) + width(i);
    next[at + 1] = froms[i] ?? 0;
    path.push(i);
    depth = Math.max(depth, at + 1);
  }
  for (const open of path) ends[open] = count;
  const kinds = columns.names.map((name, number) => frameKind(name, columns.files[number] ?? ''));
  const frames = Array.from({ length: count }, (_, i): StackFrame => {
    const number = columns.function[i] ?? 0;
    return {
      parent: parents[i] ?? -1,
      depth: columns.depth[i] ?? 0,
      end: ends[i] ?? i + 1,
      total: width(i),
      from: froms[i] ?? 0,
      fn: number,
      kind: kinds[number] ?? 'own',
      name: columns.names[number] ?? '',
      file: columns.files[number] ?? '',
      self: columns.self[i] ?? 0,
      value: columns.total[i] ?? 0,
      baseSelf: columns.baseSelf[i] ?? 0,
      baseValue: columns.baseTotal[i] ?? 0,
    };
  });
  return { frames, total: base === null ? sum : 1, depth };
}

/** A value with its unit. */
export function formatValue(value: number, unit: string): string {
  if (unit === 'nanoseconds') return formatDuration(value);
  if (unit === 'bytes') return formatBytes(value);
  return unit === 'count' || unit === '' ? formatCount(value) : `${formatCount(value)} ${unit}`;
}

/** `34 %`, with a digit behind the point where it is small. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.05) return '< 0.1 %';
  return `${percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** By how many hundredths of the whole a share has grown, with its sign in words of its own: `+3.4 pts`. */
export function formatShift(shift: number): string {
  const points = shift * 100;
  if (Math.abs(points) < 0.05) return '±0 pts';
  return `${points > 0 ? '+' : '−'}${Math.abs(points) >= 9.95 ? Math.abs(points).toFixed(0) : Math.abs(points).toFixed(1)} pts`;
}

/** How much larger a part of the whole is than in what it is compared with. */
export const shiftOf = (value: number, sum: number, baseValue: number, base: number): number => shareOf(value, sum) - shareOf(baseValue, base);

/** What a function has in itself, on all ways to it together. */
export interface FunctionSelf {
  readonly name: string;
  readonly kind: FrameKind;
  readonly self: number;
  readonly baseSelf: number;
}

/** The functions of a graph, with what all their frames have in themselves. */
export function functionsOf(graph: Boxes<StackFrame>): readonly FunctionSelf[] {
  const found = new Map<number, { name: string; kind: FrameKind; self: number; baseSelf: number }>();
  for (const frame of graph.frames) {
    const known = found.get(frame.fn);
    if (known === undefined) found.set(frame.fn, { name: frame.name, kind: frame.kind, self: frame.self, baseSelf: frame.baseSelf });
    else {
      known.self += frame.self;
      known.baseSelf += frame.baseSelf;
    }
  }
  return [...found.values()];
}

/** The function of the service's own code that used the most in itself; null where none did. */
export function hottest(graph: Boxes<StackFrame>): FunctionSelf | null {
  return functionsOf(graph).reduce<FunctionSelf | null>((best, one) => (one.kind === 'own' && one.self > (best?.self ?? 0) ? one : best), null);
}

/** The function whose share in itself has changed most; null without frames. */
export function mostChanged(graph: Boxes<StackFrame>, sum: number, base: number): FunctionSelf | null {
  const shift = (one: FunctionSelf): number => Math.abs(shiftOf(one.self, sum, one.baseSelf, base));
  return functionsOf(graph).reduce<FunctionSelf | null>((best, one) => (best === null || shift(one) > shift(best) ? one : best), null);
}

/** What taking the profile itself cost: the outermost frames of the profiler, with all that they called. */
export function profilerValue(graph: Boxes<StackFrame>): number {
  return valueOfHits(graph, Uint8Array.from(graph.frames, (frame) => (frame.kind === 'profiler' ? 1 : 0)));
}

/** The name without the types of its namespace, for where there is little room: `Batcher.CloseAsync` of `Yolo26.Batching.Batcher.CloseAsync`. */
export function shortName(name: string): string {
  const bracket = name.search(/[(<[]/);
  const head = bracket < 0 ? name : name.slice(0, bracket);
  const parts = head.split('.');
  return parts.length <= 2 ? name : `${parts.slice(-2).join('.')}${name.slice(head.length)}`;
}

const keyText = (hash: number): string => hash.toString(16).padStart(8, '0');

/** A short name of a frame's way from the top, which outlives an answer with other frames: a hash of the names. */
export function frameKey(graph: Boxes<StackFrame>, at: number): string {
  const names: string[] = [];
  for (let i = at; i >= 0; i = graph.frames[i]?.parent ?? -1) names.push(graph.frames[i]?.name ?? '');
  return keyText(hashed(names.reverse().join('\n'), noHash));
}

/** The frame that a key names, -1 when it is not there. */
export function frameOfKey(graph: Boxes<StackFrame>, key: string): number {
  if (key === '') return -1;
  // A frame's hash goes on from its parent's, which comes before it.
  const hashes = new Uint32Array(graph.frames.length);
  return graph.frames.findIndex((frame, i) => {
    hashes[i] = frame.parent < 0 ? hashed(frame.name, noHash) : hashed(`\n${frame.name}`, hashes[frame.parent] ?? noHash);
    return keyText(hashes[i] ?? 0) === key;
  });
}

/** By frame: whether its name or file has the text, in any case; null when nothing is searched for. */
export function hitsOf(graph: Boxes<StackFrame>, text: string): Uint8Array | null {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return null;
  return Uint8Array.from(graph.frames, (frame) => (frame.name.toLowerCase().includes(wanted) || frame.file.toLowerCase().includes(wanted) ? 1 : 0));
}

/** What the found frames cost together; one below another counts once. */
export function valueOfHits(graph: Boxes<StackFrame>, hits: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < graph.frames.length; ) {
    const frame = graph.frames[i];
    if (frame === undefined) return sum;
    if (hits[i] === 1) {
      sum += frame.value;
      i = frame.end;
    } else i++;
  }
  return sum;
}

export const functionColumns = ['name', 'self', 'total', 'change'] as const;
export type FunctionColumn = (typeof functionColumns)[number];

/** Functions that have the text, in the order of a column; ties by name. */
export function sortedFunctions(costs: FunctionCosts, text: string, by: FunctionColumn, descending: boolean): readonly FunctionCost[] {
  const wanted = text.trim().toLowerCase();
  const base = costs.base?.value ?? 0;
  const of = (cost: FunctionCost): number => (by === 'self' ? cost.self : by === 'total' ? cost.total : shiftOf(cost.total, costs.sum.value, cost.baseTotal, base));
  const found = costs.functions.filter((cost) => wanted === '' || cost.name.toLowerCase().includes(wanted) || cost.file.toLowerCase().includes(wanted));
  const byName = (a: FunctionCost, b: FunctionCost): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  return found.sort((a, b) => (by === 'name' ? byName(a, b) * (descending ? -1 : 1) : (of(a) - of(b)) * (descending ? -1 : 1) || byName(a, b)));
}

/** What a type of profile is called where there is room for a word. */
export const typeName = (type: string): string => ({ cpu: 'CPU', wall: 'Wall', samples: 'Samples', alloc_space: 'Allocated bytes', alloc_objects: 'Allocations', inuse_space: 'Heap bytes', inuse_objects: 'Heap objects' })[type] ?? type;

/** The types in the order in which they help: time on a processor, time on the clock, memory, the others. */
export function orderedTypes(types: readonly ProfiledType[]): readonly ProfiledType[] {
  const order = ['cpu', 'wall', 'alloc_space', 'alloc_objects', 'inuse_space', 'inuse_objects'];
  const rank = (type: string): number => (order.includes(type) ? order.indexOf(type) : type === 'samples' ? order.length + 1 : order.length);
  return [...types].sort((a, b) => rank(a.type) - rank(b.type) || (a.type < b.type ? -1 : 1));
}
