import type { TimeAxis } from './axis';
import { piecesOf, type CriticalPath } from './criticalPath';
import { positionOf } from './rows';
import { endOf, startOf, type Trace } from './trace';

/** Thinner pieces are not drawn; every sum counts them. */
export const leastPiece = 1.5;

/** A stretch of the path below a bar, in pixels. */
export interface PathLine {
  readonly left: number;
  readonly width: number;
}

/** A thin line where the path goes from one row to another; positions among the visible rows. */
export interface Joint {
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

/** The path's lines in a row; those of the whole subtree when it is closed. Lines that touch are one. */
export function pathLines(path: CriticalPath, axis: TimeAxis, row: number, stop: number): readonly PathLine[] {
  const found: { left: number; right: number }[] = [];
  const add = (piece: number): void => {
    const [from, to] = [path.from[piece] ?? 0, path.to[piece] ?? 0];
    if (to <= axis.from || from >= axis.to) return;
    const [left, right] = [Math.max(0, axis.x(from)), Math.min(axis.width, axis.x(to))];
    const last = found.at(-1);
    if (last !== undefined && left - last.right < 0.5) last.right = Math.max(last.right, right);
    else found.push({ left, right });
  };
  if (stop === row + 1) piecesOf(path, row, stop).forEach(add);
  // All pieces are in order of time, which those of a subtree by row are not.
  else path.row.forEach((of, piece) => of >= row && of < stop && add(piece));
  return found.filter(({ left, right }) => right - left >= leastPiece).map(({ left, right }) => ({ left, width: Math.max(2, right - left) }));
}

/**
 * Where the path changes rows. Joints that fall on the same pixel are one line: in a deep tree a dozen of them would add up to a bright bar.
 * At most one piece a 1.5 px of width is drawn, so this stays small however many spans there are.
 */
export function pathJoints(path: CriticalPath, axis: TimeAxis, visible: Int32Array): readonly Joint[] {
  const columns = new Map<number, [number, number][]>();
  let last = -1;
  for (let piece = 0; piece < path.row.length; piece++) {
    const [from, to] = [path.from[piece] ?? 0, path.to[piece] ?? 0];
    if (to <= axis.from || from >= axis.to) continue;
    const [x0, x1] = [axis.x(from), axis.x(to)];
    if (x1 - x0 < leastPiece) continue;
    const position = positionOf(visible, path.row[piece] ?? 0);
    if (last >= 0 && position !== last && x0 >= 0) {
      const x = Math.round(x0);
      const column = columns.get(x) ?? [];
      column.push([Math.min(last, position), Math.max(last, position)]);
      columns.set(x, column);
    }
    last = position;
  }
  return [...columns].flatMap(([x, column]) => {
    const merged: [number, number][] = [];
    for (const [top, bottom] of column.sort((a, b) => a[0] - b[0])) {
      const before = merged.at(-1);
      if (before !== undefined && top <= before[1]) before[1] = Math.max(before[1], bottom);
      else merged.push([top, bottom]);
    }
    return merged.map(([top, bottom]) => ({ x, top, bottom }));
  });
}

/** A link between two rows in view, from the span that came first to the one that came of it. Positions among the visible rows, times as pixels. */
export interface LinkArrow {
  readonly key: string;
  readonly fromPosition: number;
  readonly fromX: number;
  readonly toPosition: number;
  readonly toX: number;
}

/** More arrows than this in view are a carpet; the panel lists every link. */
export const mostArrows = 100;

/** The arrows that touch rows `first` to `last` (positions). A link points at what came before; the arrow is drawn the way things happened. */
export function linkArrows(trace: Trace, axis: TimeAxis, visible: Int32Array, first: number, last: number): readonly LinkArrow[] {
  const found: LinkArrow[] = [];
  for (const { row, toRow, spanId } of trace.links) {
    if (toRow < 0 || found.length >= mostArrows) continue;
    const [earlier, later] = startOf(trace, toRow) <= startOf(trace, row) ? [toRow, row] : [row, toRow];
    const [fromPosition, toPosition] = [positionOf(visible, earlier), positionOf(visible, later)];
    if (fromPosition === toPosition || Math.min(fromPosition, toPosition) > last || Math.max(fromPosition, toPosition) < first) continue;
    const toX = axis.x(startOf(trace, later));
    const fromX = Math.min(axis.x(endOf(trace, earlier)), toX);
    if (toX < 0 || fromX > axis.width) continue;
    found.push({ key: `${row}-${spanId}`, fromPosition, fromX, toPosition, toX });
  }
  return found;
}
