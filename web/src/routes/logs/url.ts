import { readRange, writeRange } from '../../model/rangeAddress';
import type { TimeRange } from '../../model/timeRange';

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

/** Reads an address; what it can't mean is left out rather than shown as an error. */
export function readLogs(search: string): LogsState {
  const parameters = new URLSearchParams(search);
  const place = parameters.get('entry');
  return {
    text: parameters.get('q')?.trim() ?? '',
    range: readRange(parameters),
    live: parameters.get('live') === '1',
    open: place !== null && /^\d{1,19}-\d{1,20}$/.test(place) ? place : null,
  };
}

/** The address of a state, without what is as it is by default. */
export function writeLogs(state: LogsState): string {
  const parameters = new URLSearchParams();
  if (state.text !== '') parameters.set('q', state.text);
  writeRange(parameters, state.range);
  if (state.live) parameters.set('live', '1');
  if (state.open !== null) parameters.set('entry', state.open);
  const query = parameters.toString();
  return query === '' ? '' : `?${query}`;
}
