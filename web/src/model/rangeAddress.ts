import { unixNano, type UnixNano } from './nano';
import { isPresetId, type TimeRange } from './timeRange';

/** The range of an address that names none. */
export const defaultRange: TimeRange = { kind: 'last', preset: '1h' };

/** A moment as an address has it; null for what is none. */
export const instant = (text: string | null): UnixNano | null => (text !== null && /^\d{1,19}$/.test(text) ? unixNano(BigInt(text)) : null);

/** The time range of an address: both of its ends, or the length of one that moves with the clock. */
export function readRange(parameters: URLSearchParams): TimeRange {
  const [from, to, range] = [instant(parameters.get('from')), instant(parameters.get('to')), parameters.get('range')];
  if (from !== null && to !== null && from < to) return { kind: 'between', from, to };
  if (range === 'all') return { kind: 'all' };
  return range !== null && isPresetId(range) ? { kind: 'last', preset: range } : defaultRange;
}

/** Writes a time range into an address, unless it is the one of an address that names none. */
export function writeRange(parameters: URLSearchParams, range: TimeRange): void {
  if (range.kind === 'between') {
    parameters.set('from', String(range.from));
    parameters.set('to', String(range.to));
  } else if (range.kind === 'all') parameters.set('range', 'all');
  else if (range.preset !== '1h') parameters.set('range', range.preset);
}
