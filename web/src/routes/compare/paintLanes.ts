import type { TimeAxis } from '../../model/axis';
import type { Lane } from '../../model/compareLanes';
import { serviceColorIndex } from '../../model/serviceColor';
import type { Interval } from '../../model/trace';
import { readInks } from '../../timeline/paintMinimap';

export const laneHeight = 15;

export interface LaneGroup {
  readonly lanes: readonly Lane[];
  /** Pixels from the picture's top. */
  readonly top: number;
}

/** What a pixel holds is drawn once: of 50,000 intervals most fall on the same pixels. */
function* merged(intervals: readonly Interval[], axis: TimeAxis, least: number): Iterable<readonly [number, number]> {
  let [from, to] = [-1, -1];
  for (const interval of intervals) {
    const x0 = axis.x(interval.from);
    const x1 = Math.max(x0 + least, axis.x(interval.to));
    if (from >= 0 && x0 <= to + 0.3) to = Math.max(to, x1);
    else {
      if (from >= 0) yield [from, to];
      [from, to] = [x0, x1];
    }
  }
  if (from >= 0) yield [from, to];
}

/** The work of both traces, one lane a service; what failed has a red frame. Waits lie above it, as elements. */
export function paintLanes(canvas: HTMLCanvasElement, groups: readonly LaneGroup[], axis: TimeAxis, height: number, notched: ReadonlySet<string>, ratio: number): void {
  canvas.width = Math.round(axis.width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null || axis.width <= 0) return;
  context.scale(ratio, ratio);
  const inks = readInks(document.documentElement);
  const style = getComputedStyle(document.documentElement);
  const [line, panel] = [style.getPropertyValue('--line').trim(), style.getPropertyValue('--panel').trim()];
  for (const { lanes, top } of groups)
    lanes.forEach((lane, index) => {
      const y = top + index * laneHeight;
      context.fillStyle = line;
      context.fillRect(0, y + laneHeight - 1, axis.width, 1);
      context.fillStyle = inks.services[serviceColorIndex(lane.service)] ?? inks.tick;
      for (const [from, to] of merged(lane.busy, axis, 1.5)) {
        context.fillRect(from, y + 1, to - from, laneHeight - 4);
        if (notched.has(lane.service) && to - from > 8) {
          context.fillStyle = panel;
          context.fillRect(from + 3, y + 1, 2, laneHeight - 4);
          context.fillStyle = inks.services[serviceColorIndex(lane.service)] ?? inks.tick;
        }
      }
      context.strokeStyle = inks.error;
      context.lineWidth = 1.5;
      for (const [from, to] of merged(lane.failed, axis, 2)) context.strokeRect(from - 0.5, y + 0.75, to - from + 1, laneHeight - 3.5);
    });
}
