import type { SearchRequest } from '../../api/queries';
import { unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { boundsOf } from '../../model/timeRange';
import type { SearchState } from './url';

let kept: { readonly key: string; readonly at: UnixNano } | null = null;

/** The moment that “last 15 minutes” counts from: fixed until the user asks anew, so that pages, facets and the way back agree. */
export function asOf(tick: number, state: SearchState): UnixNano {
  const { from, to } = boundsOf(state.range, unixNanoFromMillis(0));
  const range = state.range.kind === 'last' ? state.range.preset : `${from}-${to}`;
  const key = JSON.stringify([tick, state.text, range]);
  if (kept?.key !== key) kept = { key, at: unixNanoFromMillis(Date.now()) };
  return kept.at;
}

export function requestOf(state: SearchState, now: UnixNano): SearchRequest {
  const { from, to } = boundsOf(state.range, now);
  return { from, to, text: state.text, order: state.order, direction: state.direction };
}
