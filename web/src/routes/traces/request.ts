import type { DistributionAsk, SearchRequest } from '../../api/queries';
import { brushTerms } from '../../model/brush';
import { columnsOf } from '../../model/chartScale';
import { unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { boundsOf } from '../../model/timeRange';
import type { SearchState } from './url';

let kept: { readonly key: string; readonly at: UnixNano } | null = null;

/** The moment that “last 15 minutes” counts from: fixed until the user asks anew, so that pages, facets and the way back agree. */
export function asOf(tick: string, state: SearchState): UnixNano {
  const { from, to } = boundsOf(state.range, unixNanoFromMillis(0));
  const range = state.range.kind === 'last' ? state.range.preset : `${from}-${to}`;
  const key = JSON.stringify([tick, state.text, range]);
  if (kept?.key !== key) kept = { key, at: unixNanoFromMillis(Date.now()) };
  return kept.at;
}

/** What the list asks for: all conditions and what is marked on the chart. */
export function requestOf(state: SearchState, now: UnixNano): SearchRequest {
  const { brush } = state;
  const all = unmarkedRequestOf(state, now);
  return brush === null ? all : { ...all, text: [all.text, brushTerms(brush)].filter((part) => part !== '').join(' '), traceFrom: brush.from, traceTo: brush.to };
}

/** What the chart asks for: it goes on showing what is not marked. */
export function unmarkedRequestOf(state: SearchState, now: UnixNano): SearchRequest {
  const { from, to } = boundsOf(state.range, now);
  return { from, to, text: state.text, order: state.order, direction: state.direction, asOf: now };
}

/** Up to so many traces are dots that can be clicked. */
const mostPoints = 2000;

/** The chart's columns for a page of this width. */
export function askOf(state: SearchState, now: UnixNano, pageWidth: number): DistributionAsk {
  const most = pageWidth < 700 ? 48 : pageWidth < 2000 ? 120 : 240;
  const { from, to } = boundsOf(state.range, now);
  const rest = { rows: '2', points: mostPoints } as const;
  if (from === null) return { axisFrom: null, axisTo: null, columns: most, ...rest };
  const axis = columnsOf(from, to ?? now, most);
  return { axisFrom: axis.from, axisTo: axis.to, columns: axis.columns, ...rest };
}

/** What the line above the list says of a marked part: quantiles are exact while its traces are few. */
export const statsAsk: DistributionAsk = { axisFrom: null, axisTo: null, columns: 1, rows: '1', points: 200 };
