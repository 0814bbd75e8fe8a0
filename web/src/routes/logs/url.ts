import { unixNano } from '../../model/nano';
import { isPresetId, type TimeRange } from '../../model/timeRange';

/** All that the Logs screen shows hangs on this, and all of it is in the address. */
export interface LogsState {
  /** The one truth of what is searched for: facets write into it. */
  readonly text: string;
  readonly range: TimeRange;
  /** Whether new entries show as they come. */
  readonly live: boolean;
  /** The entry that is open, by its place; null for none. */
  readonly open: string | null;
}

export const defaultRange: TimeRange = { kind: 'last', preset: '1h' };

const instant = (text: string | null) => (text !== null && /^\d{1,19}$/.test(text) ? unixNano(BigInt(text)) : null);

/** Reads an address; what it can't mean is left out rather than shown as an error. */
export function readLogs(search: string): LogsState {
  const parameters = new URLSearchParams(search);
  const [from, to, range] = [instant(parameters.get('from')), instant(parameters.get('to')), parameters.get('range')];
  const place = parameters.get('entry');
  return {
    text: parameters.get('q')?.trim() ?? '',
    range: from !== null && to !== null && from < to ? { kind: 'between', from, to } : range === 'all' ? { kind: 'all' } : range !== null && isPresetId(range) ? { kind: 'last', preset: range } : defaultRange,
    live: parameters.get('live') === '1',
    open: place !== null && /^\d{1,19}-\d{1,20}$/.test(place) ? place : null,
  };
}

/** The address of a state, without what is as it is by default. */
export function writeLogs(state: LogsState): string {
  const parameters = new URLSearchParams();
  if (state.text !== '') parameters.set('q', state.text);
  if (state.range.kind === 'between') {
    parameters.set('from', String(state.range.from));
    parameters.set('to', String(state.range.to));
  } else if (state.range.kind === 'all') parameters.set('range', 'all');
  else if (state.range.preset !== '1h') parameters.set('range', state.range.preset);
  if (state.live) parameters.set('live', '1');
  if (state.open !== null) parameters.set('entry', state.open);
  const query = parameters.toString();
  return query === '' ? '' : `?${query}`;
}
