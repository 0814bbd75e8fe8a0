import type { Folding } from '../../model/rows';
import { axisOf } from '../../model/traceAxis';
import { rowOfSpan, type Trace } from '../../model/trace';
import { clamp, isWhole, whole, type Viewport } from '../../model/viewport';
import { readTabState, writeTabState, type TabState } from './tabState';

/** What of a trace is shown; all of it is in the address. Rows are written as span ids, so that a link outlives a span that arrives late. */
export interface TraceState {
  /** The selected row, -1 for none. */
  readonly selected: number;
  readonly view: Viewport;
  readonly folding: Folding;
  readonly text: string;
  readonly services: ReadonlySet<string>;
  readonly tabs: TabState;
  /** Whether long waits are folded, and which of the folds are opened all the same. */
  readonly folded: boolean;
  readonly opened: ReadonlySet<number>;
  /** Whether the critical path is drawn. */
  readonly path: boolean;
  readonly lanes: LaneState;
}

/** The resource lanes. Null is what nobody has chosen: they show when there are some, the first few of them. */
export interface LaneState {
  readonly shown: boolean | null;
  readonly chosen: ReadonlySet<string> | null;
}

const laneStates: ReadonlyMap<string, boolean> = new Map([['on', true], ['off', false]]);

export function readTraceState(search: string, trace: Trace): TraceState {
  const parameters = new URLSearchParams(search);
  const rowsOf = (list: string | null): ReadonlySet<number> => {
    if (list === null || list === '') return new Set();
    const wanted = new Set(list.split(','));
    const rows = new Set<number>();
    trace.spans.spanId.forEach((id, row) => wanted.has(id) && rows.add(row));
    return rows;
  };
  const zoomed = /^(\d{1,18})-(\d{1,18})$/.exec(parameters.get('zoom') ?? '');
  const depth = /^\d{1,6}$/.exec(parameters.get('depth') ?? '');
  const span = parameters.get('span');
  // A fold is named by a time inside it, so that a link outlives another fold that comes with a late span.
  const unfold = (parameters.get('unfold') ?? '').split(',').flatMap((text) => (/^\d{1,18}$/.test(text) ? [Number(text)] : []));
  const { folds } = axisOf(trace);
  return {
    selected: span === null ? -1 : rowOfSpan(trace, span),
    view: zoomed === null || Number(zoomed[1]) >= Number(zoomed[2]) ? whole(trace.total) : clamp({ from: Number(zoomed[1]), to: Number(zoomed[2]) }, trace.total),
    folding: { depth: depth === null || Number(depth[0]) >= trace.tree.maxDepth ? null : Number(depth[0]), toggled: rowsOf(parameters.get('toggled')) },
    text: parameters.get('find') ?? '',
    folded: parameters.get('axis') !== 'linear',
    opened: new Set(unfold.map((time) => folds.findIndex((fold) => time >= fold.from && time < fold.to)).filter((fold) => fold >= 0)),
    path: parameters.get('path') !== 'off',
    lanes: { shown: laneStates.get(parameters.get('lanes') ?? '') ?? null, chosen: parameters.has('lane') ? new Set(parameters.getAll('lane').filter((key) => key !== '')) : null },
    services: new Set(parameters.getAll('service').filter((name) => trace.services.includes(name))),
    tabs: readTabState(parameters),
  };
}

/** Without the question mark; empty when all is as it is by default. */
export function writeTraceState(state: TraceState, trace: Trace): string {
  const parameters = new URLSearchParams();
  const span = trace.spans.spanId[state.selected];
  if (span !== undefined) parameters.set('span', span);
  if (!isWhole(state.view, trace.total)) parameters.set('zoom', `${Math.floor(state.view.from)}-${Math.ceil(state.view.to)}`);
  if (state.folding.depth !== null) parameters.set('depth', String(state.folding.depth));
  if (state.folding.toggled.size > 0) parameters.set('toggled', [...state.folding.toggled].map((row) => trace.spans.spanId[row] ?? '').join(','));
  if (state.text !== '') parameters.set('find', state.text);
  if (!state.folded) parameters.set('axis', 'linear');
  const { folds } = axisOf(trace);
  if (state.opened.size > 0) parameters.set('unfold', [...state.opened].sort((a, b) => a - b).map((fold) => Math.ceil(folds[fold]?.from ?? 0)).join(','));
  if (!state.path) parameters.set('path', 'off');
  if (state.lanes.shown !== null) parameters.set('lanes', state.lanes.shown ? 'on' : 'off');
  // An empty one stands for a choice of none.
  if (state.lanes.chosen !== null) for (const key of state.lanes.chosen.size === 0 ? [''] : state.lanes.chosen) parameters.append('lane', key);
  for (const service of state.services) parameters.append('service', service);
  writeTabState(state.tabs, parameters);
  return parameters.toString().replaceAll('%2C', ',');
}
