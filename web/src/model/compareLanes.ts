import { union } from './intervals';
import { isBackoff, isError, serviceOf, type Interval, type Trace } from './trace';

export interface LaneWait extends Interval {
  readonly row: number;
  readonly kind: string;
  readonly warn: boolean;
}

/** When one service worked, failed and waited. */
export interface Lane {
  readonly service: string;
  readonly busy: readonly Interval[];
  readonly failed: readonly Interval[];
  readonly waits: readonly LaneWait[];
}

/** Waits of a lane that touch each other, and how long each kind of them holds; in the order in which the kinds begin. */
export interface WaitRun extends Interval {
  readonly waits: readonly LaneWait[];
  readonly parts: readonly { readonly kind: string; readonly length: number }[];
}

/** Waits that lie no further apart than `gap` read as one: they are labelled together. Of a kind that waits several times at once, the time counts once. */
export function waitRuns(waits: readonly LaneWait[], gap: number): readonly WaitRun[] {
  const runs: { from: number; to: number; waits: LaneWait[] }[] = [];
  for (const wait of waits.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const last = runs.at(-1);
    if (last !== undefined && wait.from <= last.to + gap) {
      last.to = Math.max(last.to, wait.to);
      last.waits.push(wait);
    } else runs.push({ from: wait.from, to: wait.to, waits: [wait] });
  }
  return runs.map((run) => ({
    ...run,
    parts: [...new Set(run.waits.map((wait) => wait.kind))].map((kind) => {
      const same = run.waits.filter((wait) => wait.kind === kind);
      return { kind, length: union(same.map((wait) => wait.from), same.map((wait) => wait.to)).reduce((sum, piece) => sum + piece.to - piece.from, 0) };
    }),
  }));
}

/** A parent's own time between its children is drawn up to this length; longer pieces say nothing about work. */
const longestOwnPiece = 250e6;
/** Waits of one lane that are drawn, the longest. */
const mostWaits = 24;

/** The work of each of these services in a trace: leaf spans and short pieces of own time. Linear but for sorting. */
export function lanesOf(trace: Trace, services: readonly string[]): readonly Lane[] {
  const { start, duration, parent, wait } = trace.spans;
  const { count } = trace.tree;
  const lane = new Map(services.map((service, index) => [service, index]));
  const laneOfService = trace.services.map((service) => lane.get(service) ?? -1);
  const laneOf = (row: number): number => laneOfService[trace.spans.service[row] ?? -1] ?? -1;
  const coveredTo = new Float64Array(count);
  const hasWork = new Uint8Array(count);
  const found = services.map(() => emptyLane());
  const busy = (row: number, from: number, to: number): void => {
    const at = found[laneOf(row)];
    if (at === undefined || to < from) return;
    at.from.push(from);
    // An instant is drawn as well: it happened.
    at.to.push(Math.max(to, from + 1));
  };
  for (let row = 0; row < count; row++) {
    const from = start[row] ?? 0;
    coveredTo[row] = from;
    const above = parent[row] ?? -1;
    if (above < 0) continue;
    if ((wait[row] ?? -1) < 0) hasWork[above] = 1;
    const covered = coveredTo[above] ?? 0;
    if ((wait[above] ?? -1) < 0 && from > covered && from - covered <= longestOwnPiece) busy(above, covered, Math.min(from, (start[above] ?? 0) + (duration[above] ?? 0)));
    coveredTo[above] = Math.max(covered, from + (duration[row] ?? 0));
  }
  for (let row = 0; row < count; row++) {
    const [from, to] = [start[row] ?? 0, (start[row] ?? 0) + (duration[row] ?? 0)];
    const at = found[laneOf(row)];
    const kind = trace.texts[wait[row] ?? -1];
    if (kind !== undefined) {
      at?.waits.push({ row, kind, from, to, warn: isBackoff(kind) || isError(trace, row) });
      continue;
    }
    const covered = coveredTo[row] ?? from;
    if (hasWork[row] !== 1 || (to > covered && to - covered <= longestOwnPiece)) busy(row, hasWork[row] === 1 ? covered : Math.max(from, covered), to);
    if (isError(trace, row) && hasWork[row] !== 1) {
      at?.failedFrom.push(from);
      at?.failedTo.push(Math.max(to, from + 1));
    }
  }
  return found.map(({ from, to, failedFrom, failedTo, waits }, index) => ({
    service: services[index] ?? '',
    busy: union(from, to),
    failed: union(failedFrom, failedTo),
    waits: waits.sort((x, y) => y.to - y.from - (x.to - x.from)).slice(0, mostWaits),
  }));
}

/** The services of both traces in the order in which they first work; those with the most spans when there are more than fit. */
export function laneServices(a: Trace, b: Trace, most: number): readonly string[] {
  const spans = new Map<string, number>();
  const first = new Map<string, number>();
  for (const trace of [a, b])
    for (let row = 0; row < trace.tree.count; row++) {
      const service = serviceOf(trace, row);
      spans.set(service, (spans.get(service) ?? 0) + 1);
      const at = trace.spans.start[row] ?? 0;
      if (at < (first.get(service) ?? Infinity)) first.set(service, at);
    }
  const busiest = [...spans].sort(([x, n], [y, m]) => m - n || (x < y ? -1 : 1)).slice(0, most);
  return busiest.map(([service]) => service).sort((x, y) => (first.get(x) ?? 0) - (first.get(y) ?? 0) || (x < y ? -1 : 1));
}

/** The row of a service that lies at a time and is the shortest there; -1 when there is none. */
export function rowAt(trace: Trace, service: string, time: number, slack: number): number {
  let found = -1;
  for (let row = 0; row < trace.tree.count; row++) {
    const from = trace.spans.start[row] ?? 0;
    if (from - slack > time || from + (trace.spans.duration[row] ?? 0) + slack < time || serviceOf(trace, row) !== service) continue;
    if (found < 0 || (trace.spans.duration[row] ?? 0) <= (trace.spans.duration[found] ?? 0)) found = row;
  }
  return found;
}

interface LaneBuild {
  readonly from: number[];
  readonly to: number[];
  readonly failedFrom: number[];
  readonly failedTo: number[];
  readonly waits: LaneWait[];
}
const emptyLane = (): LaneBuild => ({ from: [], to: [], failedFrom: [], failedTo: [], waits: [] });
