import { eachFrame, type FlameGraph, type Frame } from '../../../model/flame';
import { formatDuration } from '../../../model/format';
import { serviceColorIndex } from '../../../model/serviceColor';
import { isBackoff, type Trace } from '../../../model/trace';
import { hatch } from '../../../timeline/paintMinimap';

export const frameHeight = 22;
/** A frame narrower than this is not drawn, nor found under the pointer. */
const leastWidth = 0.5;
const leastText = 34;

export interface FlameInks {
  readonly services: readonly string[];
  readonly texts: readonly string[];
  readonly panel: string;
  readonly text: string;
  readonly error: string;
  readonly focus: string;
  readonly waitInk: string;
  readonly waitBackground: string;
  readonly warning: string;
  readonly font: string;
}

/** The tokens' values now; the canvas can't use custom properties. */
export function readFlameInks(element: Element): FlameInks {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const sixteen = (suffix: string): readonly string[] => Array.from({ length: 16 }, (_, index) => token(`--svc-${index}${suffix}`));
  return { services: sixteen(''), texts: sixteen('-text'), panel: token('--panel'), text: token('--fg'), error: token('--err'), focus: token('--focus-ink'), waitInk: token('--wait-ink'), waitBackground: token('--wait-bg'), warning: token('--warn'), font: `${token('--t-xs')} ${token('--font')}` };
}

export interface FlameView {
  readonly trace: Trace;
  readonly graph: FlameGraph;
  readonly zoomed: number;
  readonly focused: number;
  readonly hovered: number;
  /** By frame: how many of its spans are found by the search; null when nothing is searched for. */
  readonly hits: Int32Array | null;
  readonly dimmed: (frame: Frame) => boolean;
  readonly notched: ReadonlySet<string>;
}

/** The longest beginning of a text that fits, with an ellipsis where it was cut. */
function cut(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let [low, high] = [0, Math.min(text.length, Math.ceil(width / 2))];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : `${text.slice(0, low)}…`;
}

/** Draws what lies between `top` and `top + height` of the graph. A frame that the zoom lies in is drawn over the whole width. */
export function paintFlame(canvas: HTMLCanvasElement, view: FlameView, width: number, height: number, top: number, inks: FlameInks, ratio: number): void {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null || width <= 0) return;
  context.scale(ratio, ratio);
  context.font = inks.font;
  context.textBaseline = 'middle';
  const [waits, backoffs] = [hatch(context, inks, inks.waitInk, ratio), hatch(context, inks, inks.warning, ratio)];
  const { trace, graph } = view;
  eachFrame(graph, view.zoomed, width, leastWidth, (frame, number, x, length) => {
    const y = frame.depth * frameHeight - top;
    if (y <= -frameHeight || y >= height) return;
    const service = trace.services[frame.service] ?? '';
    const color = serviceColorIndex(service);
    const [barWidth, barHeight] = [Math.max(1, length - 1), frameHeight - 2];
    context.globalAlpha = view.dimmed(frame) ? 0.45 : 1;
    context.fillStyle = frame.wait === null ? (inks.services[color] ?? inks.text) : isBackoff(frame.wait) ? backoffs : waits;
    context.fillRect(x, y + 1, barWidth, barHeight);
    if (frame.wait === null && view.notched.has(service) && barWidth > 8) {
      context.fillStyle = inks.panel;
      context.fillRect(x + 3, y + 1, 2, barHeight);
    }
    const inset = view.notched.has(service) ? 9 : 5;
    if (barWidth > leastText) {
      const said = trace.names[frame.name] ?? '';
      const label = cut(context, `${said === '' ? '(no name)' : said}${frame.spans > 1 ? ` ×${frame.spans}` : ''}  ${formatDuration(frame.total)}${frame.errors > 0 ? `  ${frame.errors === 1 ? 'error' : `${frame.errors} errors`}` : ''}`, barWidth - inset - 5);
      if (frame.wait !== null && label !== '') {
        // Text on the hatch would not be read.
        context.fillStyle = inks.panel;
        context.fillRect(x + 2, y + 3, context.measureText(label).width + 7, barHeight - 4);
      }
      context.fillStyle = frame.wait === null ? (inks.texts[color] ?? inks.text) : inks.text;
      context.fillText(label, x + inset, y + frameHeight / 2 + 0.5);
    }
    if (frame.errors > 0) outline(context, inks.error, 1.5, x, y, barWidth, barHeight);
    if ((view.hits?.[number] ?? 0) > 0) {
      context.fillStyle = inks.text;
      context.fillRect(x, y + barHeight - 1, barWidth, 2);
    }
    context.globalAlpha = 1;
    if (number === view.hovered) outline(context, inks.text, 1, x, y, barWidth, barHeight);
    if (number === view.focused) outline(context, inks.focus, 2, x, y, barWidth, barHeight);
  });
}

function outline(context: CanvasRenderingContext2D, ink: string, line: number, x: number, y: number, width: number, height: number): void {
  context.strokeStyle = ink;
  context.lineWidth = line;
  context.strokeRect(x + line / 2, y + 1 + line / 2, Math.max(0.5, width - line), height - line);
}
