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

/** The least length of a wait that folds, and its least share of the work: as on the axis of the trace screen. */
const leastFold = 250e6;
const leastShare = 0.15;
const mostFolds = 12;
/** A shape is drawn at this scale of the trace screen's axis. */
const scale = 0.36;
const leastWidth = 1.5;

const isWork = (segment: ShapeSegment): boolean => segment.service !== null && segment.wait === null;
const foldWidth = (nanos: number): number => Math.round((16 * Math.log10(nanos / 1e6) + 16) * scale);

/**
 * Places a shape's segments in a width: long waits take a width by the logarithm of their length, all else shares what remains at one scale. A trace with little work takes less of the width,
 * so that rows can be compared.
 */
export function layoutShape(segments: readonly ShapeSegment[], width: number): readonly ShapePiece[] {
  const work = segments.reduce((sum, segment) => sum + (isWork(segment) ? segment.length : 0), 0);
  const folds = new Set(
    segments
      .filter((segment) => segment.wait !== null && segment.length > leastFold && segment.length > work * leastShare)
      .toSorted((a, b) => b.length - a.length)
      .slice(0, mostFolds),
  );
  const wide = segments.reduce((sum, segment) => sum + (folds.has(segment) ? foldWidth(segment.length) : 0), 0);
  // Many folds on little room: all of them narrower, so that half is left for the work.
  const shrink = Math.min(1, (folds.size === segments.length ? width : width / 2) / Math.max(1, wide));
  const linear = segments.reduce((sum, segment) => sum + (folds.has(segment) ? 0 : segment.length), 0);
  const share = Math.min(1, Math.max(0.12, 0.16 + Math.log10(Math.max(1e-3, linear / 1e6)) / 4.1));
  const perNano = linear === 0 ? 0 : ((width - wide * shrink) * share) / linear;
  const widths = segments.map((segment) => (folds.has(segment) ? foldWidth(segment.length) * shrink : Math.max(leastWidth, segment.length * perNano)));
  const total = widths.reduce((sum, part) => sum + part, 0);
  const fit = Math.min(1, width / Math.max(1, total));
  let left = 0;
  return segments.map((segment, index) => {
    const piece = { left, width: (widths[index] ?? 0) * fit, segment, folded: folds.has(segment) };
    left += piece.width;
    return piece;
  });
}
