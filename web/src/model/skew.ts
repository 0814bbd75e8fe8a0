import type { SpanColumns } from './spanTree';

/** OTLP's numbers of the two ends of a call. */
const [server, client] = [2, 3];
/**
 * A server's span may end after its caller's, since the answer is sent before the span ends; on a machine that is short of processors by tens of milliseconds (22 of 408 ms were seen with one clock). Less than
 * this share of the call after its end, or less than a millisecond, is no sign of a clock.
 */
const [leastOverhang, overhangShare] = [1e6, 0.25];

/** Whether a child of another service lies where it cannot lie if both clocks are right. */
function isOff(parentStart: number, parentDuration: number, childStart: number, childDuration: number, isCall: boolean, parentFailed: boolean): boolean {
  if (childStart < parentStart) return true;
  // A caller that failed may have given up before the server began or ended; so may one whose server runs longer than it.
  if (!isCall || parentFailed || childDuration > parentDuration) return false;
  const overhang = childStart + childDuration - (parentStart + parentDuration);
  return overhang > Math.max(leastOverhang, parentDuration * overhangShare);
}

/** Whether a child that is moved lies as it should: within its parent, or, when it is longer, not before it. */
const fits = (parentStart: number, parentDuration: number, childStart: number, childDuration: number): boolean =>
  childStart >= parentStart && (childDuration > parentDuration || childStart + childDuration <= parentStart + parentDuration);

/**
 * By row, how many nanoseconds later (negative: earlier) a span is to be shown, since the clock of its service is off; null when all clocks agree. As Jaeger does, a span of another service than its parent
 * that lies where it cannot is moved to the middle of its parent (half of the time that is left for the way there, half for the way back), or to its start when it is longer. A shift that was found for
 * the same service before is taken where it fits, so that one clock has one error. Spans of one service move together: they share a clock. Needs parents before their children. Linear.
 */
export function clockShifts({ parent, service, start, duration, kind, error }: SpanColumns): Float64Array | null {
  const shifts = new Float64Array(parent.length);
  const known = new Map<number, number>();
  let moved = false;
  for (let row = 0; row < parent.length; row++) {
    const above = parent[row] ?? -1;
    if (above < 0) continue;
    const parentShift = shifts[above] ?? 0;
    let shift = 0;
    if (service[above] === service[row]) shift = parentShift;
    else {
      const [from, length] = [(start[above] ?? 0) + parentShift, duration[above] ?? 0];
      const [childFrom, childLength] = [start[row] ?? 0, duration[row] ?? 0];
      const isCall = kind[above] === client && kind[row] === server;
      if (isOff(from, length, childFrom, childLength, isCall, error[above] === 1)) {
        const before = [known.get(service[row] ?? -1), parentShift].find((guess) => guess !== undefined && guess !== 0 && fits(from, length, childFrom + guess, childLength));
        shift = before ?? from + Math.floor(Math.max(0, length - childLength) / 2) - childFrom;
        known.set(service[row] ?? -1, shift);
      }
    }
    shifts[row] = shift;
    if (shift !== 0) moved = true;
  }
  return moved ? shifts : null;
}

export interface ServiceClock {
  readonly service: number;
  /** The largest shift of its spans, nanoseconds; positive when its clock is behind. */
  readonly shift: number;
  readonly spans: number;
  /** The first row that was moved by it. */
  readonly row: number;
}

/** The services whose spans were moved, those moved furthest first. */
export function serviceClocks(service: Int32Array, shifts: Float64Array): readonly ServiceClock[] {
  const clocks = new Map<number, ServiceClock>();
  shifts.forEach((shift, row) => {
    if (shift === 0) return;
    const of = service[row] ?? -1;
    const so = clocks.get(of);
    clocks.set(of, so === undefined ? { service: of, shift, spans: 1, row } : { ...so, spans: so.spans + 1, ...(Math.abs(shift) > Math.abs(so.shift) ? { shift, row } : {}) });
  });
  return [...clocks.values()].sort((a, b) => Math.abs(b.shift) - Math.abs(a.shift));
}
