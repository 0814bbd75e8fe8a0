import { durationOf, isError, type Trace } from './trace';

/** Operations of two traces as numbers: rows of either trace with the same number have the same service, name, kind and kind of wait. */
export interface Operations {
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly count: number;
}

export function operationsOf(a: Trace, b: Trace): Operations {
  const numbers = new Map<string, number>();
  const of = (trace: Trace): Int32Array => {
    const { spans } = trace;
    // By place in the trace's own tables first: a text a row would cost more than all the rest.
    const known = new Map<number, number>();
    const texts = trace.texts.length + 1;
    return Int32Array.from({ length: trace.tree.count }, (_, row) => {
      const [service, name, kind, wait] = [spans.service[row] ?? 0, spans.name[row] ?? 0, spans.kind[row] ?? 0, spans.wait[row] ?? -1];
      const place = ((service * trace.names.length + name) * 256 + kind) * texts + wait + 1;
      const seen = known.get(place);
      if (seen !== undefined) return seen;
      const text = JSON.stringify([trace.services[service], trace.names[name], kind, trace.texts[wait] ?? null]);
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      known.set(place, number);
      return number;
    });
  };
  const [ofA, ofB] = [of(a), of(b)];
  return { a: ofA, b: ofB, count: numbers.size };
}

/** Cells that aligning one group of repeated siblings may take; larger groups are matched in order of occurrence. */
const mostCells = 250_000;

/** How alike two spans of one operation are. What failed belongs to what failed: then a retry's last attempt meets the one that needed no retry. */
function likeness(x: Trace, row: number, y: Trace, other: number): number {
  const size = (trace: Trace, at: number): number => (trace.tree.end[at] ?? at + 1) - at;
  const [long, short] = [Math.max(durationOf(x, row), durationOf(y, other), 1), Math.max(Math.min(durationOf(x, row), durationOf(y, other)), 1)];
  return (isError(x, row) === isError(y, other) ? 8 : 0) + (size(x, row) === size(y, other) ? 4 : 0) + Math.max(0, 3 - Math.log2(long / short));
}

/**
 * Which of the many each of the few meets, in order: every one of the few is matched, and of all such ways the most alike one is taken,
 * the earlier at a tie. Answers an index into `many` for each of `few`.
 */
function align(x: Trace, few: readonly number[], y: Trace, many: readonly number[]): Int32Array {
  const skips = many.length - few.length;
  const partner = Int32Array.from(few, (_, index) => index);
  if (skips === 0 || few.length * (skips + 1) > mostCells) return partner;
  const width = skips + 1;
  const skipped = new Uint8Array(few.length * width);
  let before = new Float64Array(width);
  for (let i = 0; i < few.length; i++) {
    const best = new Float64Array(width);
    for (let skip = 0; skip < width; skip++) {
      const met = (before[skip] ?? 0) + likeness(x, few[i] ?? 0, y, many[i + skip] ?? 0);
      const left = skip === 0 ? -Infinity : (best[skip - 1] ?? 0);
      best[skip] = Math.max(met, left);
      if (left >= met) skipped[i * width + skip] = 1;
    }
    before = best;
  }
  for (let [i, skip] = [few.length - 1, skips]; i >= 0; ) {
    if (skipped[i * width + skip] === 1) skip--;
    else {
      partner[i] = i + skip;
      i--;
    }
  }
  return partner;
}

export interface Pair {
  readonly a: number;
  readonly b: number;
  /** Alone, though the other trace has the same operation in this place: it occurs more often here. */
  readonly repeated: boolean;
}

/** Matches the spans below one pair by operation and order of occurrence, and lists them in an order that both agree with as far as they agree. */
export function matchSiblings(traceA: Trace, rowsA: readonly number[], traceB: Trace, rowsB: readonly number[], operations: Operations): readonly Pair[] {
  if (rowsA.length === 0) return rowsB.map((b) => ({ a: -1, b, repeated: false }));
  if (rowsB.length === 0) return rowsA.map((a) => ({ a, b: -1, repeated: false }));
  const groups = new Map<number, { readonly a: number[]; readonly b: number[] }>();
  const groupOf = (operation: number): { readonly a: number[]; readonly b: number[] } => {
    const known = groups.get(operation) ?? { a: [], b: [] };
    groups.set(operation, known);
    return known;
  };
  rowsA.forEach((row, index) => groupOf(operations.a[row] ?? -1).a.push(index));
  rowsB.forEach((row, index) => groupOf(operations.b[row] ?? -1).b.push(index));
  const ofA = new Int32Array(rowsA.length).fill(-1);
  const ofB = new Int32Array(rowsB.length).fill(-1);
  for (const group of groups.values()) {
    const [a, b] = [group.a.map((index) => rowsA[index] ?? 0), group.b.map((index) => rowsB[index] ?? 0)];
    const partner = a.length <= b.length ? align(traceA, a, traceB, b) : align(traceB, b, traceA, a);
    partner.forEach((many, few) => {
      const [atA, atB] = a.length <= b.length ? [group.a[few] ?? 0, group.b[many] ?? 0] : [group.a[many] ?? 0, group.b[few] ?? 0];
      ofA[atA] = atB;
      ofB[atB] = atA;
    });
  }
  const both = (operation: number): boolean => {
    const group = groups.get(operation);
    return group !== undefined && group.a.length > 0 && group.b.length > 0;
  };
  const pairs: Pair[] = [];
  let next = 0;
  const upTo = (limit: number): void => {
    for (; next < limit; next++) if ((ofB[next] ?? -1) < 0) pairs.push({ a: -1, b: rowsB[next] ?? 0, repeated: both(operations.b[rowsB[next] ?? 0] ?? -1) });
  };
  rowsA.forEach((a, index) => {
    const partner = ofA[index] ?? -1;
    if (partner >= 0) upTo(partner);
    pairs.push({ a, b: partner < 0 ? -1 : (rowsB[partner] ?? -1), repeated: partner < 0 && both(operations.a[a] ?? -1) });
  });
  upTo(rowsB.length);
  return pairs;
}
