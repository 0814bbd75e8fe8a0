import { heightOf, type DurationScale } from '../model/chartScale';
import type { Distribution } from '../model/distribution';

/** Where the parts of the chart lie, in CSS pixels; everything that draws or reads the pointer uses it. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  /** Top and bottom of the scatter. */
  readonly top: number;
  readonly bottom: number;
  /** Top and bottom of the strip. */
  readonly stripTop: number;
  readonly stripBottom: number;
}

export interface Axis {
  readonly frame: Frame;
  /** Nanoseconds after the distribution's first moment at the left end, and the length of the axis. */
  readonly start: number;
  readonly length: number;
  readonly scale: DurationScale;
}

export const xOf = (axis: Axis, nanos: number): number => axis.frame.left + ((nanos - axis.start) / axis.length) * (axis.frame.right - axis.frame.left);
export const nanosAt = (axis: Axis, x: number): number => axis.start + ((x - axis.frame.left) / (axis.frame.right - axis.frame.left)) * axis.length;
export const yOf = (axis: Axis, duration: number): number => axis.frame.bottom - heightOf(axis.scale, duration) * (axis.frame.bottom - axis.frame.top);

export interface Inks {
  readonly plot: string;
  readonly error: string;
  readonly grid: string;
  readonly line: string;
  readonly brush: string;
  readonly brushEdge: string;
  readonly hover: string;
}

/** The tokens' values now; the canvas can't use custom properties. */
export function readInks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return { plot: token('--plot'), error: token('--err'), grid: token('--grid'), line: token('--line-strong'), brush: token('--accent-tint'), brushEdge: token('--focus-ink'), hover: token('--fg') };
}

/** A marked part in pixels; top and bottom are null when it was drawn in the strip. */
export interface Marked {
  readonly left: number;
  readonly right: number;
  readonly top: number | null;
  readonly bottom: number | null;
}

export interface ChartPicture {
  readonly distribution: Distribution;
  readonly axis: Axis;
  readonly ticks: readonly number[];
  readonly marked: Marked | null;
  readonly hover: { readonly x: number; readonly y: number } | null;
  readonly column: number | null;
}

const radius = 1.7;
const cross = 3;

/** Draws the whole chart: grid, what is marked, traces as dots or as cells, and the strip. */
export function paintChart(canvas: HTMLCanvasElement, picture: ChartPicture, width: number, height: number, ratio: number): void {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext('2d');
  if (pen === null || width <= 0) return;
  pen.scale(ratio, ratio);
  const inks = readInks();
  const { frame } = picture.axis;
  pen.fillStyle = inks.grid;
  for (const tick of picture.ticks) pen.fillRect(frame.left, Math.round(yOf(picture.axis, tick)), frame.right - frame.left, 1);
  paintMarked(pen, picture.marked, frame, inks);
  pen.save();
  pen.beginPath();
  pen.rect(frame.left - cross, 0, frame.right - frame.left + 2 * cross, height);
  pen.clip();
  if (picture.distribution.points === null) paintCells(pen, picture, inks);
  else paintPoints(pen, picture, inks);
  pen.restore();
  paintStrip(pen, picture, inks);
  if (picture.marked !== null) {
    pen.fillStyle = inks.brushEdge;
    for (const x of [picture.marked.left, picture.marked.right]) pen.fillRect(x - 0.75, 2, 1.5, frame.stripBottom - 2);
  }
  if (picture.hover !== null) {
    pen.strokeStyle = inks.hover;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.arc(picture.hover.x, picture.hover.y, 5, 0, 2 * Math.PI);
    pen.stroke();
  }
}

function paintMarked(pen: CanvasRenderingContext2D, marked: Marked | null, frame: Frame, inks: Inks): void {
  if (marked === null) return;
  pen.fillStyle = inks.brush;
  pen.fillRect(marked.left, 2, marked.right - marked.left, frame.stripBottom - 2);
  if (marked.top === null || marked.bottom === null) return;
  pen.fillRect(marked.left, marked.top, marked.right - marked.left, marked.bottom - marked.top);
  pen.fillStyle = inks.brushEdge;
  for (const y of [marked.top, marked.bottom]) pen.fillRect(marked.left, y - 0.5, marked.right - marked.left, 1);
}

function crossAt(pen: CanvasRenderingContext2D, x: number, y: number, arm = cross): void {
  pen.moveTo(x - arm, y - arm);
  pen.lineTo(x + arm, y + arm);
  pen.moveTo(x + arm, y - arm);
  pen.lineTo(x - arm, y + arm);
}

/** Dots first, crosses over them: what failed is never hidden. One path for each, since changing styles costs most. */
function paintPoints(pen: CanvasRenderingContext2D, { distribution, axis }: ChartPicture, inks: Inks): void {
  const points = distribution.points ?? [];
  pen.fillStyle = inks.plot;
  pen.globalAlpha = 0.62;
  for (const point of points) {
    if (point.errors > 0) continue;
    pen.beginPath();
    pen.arc(inside(axis, xOf(axis, point.start)), yOf(axis, point.duration), radius, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = inks.error;
  pen.lineWidth = 1.6;
  pen.beginPath();
  for (const point of points) if (point.errors > 0) crossAt(pen, inside(axis, xOf(axis, point.start)), yOf(axis, point.duration));
  pen.stroke();
}

/** A trace that began before the axis does stands at its edge, where its column counts it. */
export const inside = (axis: Axis, x: number): number => Math.min(axis.frame.right, Math.max(axis.frame.left, x));

/** The more traces a cell has, the denser it is, by the logarithm. */
function paintCells(pen: CanvasRenderingContext2D, { distribution, axis }: ChartPicture, inks: Inks): void {
  const { cells, rowEdges, columnLength } = distribution;
  const most = cells.reduce((found, cell) => Math.max(found, cell.traces), 1);
  pen.fillStyle = inks.plot;
  for (const cell of cells) {
    const box = cellBox(axis, rowEdges, columnLength, cell);
    pen.globalAlpha = 0.16 + 0.84 * (Math.log(cell.traces + 1) / Math.log(most + 1));
    pen.fillRect(box.left, box.top, Math.max(1, box.right - box.left - 0.5), Math.max(1, box.bottom - box.top - 0.5));
  }
  // Of a cell that has errors, so much of its width is red as of its traces failed; where half of them did, it has a cross too.
  pen.globalAlpha = 1;
  pen.fillStyle = inks.error;
  pen.strokeStyle = inks.hover;
  pen.lineWidth = 1.2;
  for (const cell of cells) {
    if (cell.errors === 0) continue;
    const box = cellBox(axis, rowEdges, columnLength, cell);
    const [wide, high] = [box.right - box.left - 0.5, Math.max(1, box.bottom - box.top - 0.5)];
    pen.fillRect(box.left, box.top, Math.max(1, (wide * cell.errors) / cell.traces), high);
    if (cell.errors * 2 < cell.traces || wide < 4) continue;
    pen.beginPath();
    crossAt(pen, box.left + wide / 2, box.top + high / 2, Math.min(cross, high / 2 + 0.5));
    pen.stroke();
  }
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function cellBox(axis: Axis, rowEdges: readonly number[], columnLength: number, cell: { readonly column: number; readonly row: number }): Box {
  return {
    left: inside(axis, xOf(axis, cell.column * columnLength)),
    right: inside(axis, xOf(axis, (cell.column + 1) * columnLength)),
    top: yOf(axis, rowEdges[cell.row + 1] ?? 0),
    bottom: yOf(axis, rowEdges[cell.row] ?? 0),
  };
}

function paintStrip(pen: CanvasRenderingContext2D, { distribution, axis, column }: ChartPicture, inks: Inks): void {
  const { frame } = axis;
  const most = distribution.traces.reduce((found, count) => Math.max(found, count), 1);
  const room = frame.stripBottom - frame.stripTop;
  distribution.traces.forEach((count, index) => {
    if (count === 0) return;
    const left = inside(axis, xOf(axis, index * distribution.columnLength));
    const right = inside(axis, xOf(axis, (index + 1) * distribution.columnLength));
    const wide = Math.max(1, right - left - 1);
    const bar = Math.max(1, (count / most) * room);
    pen.fillStyle = inks.plot;
    pen.globalAlpha = index === column ? 0.85 : 0.5;
    pen.fillRect(left + 0.5, frame.stripBottom - bar, wide, bar);
    pen.globalAlpha = 1;
    const errors = distribution.errors[index] ?? 0;
    if (errors === 0) return;
    pen.fillStyle = inks.error;
    const foot = Math.max(2, (errors / most) * room);
    pen.fillRect(left + 0.5, frame.stripBottom - foot, wide, foot);
  });
  pen.fillStyle = inks.line;
  pen.fillRect(frame.left, frame.stripBottom, frame.right - frame.left, 1);
}
