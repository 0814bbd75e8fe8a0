import { eachFrame } from '../model/flame';
import { formatShare, formatShift, formatValue, shareOf, shiftOf, shortName, type StackFlame } from '../model/profile';
import { serviceColorIndex } from '../model/serviceColor';

export const stackHeight = 20;
const leastWidth = 0.5;
const leastText = 30;
/** A shift of the whole's share that is told by colour, and one that is told strongly. */
const [slight, strong] = [0.002, 0.03];

export interface StackInks {
  readonly service: string;
  readonly serviceText: string;
  readonly neutral: string;
  readonly text: string;
  readonly faint: string;
  readonly panel: string;
  readonly focus: string;
  readonly more: string;
  readonly less: string;
  readonly font: string;
}

/** The tokens' values now; the canvas can't use custom properties. */
export function readStackInks(element: Element, service: string): StackInks {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const index = serviceColorIndex(service);
  return {
    service: token(`--svc-${index}`), serviceText: token(`--svc-${index}-text`), neutral: token('--panel-3'), text: token('--fg'), faint: token('--fg-2'), panel: token('--panel'), focus: token('--focus-ink'),
    more: token('--slower'), less: token('--faster'), font: `${token('--t-xs')} ${token('--font')}`,
  };
}

export interface StackView {
  readonly graph: StackFlame;
  readonly unit: string;
  readonly service: string;
  readonly zoomed: number;
  readonly focused: number;
  readonly hovered: number;
  /** By frame: whether it is found by the search; null when nothing is searched for. */
  readonly hits: Uint8Array | null;
}

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

/** Draws what lies between `top` and `top + height`: the service's own code in its colour, that of the runtime and of libraries in grey, the profiler's hatched; in a comparison what takes more in one colour, less in the other, and by how much as text. */
export function paintStacks(canvas: HTMLCanvasElement, view: StackView, width: number, height: number, top: number, inks: StackInks, ratio: number): void {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null || width <= 0) return;
  context.scale(ratio, ratio);
  context.font = inks.font;
  context.textBaseline = 'middle';
  const { graph } = view;
  const base = graph.base;
  eachFrame(graph, view.zoomed, width, leastWidth, (frame, number, x, length) => {
    const y = frame.depth * stackHeight - top;
    if (y <= -stackHeight || y >= height) return;
    const [barWidth, barHeight] = [Math.max(0.5, length - 1), stackHeight - 1];
    const shift = base === null ? 0 : shiftOf(frame.value, graph.sum.value, frame.baseValue, base.value);
    const own = base === null && frame.kind === 'own';
    context.globalAlpha = view.hits !== null && view.hits[number] !== 1 ? 0.5 : 1;
    context.fillStyle = own ? inks.service : inks.neutral;
    context.fillRect(x, y, barWidth, barHeight);
    if (base === null && frame.kind === 'profiler') hatch(context, inks.faint, x, y, barWidth, barHeight);
    if (base !== null && Math.abs(shift) > slight) {
      context.globalAlpha *= Math.abs(shift) > strong ? 0.45 : 0.2;
      context.fillStyle = shift > 0 ? inks.more : inks.less;
      context.fillRect(x, y, barWidth, barHeight);
      context.globalAlpha = view.hits !== null && view.hits[number] !== 1 ? 0.5 : 1;
      // More at the left edge, less at the right one: the side says it too.
      context.fillRect(shift > 0 ? x : x + Math.max(0, barWidth - 3), y, Math.min(3, barWidth), barHeight);
    }
    if (barWidth > leastText) {
      const figure = base === null ? `${formatValue(frame.value, view.unit)}, ${formatShare(shareOf(frame.value, graph.sum.value))}` : formatShift(shift);
      const name = shortName(frame.name);
      const all = `${base !== null && Math.abs(shift) > slight ? (shift > 0 ? '▲ ' : '▼ ') : ''}${name}  ${figure}`;
      const label = cut(context, all, barWidth - 10);
      context.fillStyle = own ? inks.serviceText : inks.text;
      context.fillText(label, x + 6, y + stackHeight / 2);
    }
    context.globalAlpha = 1;
    if (view.hits?.[number] === 1) {
      context.fillStyle = inks.text;
      context.fillRect(x, y + barHeight - 2, barWidth, 2);
    }
    if (number === view.hovered) outline(context, inks.text, 1, x, y, barWidth, barHeight);
    if (number === view.focused) outline(context, inks.focus, 2, x, y, barWidth, barHeight);
  });
}

/** Lines across a bar: what taking the profile cost is told by more than its grey. */
function hatch(context: CanvasRenderingContext2D, ink: string, x: number, y: number, width: number, height: number): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.globalAlpha *= 0.35;
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = x - height; at < x + width; at += 6) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

function outline(context: CanvasRenderingContext2D, ink: string, line: number, x: number, y: number, width: number, height: number): void {
  context.strokeStyle = ink;
  context.lineWidth = line;
  context.strokeRect(x + line / 2, y + line / 2, Math.max(0.5, width - line), height - line);
}
