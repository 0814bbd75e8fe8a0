import { after, durationNano, type UnixNano } from './nano';
import type { ProcessCause } from './processRules';
import { clockShifts } from './skew';
import { arrange, buildTree, warning, type SpanColumns, type SpanTree } from './spanTree';
import type { TraceSummary } from './summary';

export interface SpanLink {
  readonly row: number;
  readonly traceId: string;
  readonly spanId: string;
  /** -1 when it lies in another trace. */
  readonly toRow: number;
}

export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A wait: a span that says so by `wait.kind`, or a gap that no span covers (row -1). */
export interface Wait extends Interval {
  readonly row: number;
  readonly kind: string | null;
}

/** What was loaded of a trace that has too many spans: those that failed and the longest, of all its time or of a part. */
export interface Excerpt {
  /** Spans of the whole trace. */
  readonly spans: number;
  readonly omittedRoots: number;
}

/** What a span says of the model that it asked; null for what it does not say. */
export interface Generation {
  readonly row: number;
  readonly model: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Nanoseconds until the first token came. */
  readonly firstToken: number | null;
}

/** A row whose parent is not there, and which span that would be. */
export interface OrphanRow {
  readonly row: number;
  readonly parentSpanId: string;
}

/** A service whose spans say that only a share of its traces is kept. */
export interface Sampling {
  readonly service: number;
  readonly share: number;
  readonly spans: number;
}

/** A trace as the page draws it; immutable. */
export interface Trace {
  readonly traceId: string;
  readonly start: UnixNano;
  readonly summary: TraceSummary;
  readonly services: readonly string[];
  readonly names: readonly string[];
  readonly texts: readonly string[];
  readonly spans: SpanColumns;
  readonly tree: SpanTree;
  readonly links: readonly SpanLink[];
  /** Nanoseconds from the first start to the last end. */
  readonly total: number;
  /** The same without spans that have not arrived. */
  readonly arrived: number;
  readonly generations: readonly Generation[];
  readonly waits: readonly Wait[];
  /** Null when every span was loaded. Durations of the whole and the summary hold in any case; self times and gaps only for what was loaded. */
  readonly excerpt: Excerpt | null;
  readonly sampling: readonly Sampling[];
  /** What rules of the server have dropped of it, as far as it remembers. */
  readonly dropped: readonly ProcessCause[];
  /** Why only a part of the trace was read; null when it is whole. */
  readonly truncated: string | null;
  /**
   * By row, how many nanoseconds later than it was sent a span is shown, since the clock of its service is off; null when none is. `spans`, `tree`, `start`, `total` and the times of `summary` are
   * those that are shown.
   */
  readonly shifts: Float64Array | null;
  /** Clocks are off, and times are shown as they were sent all the same. */
  readonly asSent: boolean;
  /** What the trace was made from, so that it can be made with its times as they were sent. */
  readonly parts: TraceParts;
}

export interface TraceParts {
  readonly traceId: string;
  readonly start: UnixNano;
  readonly summary: TraceSummary;
  readonly services: readonly string[];
  readonly names: readonly string[];
  readonly texts: readonly string[];
  readonly columns: SpanColumns;
  readonly links: readonly SpanLink[];
  readonly excerpt: Excerpt | null;
  readonly sampling: readonly Sampling[];
  readonly orphans?: readonly OrphanRow[] | undefined;
  readonly generations?: readonly Generation[] | undefined;
  readonly dropped?: readonly ProcessCause[] | undefined;
  readonly truncated: string | null;
}

/** Spans in tree order with clocks mended, and where each row of the input went. */
function inOrder(parts: TraceParts, asSent: boolean): { readonly columns: SpanColumns; readonly rowOf: Int32Array | null; readonly shifts: Float64Array | null; readonly earliest: number; readonly skewed: boolean } {
  const sent = arrange(parts.columns);
  // Of a part there is no telling: what would show that a clock is off may not have been loaded.
  const shifts = parts.excerpt === null ? clockShifts(sent.columns) : null;
  if (shifts === null || asSent) return { ...sent, shifts: null, earliest: 0, skewed: shifts !== null };
  const moved = sent.columns.start.map((start, row) => start + (shifts[row] ?? 0));
  const earliest = moved.reduce((least, start) => Math.min(least, start), Infinity);
  // What was moved may stand elsewhere among its siblings now.
  const mended = arrange({ ...sent.columns, start: moved.map((start) => start - earliest) });
  const through = (row: number): number => mended.rowOf?.[row] ?? row;
  const placed = new Float64Array(shifts.length);
  shifts.forEach((shift, row) => (placed[through(row)] = shift));
  const rowOf = sent.rowOf === null ? mended.rowOf : sent.rowOf.map(through);
  return { columns: mended.columns, rowOf, shifts: placed, earliest, skewed: true };
}

/** Clocks that are off are mended unless times are wanted as they were sent. */
export function makeTrace(parts: TraceParts, asSent = false): Trace {
  const { columns, rowOf, shifts, earliest, skewed } = inOrder(parts, asSent);
  const tree = buildTree(columns);
  const moved = (row: number): number => (row < 0 || rowOf === null ? row : (rowOf[row] ?? -1));
  let total = parts.excerpt === null ? 0 : Number(parts.summary.duration);
  let arrived = total;
  for (let row = 0; row < tree.count; row++) {
    const end = (columns.start[row] ?? 0) + (columns.duration[row] ?? 0);
    total = Math.max(total, end);
    if (((columns.warnings[row] ?? 0) & warning.running) === 0) arrived = Math.max(arrived, end);
  }
  const waits: Wait[] = [];
  columns.wait.forEach((text, row) => {
    if (text < 0) return;
    const from = columns.start[row] ?? 0;
    waits.push({ row, kind: parts.texts[text] ?? null, from, to: from + (columns.duration[row] ?? 0) });
  });
  // Spans that were not loaded may lie in what looks like a gap.
  if (parts.excerpt === null) for (const gap of uncovered(columns.start, columns.duration)) waits.push({ ...gap, row: -1, kind: null });
  const start = after(parts.start, earliest);
  return {
    traceId: parts.traceId,
    start,
    // The store sums up the times that were sent; a picture that is mended has other ends and other gaps.
    summary: shifts === null ? parts.summary : { ...parts.summary, start, duration: durationNano(BigInt(Math.round(arrived))), waiting: durationNano(BigInt(Math.round(unionLength(waits)))) },
    services: parts.services,
    names: parts.names,
    texts: parts.texts,
    spans: columns,
    tree,
    links: parts.links.map((link) => ({ ...link, row: moved(link.row), toRow: moved(link.toRow) })),
    total,
    arrived,
    generations: (parts.generations ?? []).map((generation) => ({ ...generation, row: moved(generation.row) })),
    waits,
    excerpt: parts.excerpt,
    sampling: parts.sampling,
    dropped: parts.dropped ?? [],
    truncated: parts.truncated,
    shifts,
    asSent: asSent && skewed,
    parts,
  };
}

/** Time that at least one of the intervals covers. */
export function unionLength(intervals: readonly Interval[]): number {
  let [length, coveredTo] = [0, -Infinity];
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    if (to <= coveredTo) continue;
    length += to - Math.max(from, coveredTo);
    coveredTo = to;
  }
  return length;
}

/** The gaps between the first start and the last end that no span covers. Starts and ends are sorted apart: which span they belong to does not matter. */
export function uncovered(start: Float64Array, duration: Float64Array): readonly Interval[] {
  const starts = start.slice().sort();
  const ends = start.map((from, row) => from + (duration[row] ?? 0)).sort();
  const gaps: Interval[] = [];
  for (let i = 1; i < starts.length; i++) {
    // All i spans that started before this one have ended when the i-th end lies before its start.
    const [from, to] = [ends[i - 1] ?? 0, starts[i] ?? 0];
    if (from < to) gaps.push({ from, to });
  }
  return gaps;
}

export const serviceOf = (trace: Trace, row: number): string => trace.services[trace.spans.service[row] ?? -1] ?? '';
export const nameOf = (trace: Trace, row: number): string => trace.names[trace.spans.name[row] ?? -1] ?? '';
export const labelOf = (trace: Trace, row: number): string | null => trace.texts[trace.spans.label[row] ?? -1] ?? null;
export const waitKindOf = (trace: Trace, row: number): string | null => trace.texts[trace.spans.wait[row] ?? -1] ?? null;
export const startOf = (trace: Trace, row: number): number => trace.spans.start[row] ?? 0;
export const durationOf = (trace: Trace, row: number): number => trace.spans.duration[row] ?? 0;
export const endOf = (trace: Trace, row: number): number => startOf(trace, row) + durationOf(trace, row);
/** How many nanoseconds later than it was sent a span is shown; 0 unless the clock of its service is off. */
export const shiftOf = (trace: Trace, row: number): number => trace.shifts?.[row] ?? 0;
/** It has not arrived, and is shown since others name it as their parent. */
export const isRunning = (trace: Trace, row: number): boolean => ((trace.spans.warnings[row] ?? 0) & warning.running) !== 0;
export const isError = (trace: Trace, row: number): boolean => trace.spans.error[row] === 1;

/** The row of a span id, -1 when the trace has none. */
export const rowOfSpan = (trace: Trace, spanId: string): number => trace.spans.spanId.indexOf(spanId);

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
export const kindOf = (trace: Trace, row: number): string => kinds[trace.spans.kind[row] ?? 0] ?? 'unspecified';

export interface ServiceSpans {
  readonly name: string;
  readonly index: number;
  readonly spans: number;
}

/** The services of a trace with their span counts, the busiest first. */
export function spansByService(trace: Trace): readonly ServiceSpans[] {
  const counts = new Int32Array(trace.services.length);
  trace.spans.service.forEach((service, row) => !isRunning(trace, row) && (counts[service] = (counts[service] ?? 0) + 1));
  return trace.services.flatMap((name, index) => ((counts[index] ?? 0) === 0 ? [] : [{ name, index, spans: counts[index] ?? 0 }])).sort((a, b) => b.spans - a.spans || (a.name < b.name ? -1 : 1));
}

/** A wait that a failure caused: it is hatched in the warning colour. */
export const isBackoff = (kind: string | null): boolean => kind !== null && /backoff|retry/.test(kind);

/** `batch_window` reads as “batch window”. */
export const waitName = (kind: string): string => kind.replaceAll('_', ' ');
