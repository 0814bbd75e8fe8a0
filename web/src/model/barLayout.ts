import type { TimeAxis } from './axis';
import { formatDuration, plural } from './format';
import { missingParent } from './spanTree';
import { durationOf, endOf, isError, isRunning, labelOf, startOf, waitKindOf, waitName, type Trace } from './trace';

/** A stretch of a bar in pixels from the left edge of the timeline; thin where it crosses a fold. */
export interface BarPiece {
  readonly left: number;
  readonly width: number;
  readonly thin: boolean;
}

/** A span's bar in pixels from the left edge of the timeline, cut to what can be seen. */
export interface Bar {
  readonly left: number;
  readonly width: number;
  /** One, but for a bar that reaches into folds. */
  readonly pieces: readonly BarPiece[];
  /** Goes on to where the last descendant ends, when that outlives the span. */
  readonly tail: { readonly left: number; readonly width: number } | null;
  readonly orphan: boolean;
  /** It has not arrived, and may end later. */
  readonly running: boolean;
  /** It goes on after what is shown. */
  readonly cut: boolean;
  readonly label: BarLabel | null;
}

export interface BarLabel {
  readonly text: string;
  readonly tone: 'error' | 'wait' | 'link';
  /** Pixels from the left edge; from the right edge when it ends there (`inside`, `before`). */
  readonly at: number;
  readonly place: 'beside' | 'inside' | 'middle' | 'before';
}

export const leastBar = 2;
/** Of the page's 11 px type; a label is only left out or moved by this, never cut. */
const characterWidth = 5.8;
/** Bars go on beyond the left edge, so that what is cut there has no rounded end; at the right edge they end with the ruler. */
const beyond = 6;

/** What is worth saying beside a bar that no column says: the error, or what a wait was for. Longest first, shorter ones for where that has no room. */
export function labelTexts(trace: Trace, row: number): readonly { readonly text: string; readonly tone: BarLabel['tone'] }[] {
  if (isRunning(trace, row)) return [{ text: 'not here yet: a span is sent when it ends', tone: 'wait' }, { text: 'not here yet', tone: 'wait' }];
  const failed = labelOf(trace, row);
  if (isError(trace, row) && failed !== null) return [{ text: failed, tone: 'error' }];
  const wait = waitKindOf(trace, row);
  if (wait === null) return foreignLinks(trace, row);
  const short = `${waitName(wait)} ${formatDuration(durationOf(trace, row))}`;
  const detail = isError(trace, row) ? null : labelOf(trace, row);
  return (detail === null ? [short] : [`${short} · ${detail}`, short]).map((text) => ({ text, tone: 'wait' as const }));
}

/** Links within the trace are arrows; those that leave it are counted. */
function foreignLinks(trace: Trace, row: number): readonly { readonly text: string; readonly tone: 'link' }[] {
  const count = (trace.spans.links[row] ?? 0) === 0 ? 0 : trace.links.filter((link) => link.row === row && link.toRow < 0).length;
  return count === 0 ? [] : [{ text: count === 1 ? '1 link to another trace' : `${plural(count, 'link')} to other traces`, tone: 'link' }];
}

/** On which side of what is shown a span lies that has no bar there. */
export const sideOf = (trace: Trace, row: number, axis: TimeAxis): 'left' | 'right' => (startOf(trace, row) >= axis.to ? 'right' : 'left');

/** Null when nothing of the span lies in the part of the axis that is shown. */
export function layoutBar(trace: Trace, row: number, axis: TimeAxis): Bar | null {
  const [x0, x1, xEnd] = [axis.x(startOf(trace, row)), axis.x(endOf(trace, row)), axis.x(trace.tree.lastEnd[row] ?? 0)];
  const [low, high] = [-beyond, axis.width];
  const outlives = xEnd > x1 + 1;
  const right = Math.max(x1, x0 + leastBar);
  const seen = right > low && x0 < high;
  const tail = outlives && xEnd > low && right < high ? { left: Math.max(low, right), width: Math.min(high, xEnd) - Math.max(low, right) } : null;
  if (!seen && tail === null) return null;
  const left = Math.max(low, x0);
  // A view inside a long bar still gets the bar from edge to edge.
  const width = seen ? Math.max(leastBar, Math.min(high, right) - left) : 0;
  return { left, width, pieces: piecesOf(trace, row, axis, left, width), tail, orphan: trace.spans.parent[row] === missingParent && x0 >= 0, running: isRunning(trace, row), cut: right > high + 0.5, label: seen ? layoutLabel(trace, row, axis, left, left + width) : null };
}

/** A fold holds no work: what reaches into it is a line there. A wait is drawn whole, and so is what lies in a fold from end to end. */
function piecesOf(trace: Trace, row: number, axis: TimeAxis, left: number, width: number): readonly BarPiece[] {
  const whole = [{ left, width, thin: false }];
  if (width <= leastBar || (trace.spans.wait[row] ?? -1) >= 0) return whole;
  const folds = axis.segments.filter((segment) => segment.kind === 'fold' && segment.x0 < left + width && segment.x1 > left);
  if (folds.length === 0 || folds.some((fold) => fold.x0 <= left && fold.x1 >= left + width)) return whole;
  const pieces: BarPiece[] = [];
  let at = left;
  for (const fold of folds) {
    if (fold.x0 > at) pieces.push({ left: at, width: fold.x0 - at, thin: false });
    const begin = Math.max(at, fold.x0);
    at = Math.min(left + width, fold.x1);
    pieces.push({ left: begin, width: at - begin, thin: true });
  }
  if (at < left + width) pieces.push({ left: at, width: left + width - at, thin: false });
  return pieces;
}

function layoutLabel(trace: Trace, row: number, axis: TimeAxis, left: number, right: number): BarLabel | null {
  const [begin, end] = [Math.max(0, left), Math.min(right, axis.width)];
  for (const label of labelTexts(trace, row)) {
    const length = label.text.length * characterWidth;
    const beside = right + (isError(trace, row) ? 22 : 6);
    if (beside + length <= axis.width + 8) return { ...label, at: beside, place: 'beside' };
    if (end - begin >= length + 24) return label.tone === 'wait' ? { ...label, at: (begin + end - length) / 2 - 4, place: 'middle' } : { ...label, at: axis.width - end + 6, place: 'inside' };
    // Arrows of links come in from the left.
    if (label.tone !== 'link' && left - 8 - length >= 0) return { ...label, at: axis.width - left + 8, place: 'before' };
  }
  return null;
}
