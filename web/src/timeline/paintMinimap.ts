import { serviceColorIndex } from '../model/serviceColor';
import { durationOf, isBackoff, startOf, type Trace } from '../model/trace';

export interface Inks {
  readonly services: readonly string[];
  readonly error: string;
  readonly waitInk: string;
  readonly waitBackground: string;
  readonly warning: string;
  readonly tick: string;
}

/** The tokens' values now; the canvas can't use custom properties. */
export function readInks(element: Element): Inks {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return { services: Array.from({ length: 16 }, (_, index) => token(`--svc-${index}`)), error: token('--err'), waitInk: token('--wait-ink'), waitBackground: token('--wait-bg'), warning: token('--warn'), tick: token('--fg-3') };
}

/** The same 6 x 6 tile as `--hatch`, at the display's resolution. */
export function hatch(context: CanvasRenderingContext2D, inks: Pick<Inks, 'waitBackground'>, ink: string, ratio: number): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(6 * ratio);
  const pen = tile.getContext('2d');
  if (pen === null) return inks.waitBackground;
  const size = tile.width;
  pen.fillStyle = inks.waitBackground;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = ink;
  pen.lineWidth = ratio;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, 'repeat');
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern ?? inks.waitBackground;
}

/** All spans of the trace in true proportions: waits hatched from top to bottom, one thin line a span, errors last so that they are seen. */
export function paintMinimap(canvas: HTMLCanvasElement, trace: Trace, width: number, height: number, inks: Inks, ratio: number): void {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null || width <= 0) return;
  context.scale(ratio, ratio);
  const perNano = width / Math.max(1, trace.total);
  for (const [ink, backoff] of [[inks.waitInk, false], [inks.warning, true]] as const) {
    context.fillStyle = hatch(context, inks, ink, ratio);
    for (const wait of trace.waits) if (wait.kind !== null && isBackoff(wait.kind) === backoff) context.fillRect(wait.from * perNano, 0, Math.max(1, (wait.to - wait.from) * perNano), height);
  }

  // What no span covers has no known cause: outlined, since a hatch says "waited".
  context.strokeStyle = inks.tick;
  context.setLineDash([1, 3]);
  for (const gap of trace.waits) if (gap.kind === null && (gap.to - gap.from) * perNano > 2) context.strokeRect(gap.from * perNano + 0.5, 1.5, (gap.to - gap.from) * perNano - 1, height - 3);
  context.setLineDash([]);

  const { count } = trace.tree;
  const rowHeight = Math.min(3, (height - 5) / Math.max(1, count));
  const lineHeight = Math.max(1, Math.min(2, rowHeight * 0.8));
  // One pass a colour: changing the fill style costs more than the rectangle. Rows that fall on the same pixels are drawn once.
  const drawn = new Set<number>();
  const line = (row: number): void => {
    const x = startOf(trace, row) * perNano;
    const length = Math.max(1.5, durationOf(trace, row) * perNano);
    const y = Math.round((2 + row * rowHeight) * ratio) / ratio;
    if (count > 2000) {
      const key = (Math.round(y * 2) * 8192 + Math.min(8191, Math.round(x))) * 8192 + Math.min(8191, Math.round(length));
      if (drawn.has(key)) return;
      drawn.add(key);
    }
    context.fillRect(x, y, length, lineHeight);
  };
  const byService = trace.services.map((): number[] => []);
  const errors: number[] = [];
  for (let row = 0; row < count; row++) {
    if ((trace.spans.wait[row] ?? -1) >= 0) continue;
    if (trace.spans.error[row] === 1) errors.push(row);
    else byService[trace.spans.service[row] ?? 0]?.push(row);
  }
  byService.forEach((rows, service) => {
    context.fillStyle = inks.services[serviceColorIndex(trace.services[service] ?? '')] ?? inks.tick;
    for (const row of rows) line(row);
  });
  drawn.clear();
  context.fillStyle = inks.error;
  for (const row of errors) line(row);
}
