import { findFolds, foldWidth, leastFold } from './foldedAxis';
import type { Interval } from './trace';

/** A stretch of a trace in which the same is going on: a service works, something waits, or nothing was seen. Nanoseconds. */
export interface ShapeSegment {
  readonly length: number;
  readonly service: string | null;
  readonly wait: string | null;
  readonly error: boolean;
}

/** What a row draws of its trace; null when it has too many spans for that. */
export type Shape = readonly ShapeSegment[] | null;

export interface ShapePiece {
  readonly left: number;
  readonly width: number;
  readonly segment: ShapeSegment;
  readonly folded: boolean;
}

/** A shape is drawn at this scale of the trace screen's axis. */
const scale = 0.36;
const leastWidth = 1.5;

const isWork = (segment: ShapeSegment): boolean => segment.service !== null && segment.wait === null;

interface Placed {
  readonly segment: ShapeSegment;
  readonly from: number;
  readonly to: number;
}

/** The stretches that fold, as on the axis of the trace screen; waits that follow each other fold together there. */
function foldsOf(placed: readonly Placed[]): readonly Interval[] {
  const busy = placed.filter(({ segment }) => isWork(segment) || (segment.wait !== null && segment.length <= leastFold));
  const waits = placed.filter(({ segment }) => segment.wait !== null);
  return findFolds([{ total: placed.at(-1)?.to ?? 0, busy, waits, unexplained: placed.filter(({ segment }) => segment.service === null && segment.wait === null) }]);
}

/**
 * Places a shape's segments in a width: long waits take a width by the logarithm of their length, all else shares what remains at one scale. A trace with little work takes less of the width,
 * so that rows can be compared.
 */
export function layoutShape(segments: readonly ShapeSegment[], width: number): readonly ShapePiece[] {
  let end = 0;
  const placed = segments.map((segment): Placed => ({ segment, from: end, to: (end += segment.length) }));
  const folds = foldsOf(placed);
  const foldOf = ({ from, to }: Placed): Interval | undefined => folds.find((fold) => from >= fold.from && to <= fold.to);
  const wide = folds.reduce((sum, fold) => sum + Math.round(foldWidth(fold.to - fold.from) * scale), 0);
  const linear = placed.reduce((sum, one) => sum + (foldOf(one) === undefined ? one.segment.length : 0), 0);
  // Many folds on little room: all of them narrower, so that half is left for the work.
  const shrink = Math.min(1, (linear === 0 ? width : width / 2) / Math.max(1, wide));
  const share = Math.min(1, Math.max(0.12, 0.16 + Math.log10(Math.max(1e-3, linear / 1e6)) / 4.1));
  const perNano = linear === 0 ? 0 : ((width - wide * shrink) * share) / linear;
  const widths = placed.map((one) => {
    const fold = foldOf(one);
    return fold === undefined ? Math.max(leastWidth, one.segment.length * perNano) : (Math.round(foldWidth(fold.to - fold.from) * scale) * shrink * one.segment.length) / (fold.to - fold.from);
  });
  const total = widths.reduce((sum, part) => sum + part, 0);
  const fit = Math.min(1, width / Math.max(1, total));
  let left = 0;
  return placed.map((one, index) => {
    const piece = { left, width: (widths[index] ?? 0) * fit, segment: one.segment, folded: foldOf(one) !== undefined };
    left += piece.width;
    return piece;
  });
}
