import { useMemo } from 'react';
import { ticks, type Tick, type TimeAxis } from '../model/axis';
import { foldedAxis, type FoldedAxisParts } from '../model/foldedAxis';
import type { Trace } from '../model/trace';
import { axisOf } from '../model/traceAxis';
import type { Viewport } from '../model/viewport';

/** How the user wants the waits drawn; in the address. */
export interface FoldState {
  readonly folded: boolean;
  readonly opened: ReadonlySet<number>;
}

export interface DrawnAxis {
  readonly parts: FoldedAxisParts;
  readonly axis: TimeAxis;
  readonly marks: readonly Tick[];
}

export function useAxis(trace: Trace, { folded, opened }: FoldState, view: Viewport, width: number): DrawnAxis {
  return useMemo(() => {
    const parts = { folds: folded ? axisOf(trace).folds : [], opened, total: trace.total, width, view };
    const axis = foldedAxis(parts);
    return { parts, axis, marks: ticks(axis) };
  }, [trace, folded, opened, view, width]);
}
