import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { marksOf } from '../../model/logView';
import { changeDepth, errorRows, findSpans, isCollapsed, nextOf, positionOf, reveal, toggle as toggleRow, visibleRows } from '../../model/rows';
import type { UnixNano } from '../../model/nano';
import { endOf, startOf, type Trace } from '../../model/trace';
import type { CheckAction } from '../../model/verdict';
import { clamp, isWhole, whole, type Viewport } from '../../model/viewport';
import { Timeline, type TimelineHandle } from '../../timeline/Timeline';
import { copyText } from '../../ui/copy';
import { useKeys } from '../../ui/keys';
import { useToasts } from '../../ui/toasts';
import { useRefresh } from '../shell/refresh';
import { useOwnLogs } from './logs/useTraceLogs';
import { OtherTab } from './OtherTab';
import { SidePanel } from './panel/SidePanel';
import { tabId, tabPanelId } from './Tabs';
import type { TabState } from './tabState';
import { TitleRow } from './TitleRow';
import { Toolbar } from './Toolbar';
import { writeTraceState, type LaneState } from './url';
import { useLanes } from './useLanes';
import { useTraceState } from './useTraceState';

/** A trace on the page. It owns what is shown; the parts below only draw it and say what the user wants. */
export function TraceView({ trace, overview, readAt, onView }: { readonly trace: Trace; readonly overview: Trace; readonly readAt: UnixNano; readonly onView: (view: Viewport) => void }) {
  const [state, change] = useTraceState(trace);
  const [pathname] = useLocation();
  const toasts = useToasts();
  const { refresh } = useRefresh();
  const timeline = useRef<TimelineHandle>(null);
  const finder = useRef<HTMLInputElement>(null);
  const { folding, view, selected } = state;
  const visible = useMemo(() => visibleRows(trace.tree, folding), [trace, folding]);
  const found = useMemo(() => findSpans(trace, state.text), [trace, state.text]);
  const matches = useMemo(() => {
    const flags = new Uint8Array(trace.tree.count);
    for (const row of found) flags[row] = 1;
    return flags;
  }, [trace, found]);
  const errors = useMemo(() => errorRows(trace), [trace]);
  const own = useOwnLogs(trace);
  const logs = useMemo(() => marksOf(trace, own.entries), [trace, own.entries]);

  useEffect(() => onView(view), [onView, view]);
  const show = useCallback((next: Viewport) => change((old) => ({ ...old, view: next })), [change]);
  const select = useCallback((row: number) => change((old) => ({ ...old, selected: row })), [change]);
  const toggle = useCallback((row: number) => change((old) => ({ ...old, folding: toggleRow(old.folding, row) })), [change]);

  const toggleFold = useCallback(
    (fold: number) =>
      change((old) => {
        const opened = new Set(old.opened);
        if (!opened.delete(fold)) opened.add(fold);
        return { ...old, opened };
      }),
    [change],
  );
  const folds = useMemo(() => ({ folded: state.folded, opened: state.opened }), [state.folded, state.opened]);
  const flip = (what: 'folded' | 'path'): void => change((old) => ({ ...old, [what]: !old[what] }));
  const changeLanes = useCallback((next: Partial<LaneState>) => change((old) => ({ ...old, lanes: { ...old.lanes, ...next } })), [change]);
  const lanes = useLanes(trace, state.lanes, changeLanes, state.tabs.tab === 'timeline');
  const flipLanes = (): void => changeLanes({ shown: lanes.choice === null });

  // What was jumped to is scrolled to once it is laid out; a click on a row that is in view must not move it.
  const [jump, setJump] = useState(() => ({ row: state.selected }));
  useEffect(() => {
    if (jump.row >= 0) timeline.current?.reveal(jump.row);
  }, [jump]);
  const goTo = useCallback(
    (row: number) => {
      if (row < 0) return;
      change((old) => {
        // A jump to what the zoom hides would show an empty row: the view moves, or opens when the span is longer than it.
        const [from, to] = [startOf(trace, row), endOf(trace, row)];
        const length = old.view.to - old.view.from;
        const seen = to >= old.view.from && from <= old.view.to;
        const next = seen ? old.view : to - from > length ? whole(trace.total) : clamp({ from: (from + to - length) / 2, to: (from + to + length) / 2 }, trace.total);
        return { ...old, selected: row, folding: reveal(trace, old.folding, row), view: next };
      });
      setJump({ row });
    },
    [change, trace],
  );
  const step = (by: 1 | -1): void => {
    const position = positionOf(visible, selected);
    goTo(visible[selected < 0 ? 0 : Math.min(visible.length - 1, Math.max(0, position + by))] ?? -1);
    timeline.current?.focus();
  };
  const nextMatch = (direction: 1 | -1): void => goTo(nextOf(found, selected, direction));
  const close = (): void => {
    const row = selected;
    if (isCollapsed(trace.tree, folding, row) || (trace.tree.children[row] ?? 0) === 0) goTo(trace.spans.parent[row] ?? -1);
    else toggle(row);
  };
  const open = (): void => {
    if (isCollapsed(trace.tree, folding, selected)) toggle(selected);
    else if ((trace.tree.children[selected] ?? 0) > 0) goTo(selected + 1);
  };
  const scale = (factor: number): void => timeline.current?.zoom(factor, 'pointer');

  const { tab } = state.tabs;
  const changeTab = (tabs: Partial<TabState>): void => change((old) => ({ ...old, tabs: { ...old.tabs, ...tabs } }));

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: (event: KeyboardEvent) => (inTree(event) ? step(1) : false),
    ArrowUp: (event: KeyboardEvent) => (inTree(event) ? step(-1) : false),
    h: close,
    l: open,
    ArrowLeft: (event: KeyboardEvent) => (inTree(event) ? close() : false),
    ArrowRight: (event: KeyboardEvent) => (inTree(event) ? open() : false),
    Home: (event: KeyboardEvent) => (inTree(event) ? goTo(visible[0] ?? -1) : false),
    End: (event: KeyboardEvent) => (inTree(event) ? goTo(visible.at(-1) ?? -1) : false),
    w: () => scale(0.6),
    s: () => scale(1 / 0.6),
    a: () => timeline.current?.pan(-0.25),
    d: () => timeline.current?.pan(0.25),
    f: () => flip('folded'),
    p: () => flip('path'),
    m: flipLanes,
    '[': () => timeline.current?.stepFold(-1),
    ']': () => timeline.current?.stepFold(1),
    ...Object.fromEntries(Array.from({ length: 9 }, (_, index) => [String(index + 1), () => timeline.current?.fitSegment(index)])),
    '0': () => show(whole(trace.total)),
    e: () => goTo(nextOf(errors, selected, 1)),
    E: () => goTo(nextOf(errors, selected, -1)),
    n: () => nextMatch(1),
    N: () => nextMatch(-1),
    v: () => {
      if (selected < 0) return false;
      changeTab({ spanLogs: state.tabs.spanLogs === '' ? 'span' : '' });
      return;
    },
    '/': () => finder.current?.focus(),
    Escape: () => {
      if (selected >= 0) select(-1);
      else if (state.text !== '') change((old) => ({ ...old, text: '' }));
      else if (!isWhole(view, trace.total)) show(whole(trace.total));
    },
  } as const;
  const showRow = (row: number): void => {
    changeTab({ tab: 'timeline' });
    goTo(row);
  };
  // The keys of the timeline's rows and axis mean nothing where these are not to be seen.
  useKeys(tab === 'timeline' ? keys : tab === 'raw' ? { '/': keys['/'] } : tab === 'logs' ? { Escape: () => changeTab({ logEntry: '' }) } : { '/': keys['/'], e: () => showRow(nextOf(errors, selected, 1)), E: () => showRow(nextOf(errors, selected, -1)), n: () => showRow(nextOf(found, selected, 1)), N: () => showRow(nextOf(found, selected, -1)) });

  const share = (): void => {
    const query = writeTraceState(state, trace);
    const holds = [state.selected >= 0 ? 'the selected span' : '', isWhole(view, trace.total) ? '' : 'the zoom', state.text === '' ? '' : 'the search'].filter((part) => part !== '');
    void copyText(`${location.origin}${pathname}${query === '' ? '' : `?${query}`}`, holds.length === 0 ? 'Link copied.' : `Link copied. It holds ${holds.join(', ').replace(/, ([^,]*)$/, ' and $1')}.`, toasts);
  };

  const act = (action: CheckAction): void => {
    if (action.kind === 'row') showRow(action.row);
    else if (action.kind === 'times') changeTab({ asSent: action.asSent });
    else refresh();
  };
  const title = <TitleRow trace={trace} share={share} readAt={readAt} act={act} tab={tab} openTab={(next) => changeTab({ tab: next })} />;
  if (tab !== 'timeline')
    return (
      <>
        {title}
        <OtherTab trace={trace} state={state} change={change} found={found} finder={finder} nextMatch={(direction) => showRow(nextOf(found, selected, direction))} changeTab={changeTab} showRow={showRow} />
      </>
    );
  return (
    <>
      {title}
      <Toolbar
        trace={trace}
        state={state}
        change={change}
        found={found}
        finder={finder}
        nextMatch={nextMatch}
        deeper={(by) => change((old) => ({ ...old, folding: changeDepth(trace.tree, old.folding, by) }))}
        flip={flip}
        lanes={lanes}
        flipLanes={flipLanes}
        scale={(factor) => timeline.current?.zoom(factor, 'middle')}
        fit={() => show(whole(trace.total))}
      />
      <div className="main" id={tabPanelId} role="tabpanel" aria-labelledby={tabId(tab)}>
        <Timeline trace={trace} overview={overview} visible={visible} folding={folding} view={view} selected={selected} matches={matches} services={state.services} folds={folds} withPath={state.path} lanes={lanes.choice} logs={logs} toggleFold={toggleFold} show={show} select={select} toggle={toggle} handle={timeline} />
        {selected >= 0 && <SidePanel trace={trace} row={selected} close={() => select(-1)} goTo={goTo} share={share} showSent={(asSent) => changeTab({ asSent })} logs={state.tabs.spanLogs} showLogs={(spanLogs) => changeTab({ spanLogs })} />}
      </div>
    </>
  );
}

/** Arrow keys move in the tree only when it has the focus; elsewhere they scroll or move what is focused. */
const inTree = (event: KeyboardEvent): boolean => event.target instanceof Element && event.target.getAttribute('role') === 'treegrid';
