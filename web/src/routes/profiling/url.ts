import { unixNano, type UnixNano } from '../../model/nano';
import { functionColumns, type FunctionColumn } from '../../model/profile';
import { instant, readRange, writeRange } from '../../model/rangeAddress';
import type { TimeRange } from '../../model/timeRange';

/** What the range is compared with: nothing, the same length of time so much earlier, or another range. */
export type Compared = { readonly kind: 'none' } | { readonly kind: 'earlier'; readonly by: EarlierId } | { readonly kind: 'between'; readonly from: UnixNano; readonly to: UnixNano };
export const earlier = { before: 'the same time before', day: 'a day earlier', week: 'a week earlier' } as const;
export type EarlierId = keyof typeof earlier;

/** All that the profiling screen shows hangs on this, and all of it is in the address. */
export interface ProfilingState {
  readonly range: TimeRange;
  /** Empty: the first one that has profiles. */
  readonly service: string;
  readonly type: string;
  /** Only what has these labels, each KEY:VALUE. */
  readonly labels: readonly string[];
  readonly compared: Compared;
  readonly table: boolean;
  readonly text: string;
  /** The frame that is zoomed to, by its key; empty for all. */
  readonly zoom: string;
  readonly by: FunctionColumn;
  readonly descending: boolean;
  /** The function whose traces are listed; null for none. */
  readonly follow: { readonly name: string; readonly file: string } | null;
}

const isEarlier = (text: string): text is EarlierId => Object.hasOwn(earlier, text);

export function readProfiling(search: string): ProfilingState {
  const parameters = new URLSearchParams(search);
  const text = (name: string): string => parameters.get(name) ?? '';
  const range = readRange(parameters);
  const [baseFrom, baseTo, against] = [instant(parameters.get('baseFrom')), instant(parameters.get('baseTo')), text('compare')];
  const compared: Compared = baseFrom !== null && baseTo !== null && baseFrom < baseTo ? { kind: 'between', from: baseFrom, to: baseTo } : isEarlier(against) && range.kind !== 'all' ? { kind: 'earlier', by: against } : { kind: 'none' };
  const by = functionColumns.find((column) => column === text('sort')) ?? (compared.kind === 'none' ? 'self' : 'change');
  return {
    range,
    service: text('service'),
    type: text('type'),
    labels: [...new Set(parameters.getAll('label').filter((label) => label.indexOf(':') > 0))],
    compared,
    table: text('view') === 'table',
    text: text('find'),
    zoom: /^[0-9a-f]{8}$/.test(text('zoom')) ? text('zoom') : '',
    by: by === 'change' && compared.kind === 'none' ? 'self' : by,
    descending: text('direction') !== 'asc',
    follow: parameters.has('function') ? { name: text('function'), file: text('file') } : null,
  };
}

export function writeProfiling(state: ProfilingState): string {
  const parameters = new URLSearchParams();
  const set = (name: string, value: string): void => {
    if (value !== '') parameters.set(name, value);
  };
  writeRange(parameters, state.range);
  set('service', state.service);
  set('type', state.type);
  for (const label of state.labels) parameters.append('label', label);
  if (state.compared.kind === 'earlier') parameters.set('compare', state.compared.by);
  else if (state.compared.kind === 'between') {
    parameters.set('baseFrom', String(state.compared.from));
    parameters.set('baseTo', String(state.compared.to));
  }
  if (state.table) parameters.set('view', 'table');
  set('find', state.text);
  set('zoom', state.zoom);
  if (state.by !== (state.compared.kind === 'none' ? 'self' : 'change')) parameters.set('sort', state.by);
  if (!state.descending) parameters.set('direction', 'asc');
  if (state.follow !== null) {
    parameters.set('function', state.follow.name);
    set('file', state.follow.file);
  }
  const query = parameters.toString();
  return query === '' ? '/profiling' : `/profiling?${query}`;
}

const day = 86_400_000_000_000n;

/** The range that is compared with, as times; null for none. */
export function comparedRange(compared: Compared, from: UnixNano | null, to: UnixNano): { readonly from: UnixNano; readonly to: UnixNano } | null {
  if (compared.kind === 'between') return compared;
  if (compared.kind === 'none' || from === null || to <= from) return null;
  const by = compared.by === 'before' ? to - from : compared.by === 'day' ? day : 7n * day;
  return from < by ? null : { from: unixNano(from - by), to: unixNano(to - by) };
}
