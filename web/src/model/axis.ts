/** A piece of the axis on which one scale holds. `work` is drawn at the common scale, a `fold` is compressed, an `opened` fold may be. */
export interface AxisSegment {
  readonly from: number;
  readonly to: number;
  readonly x0: number;
  readonly x1: number;
  readonly kind: 'work' | 'fold' | 'opened';
  /** Which of the trace's folds it is, -1 for work. */
  readonly fold: number;
}

/**
 * Where times lie on the picture. Times are nanoseconds since the trace's start, x is pixels. Whoever draws asks only this,
 * so that an axis that folds waits can take the place of the linear one.
 */
export interface TimeAxis {
  readonly width: number;
  readonly from: number;
  readonly to: number;
  /** In order, without gaps, cut to what is shown. */
  readonly segments: readonly AxisSegment[];
  /** Nanoseconds a pixel outside folds: the scale that all bars share. */
  readonly perPixel: number;
  x(time: number): number;
  time(x: number): number;
}

export function linearAxis(from: number, to: number, width: number): TimeAxis {
  const length = Math.max(1, to - from);
  const perNano = width / length;
  return {
    width,
    from,
    to: from + length,
    segments: [{ from, to: from + length, x0: 0, x1: width, kind: 'work', fold: -1 }],
    perPixel: width === 0 ? length : length / width,
    x: (time) => (time - from) * perNano,
    time: (x) => from + (width === 0 ? 0 : x / perNano),
  };
}

export interface Tick {
  readonly time: number;
  readonly x: number;
  /** Empty where two labels would touch. */
  readonly label: string;
  readonly edge: boolean;
}

/** Pixels that an opened fold's chip takes in its middle. */
export const chipWidth = 66;

const steps = [1, 2, 5];

/** The smallest 1, 2 or 5 times a power of ten that is at least `least`. */
export function niceStep(least: number): number {
  let power = 1;
  for (;;) {
    for (const step of steps) if (step * power >= least) return step * power;
    power *= 10;
  }
}

/** A clock-like step for long axes: seconds, minutes, hours. */
function timeStep(least: number): number {
  const minute = 60e9;
  if (least <= minute / 2) {
    const step = niceStep(least);
    return step > 20e9 && step < minute ? 30e9 : step;
  }
  for (const step of [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440]) if (step * minute >= least) return step * minute;
  return niceStep(least / (1440 * minute)) * 1440 * minute;
}

const unitOf = (step: number): readonly [number, string] => (step >= 1e9 ? [1e9, 's'] : step >= 1e6 ? [1e6, 'ms'] : step >= 1e3 ? [1e3, 'µs'] : [1, 'ns']);

/** One unit and one number of decimals for a whole row of labels, so that they can be compared. */
function label(time: number, step: number): string {
  if (time === 0) return '0';
  if (step >= 60e9) {
    const minutes = Math.round(time / 60e9);
    return minutes < 60 ? `${minutes}\u2009m` : `${Math.floor(minutes / 60)}\u2009h${minutes % 60 === 0 ? '' : ` ${minutes % 60}\u2009m`}`;
  }
  const [size, unit] = time >= 1e9 && step >= 1e7 ? ([1e9, 's'] satisfies [number, string]) : unitOf(step);
  const decimals = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step / size) - 1e-9)));
  return `${(time / size).toFixed(decimals)}\u2009${unit}`;
}

/**
 * Ticks at round times. When the view is so deep inside the trace that absolute labels would differ only in their last digits, the first
 * one is absolute and the others say how far after it they lie.
 */
export function ticks(axis: TimeAxis, leastGap = 72): readonly Tick[] {
  if (axis.width < leastGap) return [];
  if (axis.segments.length > 1) return segmentTicks(axis, leastGap);
  const step = timeStep(((axis.to - axis.from) / axis.width) * leastGap);
  const relative = axis.from > 0 && axis.from / step > 200;
  const base = relative ? axis.from : 0;
  const found: Tick[] = [];
  if (relative) found.push({ time: base, x: 0, label: `${(base / unitOf(base)[0]).toFixed(Math.min(6, Math.max(2, Math.ceil(Math.log10(unitOf(base)[0] / step)))))}\u2009${unitOf(base)[1]}`, edge: true });
  const first = relative ? base + step : Math.ceil(axis.from / step) * step;
  for (let time = first; time <= axis.to; time += step) {
    const x = axis.x(time);
    const offset = time - base;
    const edge = x < 1;
    const room = x + 30 < axis.width && (!relative || x > 96);
    found.push({ time, x, label: room ? (relative ? `+${label(offset, step)}` : label(offset, step)) : '', edge });
  }
  return clearOfChips(axis, found);
}

/** Labels that an opened fold's chip would lie on are left out. */
function clearOfChips(axis: TimeAxis, found: readonly Tick[]): readonly Tick[] {
  const middles = axis.segments.flatMap((segment) => (segment.kind === 'opened' ? [(segment.x0 + segment.x1) / 2] : []));
  return middles.length === 0 ? found : found.map((tick) => (tick.label !== '' && middles.some((middle) => covers(middle, tick)) ? { ...tick, label: '' } : tick));
}
function covers(middle: number, { x, label: text, edge }: Tick): boolean {
  const [left, right] = edge ? [x, x + text.length * 6 + 4] : [x - text.length * 3 - 2, x + text.length * 3 + 2];
  return left < middle + chipWidth / 2 + 2 && right > middle - chipWidth / 2 - 2;
}

/** An absolute time with the digits that a step of the axis can tell apart, two at least. */
function absolute(time: number, step: number): string {
  if (time === 0) return '0';
  const [size, unit] = unitOf(time);
  return `${(time / size).toFixed(Math.min(6, Math.max(2, Math.ceil(Math.log10(size / step) - 1e-9))))}\u2009${unit}`;
}

/**
 * On a folded axis each stretch begins with its absolute time; what follows says how far after it lies. One step for all work, as it shares a scale; an opened fold may have
 * a scale of its own. A closed one has its chip.
 */
function segmentTicks(axis: TimeAxis, leastGap: number): readonly Tick[] {
  const found: Tick[] = [];
  for (const segment of axis.segments) {
    const room = segment.x1 - segment.x0;
    if (segment.kind === 'fold' || room <= 0) continue;
    const step = timeStep((segment.kind === 'opened' ? (segment.to - segment.from) / room : axis.perPixel) * leastGap);
    const begin = absolute(segment.from, step * 10);
    const beginWidth = begin.length * 6 + 8;
    found.push({ time: segment.from, x: segment.x0, label: room >= beginWidth ? begin : '', edge: true });
    for (let offset = step; segment.from + offset < segment.to; offset += step) {
      const x = axis.x(segment.from + offset);
      const text = `${segment.from === 0 ? '' : '+'}${label(offset, step)}`;
      const half = text.length * 3 + 3;
      found.push({ time: segment.from + offset, x, label: x - half > segment.x0 + beginWidth && x + half < segment.x1 ? text : '', edge: false });
    }
  }
  return clearOfChips(axis, found);
}
