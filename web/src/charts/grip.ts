import type { Brush } from '../model/brush';
import type { Distribution } from '../model/distribution';
import { after, unixNano } from '../model/nano';
import { brushOf } from './hit';
import type { Axis, Marked } from './paint';

/** Where a mark is held: by an edge, which moves alone, or inside, which moves all of it. */
export type Grip = 'inside' | 'left' | 'right' | 'top' | 'bottom';

/** How near to an edge the pointer holds it, in pixels. */
const reach = 5;

/** Null beside the mark. A mark without durations is held in all of its height. */
export function gripAt(marked: Marked | null, x: number, y: number): Grip | null {
  if (marked === null) return null;
  const { left, right, top, bottom } = marked;
  if (x < left - reach || x > right + reach) return null;
  if (top !== null && bottom !== null && (y < top - reach || y > bottom + reach)) return null;
  // Of two edges that are close together the nearer one.
  let [grip, least]: [Grip, number] = ['inside', reach];
  const edge = (name: Grip, away: number): void => {
    if (away < least || (away === least && grip === 'inside')) [grip, least] = [name, away];
  };
  edge('left', Math.abs(x - left));
  edge('right', Math.abs(x - right));
  if (top !== null) edge('top', Math.abs(y - top));
  if (bottom !== null) edge('bottom', Math.abs(y - bottom));
  return grip;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

const between = (value: number, low: number, high: number): number => Math.min(Math.max(low, high), Math.max(low, value));

/** What a mark is once it was dragged by a grip from one place to another. It stays inside the chart; an edge that passes the other one turns it round. */
export function draggedBrush(distribution: Distribution, axis: Axis, marked: Marked, grip: Grip, from: Place, to: Place): Brush {
  const { frame } = axis;
  const [top, bottom] = [marked.top ?? frame.top, marked.bottom ?? frame.bottom];
  const [byX, byY] = grip === 'inside' ? [between(to.x - from.x, frame.left - marked.left, frame.right - marked.right), between(to.y - from.y, frame.top - top, frame.bottom - bottom)] : [0, 0];
  const box = { left: marked.left + byX, right: marked.right + byX, top: top + byY, bottom: bottom + byY };
  if (grip === 'left' || grip === 'right') box[grip] = between(to.x, frame.left, frame.right);
  if (grip === 'top' || grip === 'bottom') box[grip] = between(to.y, frame.top, frame.bottom);
  return brushOf(distribution, axis, { x: box.left, y: box.bottom }, { x: box.right, y: box.top }, marked.top !== null);
}

/** The mark so many columns later; it ends where the chart does. */
export function steppedBrush(distribution: Distribution, brush: Brush, columns: number): Brush {
  const [first, last] = [distribution.first, after(distribution.first, distribution.traces.length * distribution.columnLength)];
  const wanted = BigInt(Math.round(columns * distribution.columnLength));
  const [least, most] = [first - brush.from, last - brush.to];
  const by = wanted < least ? (least < 0n ? least : 0n) : wanted > most ? (most > 0n ? most : 0n) : wanted;
  return { ...brush, from: unixNano(brush.from + by), to: unixNano(brush.to + by) };
}
