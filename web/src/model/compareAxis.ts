import { lanesOf, type Lane } from './compareLanes';
import type { MergedTree } from './compareTree';
import { activityOf, findFolds, type Activity } from './foldedAxis';
import { startOf, type Interval, type Trace } from './trace';

/** Nanoseconds that each trace is moved to the right on the common axis. */
export interface Offsets {
  readonly a: number;
  readonly b: number;
}

/** Both traces begin at 0, or, when a node that both have is to align them, that one begins at one place. */
export function offsetsOf(tree: MergedTree, aligned: number): Offsets {
  const [a, b] = [tree.a[aligned] ?? -1, tree.b[aligned] ?? -1];
  if (aligned < 0 || a < 0 || b < 0) return { a: 0, b: 0 };
  const by = startOf(tree.traceB, b) - startOf(tree.traceA, a);
  return { a: Math.max(0, by), b: Math.max(0, -by) };
}

const moved = (intervals: readonly Interval[], by: number): readonly Interval[] => (by === 0 ? intervals : intervals.map(({ from, to }) => ({ from: from + by, to: to + by })));

const movedActivity = (activity: Activity, by: number): Activity => ({ total: activity.total + by, busy: moved(activity.busy, by), waits: moved(activity.waits, by), unexplained: moved(activity.unexplained, by) });

const movedLane = (lane: Lane, by: number): Lane => (by === 0 ? lane : { ...lane, busy: moved(lane.busy, by), failed: moved(lane.failed, by), waits: lane.waits.map((wait) => ({ ...wait, from: wait.from + by, to: wait.to + by })) });

/** What the common axis of two traces is made of: it folds only where neither works. */
export interface CompareAxis {
  readonly offsets: Offsets;
  readonly total: number;
  readonly folds: readonly Interval[];
}

export function compareAxisOf(tree: MergedTree, aligned: number): CompareAxis {
  const { traceA, traceB } = tree;
  const offsets = offsetsOf(tree, aligned);
  return {
    offsets,
    total: Math.max(traceA.total + offsets.a, traceB.total + offsets.b, 1),
    folds: findFolds([movedActivity(activityOf(traceA.spans), offsets.a), movedActivity(activityOf(traceB.spans), offsets.b)]),
  };
}

export const movedLanes = (trace: Trace, services: readonly string[], by: number): readonly Lane[] => lanesOf(trace, services).map((lane) => movedLane(lane, by));
