import { readBrush, writeBrush, type Brush } from '../../model/brush';
import { writeValue } from '../../model/filterText';
import { defaultRange, readRange, writeRange } from '../../model/rangeAddress';
import type { TimeRange } from '../../model/timeRange';

export const orders = ['start', 'duration', 'waiting', 'spans', 'errors'] as const;
export type Order = (typeof orders)[number];

/** All that the traces screen shows hangs on this, and all of it is in the address. */
export interface SearchState {
  /** The one truth of what is searched for: facets and histograms write into it. */
  readonly text: string;
  readonly range: TimeRange;
  readonly order: Order;
  readonly direction: 'asc' | 'desc';
  /** What is marked on the chart; the list shows only that. */
  readonly brush: Brush | null;
  /** Whether new traces show as they come. */
  readonly live: boolean;
  /** Ids of the traces that are to be compared, at most two. */
  readonly selected: readonly string[];
}

export const emptySearch: SearchState = { text: '', range: defaultRange, order: 'start', direction: 'desc', brush: null, live: false, selected: [] };

export const hasFilter = (state: SearchState): boolean => state.text !== '';
export const withoutFilter = (state: SearchState): SearchState => ({ ...emptySearch, range: state.range, order: state.order, direction: state.direction, live: state.live, selected: state.selected });

/** Conditions that older addresses have beside the text, written as text. */
function olderConditions(parameters: URLSearchParams): readonly string[] {
  const several = (name: string, key: string, operator = '='): readonly string[] =>
    [...new Set(parameters.getAll(name).filter((value) => value !== ''))].map((value) => `${key}${operator}${writeValue(value)}`);
  return [...several('service', 'service'), ...several('operation', 'name'), ...several('status', 'status').filter((term) => /=(error|ok|unset)$/.test(term)), ...several('minDuration', 'duration', '>='), ...several('maxDuration', 'duration', '<=')];
}

/** Reads an address; what it can't mean is left out rather than shown as an error. */
export function readSearch(search: string): SearchState {
  const parameters = new URLSearchParams(search);
  const order = orders.find((known) => known === parameters.get('order'));
  return {
    text: [parameters.get('q')?.trim() ?? '', ...olderConditions(parameters)].filter((part) => part !== '').join(' '),
    range: readRange(parameters),
    order: order ?? 'start',
    direction: parameters.get('direction') === 'asc' ? 'asc' : 'desc',
    brush: readBrush(parameters.get('brush')),
    live: parameters.get('live') === '1',
    selected: [...new Set(parameters.getAll('select'))]
      .filter((id) => /^[0-9a-f]{32}$/.test(id))
      .slice(0, 2),
  };
}

/** The address of a state, without what is as it is by default. */
export function writeSearch(state: SearchState): string {
  const parameters = new URLSearchParams();
  if (state.text !== '') parameters.set('q', state.text);
  writeRange(parameters, state.range);
  if (state.order !== 'start') parameters.set('order', state.order);
  if (state.direction !== 'desc') parameters.set('direction', state.direction);
  if (state.brush !== null) parameters.set('brush', writeBrush(state.brush));
  if (state.live) parameters.set('live', '1');
  for (const id of state.selected) parameters.append('select', id);
  const query = parameters.toString();
  return query === '' ? '' : `?${query}`;
}

/** The traces to compare after a trace was chosen or let go: the first stays, a third takes the place of the second. */
export const picked = (selected: readonly string[], id: string): readonly string[] => (selected.includes(id) ? selected.filter((other) => other !== id) : [...selected.slice(0, 1), id]);

const phrases: Readonly<Record<Order, readonly [desc: string, asc: string]>> = {
  start: ['newest first', 'oldest first'],
  duration: ['slowest first', 'fastest first'],
  waiting: ['longest wait first', 'shortest wait first'],
  spans: ['most spans first', 'fewest spans first'],
  errors: ['most errors first', 'fewest errors first'],
};
export const orderPhrase = (state: SearchState): string => phrases[state.order][state.direction === 'desc' ? 0 : 1];
