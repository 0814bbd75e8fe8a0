/** The part of a trace that the picture shows, in nanoseconds since its start. */
export interface Viewport {
  readonly from: number;
  readonly to: number;
}

/** What a pixel may not go below: a window of 50 ns. */
const shortest = 50;

export const whole = (total: number): Viewport => ({ from: 0, to: Math.max(1, total) });
export const isWhole = (view: Viewport, total: number): boolean => view.from <= 0 && view.to >= Math.max(1, total);

export function clamp(view: Viewport, total: number): Viewport {
  const length = Math.min(Math.max(view.to - view.from, Math.min(shortest, Math.max(1, total))), Math.max(1, total));
  const from = Math.min(Math.max(0, view.from), Math.max(1, total) - length);
  return { from, to: from + length };
}

/** A factor below 1 shows less; the time `at` keeps its place. */
export function zoom(view: Viewport, factor: number, at: number, total: number): Viewport {
  const from = at - (at - view.from) * factor;
  return clamp({ from, to: from + (view.to - view.from) * factor }, total);
}

/** By a share of what is shown. */
export function pan(view: Viewport, share: number, total: number): Viewport {
  const length = view.to - view.from;
  const from = Math.min(Math.max(0, view.from + share * length), Math.max(0, Math.max(1, total) - length));
  return { from, to: from + length };
}
