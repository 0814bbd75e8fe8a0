import type { Viewport } from './viewport';

/**
 * The time whose spans are loaded for a view of a trace that is too large to be loaded whole; null for all of its time. Windows are the trace's length halved
 * again and again, each beginning at a multiple of its half, so that small moves keep to one window and a window that was seen is found again.
 * It holds the view, with at least as much beside it as the view is long.
 */
export function windowOf(view: Viewport, total: number): Viewport | null {
  const length = Math.max(1, view.to - view.from);
  const halvings = Math.floor(Math.log2(total / (2 * length)));
  if (halvings < 1) return null;
  const size = total / 2 ** halvings;
  const from = Math.floor(view.from / (size / 2)) * (size / 2);
  return { from: Math.floor(from), to: Math.ceil(from + size) };
}
