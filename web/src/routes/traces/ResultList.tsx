import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { formatCount, needsDay, plural } from '../../model/format';
import { nanosOf, type UnixNano } from '../../model/nano';
import { notchedServices, sharedPrefix } from '../../model/serviceColor';
import type { Total, TraceSummary } from '../../model/summary';
import { boundsOf } from '../../model/timeRange';
import { Icon } from '../../ui/Icon';
import { useKeys } from '../../ui/keys';
import { columnCount, ListHeader } from './ListHeader';
import { ResultRow, rowId } from './ResultRow';
import type { SearchState } from './url';

const rowHeight = 26;
/** The heads stay at the top of what scrolls. */
const headHeight = 26;
/** Rows before the end at which the next page is asked for. */
const ahead = 30;

/** Where the reader was in a list, so that the way back from a trace leads there. */
const places = new Map<string, { readonly offset: number; readonly active: string | null }>();

interface ResultListProps {
  readonly traces: readonly TraceSummary[];
  readonly total: Total;
  readonly state: SearchState;
  readonly change: (next: SearchState) => void;
  readonly now: UnixNano;
  readonly more: boolean;
  readonly loadingMore: boolean;
  readonly loadMore: () => void;
  readonly placeKey: string;
  readonly notes: readonly string[];
  readonly select: (traceId: string) => void;
  readonly compare: () => void;
  /** Told whether the reader has left the top of the list. */
  readonly scrolled: (away: boolean) => void;
  /** Grows when the list is to go back to its top. */
  readonly toTop: number;
}

export function ResultList({ traces, total, state, change, now, more, loadingMore, loadMore, placeKey, notes, select, compare, scrolled, toTop }: ResultListProps) {
  const [, navigate] = useLocation();
  const scroller = useRef<HTMLDivElement>(null);
  const place = places.get(placeKey);
  // A trace and not a row: rows move when new traces come.
  const [activeId, setActiveId] = useState(place?.active ?? null);
  const [of, setOf] = useState(placeKey);
  if (of !== placeKey) {
    setOf(placeKey);
    setActiveId(place?.active ?? null);
  }
  const active = useMemo(() => (activeId === null ? -1 : traces.findIndex((trace) => trace.traceId === activeId)), [traces, activeId]);
  const rows = useVirtualizer({ count: traces.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12, scrollMargin: headHeight, scrollPaddingStart: headHeight, initialOffset: place?.offset ?? 0 });

  const names = useMemo(() => [...new Set(traces.flatMap((trace) => trace.services.map((service) => service.name)))], [traces]);
  const prefix = useMemo(() => sharedPrefix(names), [names]);
  const notched = useMemo(() => notchedServices(names), [names]);
  // The bars' scale is the first page's, so that a later page does not change bars already read; what is longer fills its track.
  const longest = useMemo(() => traces.slice(0, 200).reduce((most, trace) => Math.max(most, nanosOf(trace.duration)), 0), [traces]);
  const { from } = boundsOf(state.range, now);
  // By the range and not by the rows alone, so that the columns do not change when a later page comes.
  const withDay = (from === null ? traces : traces.slice(0, 1)).some((trace) => needsDay(trace.start, now)) || (from !== null && needsDay(from, now) && state.range.kind !== 'last') || (state.range.kind === 'last' && state.range.preset === '7d');

  const open = useCallback((summary: TraceSummary) => navigate(`/trace/${summary.traceId}`), [navigate]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const remember = (): void => {
      places.set(placeKey, { offset: element.scrollTop, active: activeId });
      scrolled(element.scrollTop > rowHeight);
    };
    remember();
    element.addEventListener('scroll', remember, { passive: true });
    return () => element.removeEventListener('scroll', remember);
  }, [placeKey, activeId, scrolled]);
  useEffect(() => {
    if (toTop > 0) scroller.current?.scrollTo({ top: 0 });
  }, [toTop]);

  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !loadingMore && last >= traces.length - ahead) loadMore();
  }, [more, loadingMore, last, traces.length, loadMore]);

  const move = (by: number): void => {
    const next = Math.min(traces.length - 1, Math.max(0, active + by));
    setActiveId(traces[next]?.traceId ?? null);
    rows.scrollToIndex(next);
    scroller.current?.focus({ preventScroll: true });
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      if (activeId === null || active < 0) return false;
      select(activeId);
      return;
    },
    c: compare,
    Enter: (event) => {
      const chosen = traces[active];
      if (chosen === undefined || (event.target instanceof Element && event.target.closest('a, button, input, [role="separator"]') !== null)) return false;
      open(chosen);
      return;
    },
  });

  return (
    <div className="rl">
      <div
        ref={scroller}
        className={withDay ? 'list days' : 'list'}
        role="grid"
        aria-label="Traces"
        aria-rowcount={traces.length + 1}
        aria-colcount={columnCount}
        tabIndex={0}
        aria-activedescendant={active >= 0 && items.some((item) => item.index === active) ? rowId(active) : undefined}
        onKeyDown={(event) => {
          if (event.target !== event.currentTarget) return;
          const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -traces.length, End: traces.length }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          move(by);
        }}
      >
        <div role="rowgroup" className="heads">
          <ListHeader state={state} change={change} />
        </div>
        <div className="sizer" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {items.map((item) => {
            const summary = traces[item.index];
            return summary === undefined ? null : (
              <ResultRow key={summary.traceId} summary={summary} index={item.index} top={item.start - headHeight} active={item.index === active} longest={longest} prefix={prefix} notched={notched} now={now} withDay={withDay} open={open} selected={state.selected.includes(summary.traceId)} select={select} />
            );
          })}
        </div>
        <div className="end f3 num">
          {state.brush !== null && traces.length === 0 ? 'No trace lies in what is marked' : more ? (loadingMore ? `Loading more, ${formatCount(traces.length)} shown` : `${formatCount(traces.length)} shown`) : total.exact ? `All ${plural(traces.length, 'trace')} shown` : `${plural(traces.length, 'trace')} shown`}
        </div>
        {notes.map((note) => (
          <p key={note} className="note warnt">
            <Icon name="warning" />
            {note}
          </p>
        ))}
      </div>
    </div>
  );
}
