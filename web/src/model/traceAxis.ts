import { activityOf, findFolds, leastFold, leastFoldShare, type Activity } from './foldedAxis';
import { lengthOf } from './intervals';
import { endOf, isRunning, startOf, waitKindOf, waitName, type Interval, type Trace } from './trace';

interface Known {
  readonly activity: Activity;
  readonly folds: readonly Interval[];
  readonly gaps: ReadonlyMap<number, readonly Interval[]>;
}

/** More gaps than this are not drawn: the longest are. */
const mostGaps = 40;
const known = new WeakMap<Trace, Known>();

/** The gaps that would fold if their cause were known, by the row that they are drawn on: the deepest span that they lie in, else the one that comes after. */
function gapsOf(trace: Trace, activity: Activity): ReadonlyMap<number, readonly Interval[]> {
  const least = Math.max(leastFold, lengthOf(activity.busy) * leastFoldShare);
  const gaps = activity.unexplained
    .filter((gap) => gap.to - gap.from > least)
    .toSorted((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, mostGaps);
  const byRow = new Map<number, Interval[]>();
  for (const gap of gaps) {
    let [holds, after] = [-1, -1];
    for (let row = 0; row < trace.tree.count; row++) {
      const start = startOf(trace, row);
      if (start <= gap.from && endOf(trace, row) >= gap.to && (holds < 0 || (trace.tree.depth[row] ?? 0) >= (trace.tree.depth[holds] ?? 0))) holds = row;
      if (start >= gap.to && (after < 0 || start < startOf(trace, after))) after = row;
    }
    const row = holds >= 0 ? holds : after;
    // What has not arrived is no gap: it will tell.
    if (row >= 0 && !isRunning(trace, row)) byRow.set(row, [...(byRow.get(row) ?? []), gap]);
  }
  return byRow;
}

/** What of a trace's time folds and what nothing explains; found once a trace. */
export function axisOf(trace: Trace): Known {
  const found = known.get(trace);
  if (found !== undefined) return found;
  const activity = activityOf(trace.spans);
  // Of a part of a trace there is no telling: what was not loaded may have worked meanwhile.
  const made = trace.excerpt !== null ? { activity, folds: [], gaps: new Map<number, readonly Interval[]>() } : { activity, folds: findFolds([activity]), gaps: gapsOf(trace, activity) };
  known.set(trace, made);
  return made;
}

/** What a fold was waiting for, the longest first: `batch window, queue`. */
export function causeOf(trace: Trace, fold: Interval): string {
  const lengths = new Map<string, number>();
  for (const wait of trace.waits) {
    const kind = wait.row < 0 ? null : waitKindOf(trace, wait.row);
    const seen = Math.min(wait.to, fold.to) - Math.max(wait.from, fold.from);
    if (kind !== null && seen > 0) lengths.set(waitName(kind), (lengths.get(waitName(kind)) ?? 0) + seen);
  }
  return [...lengths].sort((a, b) => b[1] - a[1]).map(([name]) => name).join(', ');
}
