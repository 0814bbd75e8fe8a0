import { durationOf, isError, isRunning, nameOf, serviceOf, waitKindOf, type Trace } from './trace';

export const groupings = ['both', 'operation', 'service'] as const;
export type Grouping = (typeof groupings)[number];
export const statisticColumns = ['name', 'spans', 'errors', 'self', 'waiting', 'total', 'p50', 'max'] as const;
export type StatisticColumn = (typeof statisticColumns)[number];

/** What the spans of one service, operation or both add up to. Times are nanoseconds. */
export interface Statistic {
  readonly key: string;
  /** Null where spans of several services are counted together. */
  readonly service: string | null;
  /** Null where spans of several operations are counted together. */
  readonly name: string | null;
  readonly spans: number;
  readonly errors: number;
  /** Sum of the spans' own time: what neither a child covers nor a wait is. */
  readonly self: number;
  /** Sum of the own time of spans that wait. */
  readonly waiting: number;
  /** How long at least one of the spans ran: time that they share counts once. */
  readonly total: number;
  /** Median of the durations, by nearest rank. */
  readonly p50: number;
  readonly max: number;
  /** The row of the longest span. */
  readonly longest: number;
}

/** The number of the group of each row (-1: left out), and the groups' first rows. */
function groupRows(trace: Trace, by: Grouping, wanted: (row: number) => boolean): { readonly groupOf: Int32Array; readonly firstRows: readonly number[] } {
  const { service, name } = trace.spans;
  const known = new Map<number, number>();
  const groupOf = new Int32Array(trace.tree.count).fill(-1);
  const firstRows: number[] = [];
  for (let row = 0; row < trace.tree.count; row++) {
    if (!wanted(row) || isRunning(trace, row)) continue;
    const [s, n] = [service[row] ?? 0, name[row] ?? 0];
    const id = by === 'service' ? s : by === 'operation' ? n : s * trace.names.length + n;
    let group = known.get(id);
    if (group === undefined) {
      group = firstRows.length;
      known.set(id, group);
      firstRows.push(row);
    }
    groupOf[row] = group;
  }
  return { groupOf, firstRows };
}

/** Lengths of the union of each group's spans, in one pass over the rows by start. */
function unions(trace: Trace, groupOf: Int32Array, groups: number): Float64Array {
  const { start, duration } = trace.spans;
  const byStart = Int32Array.from(groupOf.keys()).sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0));
  const [total, coveredTo] = [new Float64Array(groups), new Float64Array(groups).fill(-Infinity)];
  for (const row of byStart) {
    const group = groupOf[row] ?? -1;
    if (group < 0) continue;
    const [from, to] = [start[row] ?? 0, (start[row] ?? 0) + (duration[row] ?? 0)];
    const covered = coveredTo[group] ?? 0;
    if (to <= covered) continue;
    total[group] = (total[group] ?? 0) + (to - Math.max(from, covered));
    coveredTo[group] = to;
  }
  return total;
}

/** By group: its spans' durations, ascending. */
function sortedDurations(trace: Trace, groupOf: Int32Array, counts: Int32Array): readonly Float64Array[] {
  const lists = Array.from(counts, (count) => new Float64Array(count));
  const filled = new Int32Array(counts.length);
  groupOf.forEach((group, row) => {
    const [list, at] = [lists[group], filled[group] ?? 0];
    if (list === undefined) return;
    list[at] = durationOf(trace, row);
    filled[group] = at + 1;
  });
  return lists.map((list) => list.sort());
}

/** Linear in the spans but for two sorts. `wanted` says which spans count; the time of their own stays what it is in the whole trace. */
export function statisticsOf(trace: Trace, by: Grouping, wanted: (row: number) => boolean = () => true): readonly Statistic[] {
  const { groupOf, firstRows } = groupRows(trace, by, wanted);
  const groups = firstRows.length;
  const [spans, errors, longest] = [new Int32Array(groups), new Int32Array(groups), Int32Array.from(firstRows)];
  const [self, waiting] = [new Float64Array(groups), new Float64Array(groups)];
  groupOf.forEach((group, row) => {
    if (group < 0) return;
    spans[group] = (spans[group] ?? 0) + 1;
    if (isError(trace, row)) errors[group] = (errors[group] ?? 0) + 1;
    const own = waitKindOf(trace, row) === null ? self : waiting;
    own[group] = (own[group] ?? 0) + (trace.tree.self[row] ?? 0);
    if (durationOf(trace, row) > durationOf(trace, longest[group] ?? 0)) longest[group] = row;
  });
  const total = unions(trace, groupOf, groups);
  const durations = sortedDurations(trace, groupOf, spans);
  return firstRows.map((row, group) => {
    const [service, name] = [by === 'operation' ? null : serviceOf(trace, row), by === 'service' ? null : nameOf(trace, row)];
    const list = durations[group] ?? new Float64Array(0);
    return {
      key: JSON.stringify([service, name]),
      service,
      name,
      spans: spans[group] ?? 0,
      errors: errors[group] ?? 0,
      self: self[group] ?? 0,
      waiting: waiting[group] ?? 0,
      total: total[group] ?? 0,
      p50: list[Math.ceil(list.length / 2) - 1] ?? 0,
      max: list.at(-1) ?? 0,
      longest: longest[group] ?? row,
    };
  });
}

const textOf = (row: Statistic): string => `${row.name ?? ''}\u0000${row.service ?? ''}`;

/** Rows in the order of a column; equal ones by name, so that the order never depends on the input's. */
export function sortStatistics(rows: readonly Statistic[], column: StatisticColumn, descending: boolean): readonly Statistic[] {
  const byName = (a: Statistic, b: Statistic): number => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0);
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => (column === 'name' ? sign * byName(a, b) : sign * (a[column] - b[column]) || byName(a, b)));
}
