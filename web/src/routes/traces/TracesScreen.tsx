import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { distributionQuery, searchQuery, type SearchRequest } from '../../api/queries';
import { ApiProblem } from '../../api/problem';
import type { Brush } from '../../model/brush';
import type { TraceSummary } from '../../model/summary';
import { frozen } from '../../model/timeRange';
import { copyText } from '../../ui/copy';
import { useKeys } from '../../ui/keys';
import { useToasts } from '../../ui/toasts';
import { useDelayed } from '../../ui/useDelayed';
import { useRefresh } from '../shell/refresh';
import { Charts } from './Charts';
import { EmptyState } from './EmptyState';
import { Facets } from './Facets';
import { FailedState } from './FailedState';
import { FilterProblem } from './FilterProblem';
import { LiveButton } from './LiveButton';
import { QueryBar } from './QueryBar';
import { asOf, askOf, requestOf, statsAsk, unmarkedRequestOf } from './request';
import { ResultList } from './ResultList';
import { ListSkeleton } from './ListSkeleton';
import { SelectionBar } from './SelectionBar';
import { SummaryLine } from './SummaryLine';
import { useLive } from './useLive';
import { hasFilter, picked, readSearch, withoutFilter, writeSearch, type SearchState } from './url';
import './traces.css';

/** Answers of live follow are soon replaced, and need not be kept for the way back. */
const liveGcMillis = 10_000;
/** Lines of traces that were selected, which may no longer be in the list. */
const seen = new Map<string, TraceSummary>();

/** The request, renewed at once when the reader changes anything, and by every fifth beat of live follow only: facets are counted over everything. */
function useSlowly(request: SearchRequest, beat: number, key: string): SearchRequest {
  const [kept, setKept] = useState({ request, beat, key });
  if (kept.request === request || (kept.key === key && beat !== kept.beat && beat < kept.beat + 5)) return kept.request;
  setKept({ request, beat, key });
  return request;
}

/** The screen of `/` and `/search`: everything it shows follows from the address and the moment of the last refresh. */
export function TracesScreen() {
  const search = useSearch();
  const [pathname, navigate] = useLocation();
  const { tick, refresh } = useRefresh();
  const toasts = useToasts();
  const state = useMemo(() => readSearch(search), [search]);
  const [beat, setBeat] = useState(0);
  const now = asOf(`${tick}.${beat}`, state);
  const request = useMemo(() => requestOf(state, now), [state, now]);
  const unmarked = useMemo(() => unmarkedRequestOf(state, now), [state, now]);
  const facetRequest = useSlowly(request, beat, `${tick} ${writeSearch({ ...state, selected: [] })}`);
  const renewBeat = useCallback(() => setBeat((old) => old + 1), []);
  const input = useRef<HTMLInputElement>(null);
  const [facetsOpen, setFacetsOpen] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const [toTop, setToTop] = useState(0);

  const change = useCallback(
    (next: SearchState, replace = false) => {
      // A mark belongs to the range that it was drawn in.
      const kept = next.range === state.range ? next : { ...next, brush: null };
      navigate(`${pathname === '/' && hasFilter(kept) ? '/search' : pathname}${writeSearch(kept)}`, { replace });
    },
    [navigate, pathname, state.range],
  );

  const query = useInfiniteQuery({ ...searchQuery(request), placeholderData: keepPreviousData, ...(state.live && { gcTime: liveGcMillis }) });
  const chart = useQuery({ ...distributionQuery(unmarked, askOf(state, now, window.innerWidth)), placeholderData: keepPreviousData, ...(state.live && { gcTime: liveGcMillis }) });
  const marked = useQuery({ ...distributionQuery(request, statsAsk), placeholderData: keepPreviousData, enabled: state.brush !== null });
  const stats = state.brush === null ? chart : marked;
  // The last good answer stays on the page while the query is one that the server can't read.
  const [lastGood, setLastGood] = useState(query.data);
  if (query.data !== undefined && query.data !== lastGood) setLastGood(query.data);
  const problem = query.error instanceof ApiProblem ? query.error : query.error === null ? null : new ApiProblem('unreadable', 'The answer could not be read', query.error.message);
  const badFilter = problem?.kind === 'refused' && problem.parameter !== null;
  const shown = query.data ?? (badFilter ? lastGood : undefined);
  const traces = useMemo(() => shown?.pages.flatMap((page) => page.traces) ?? [], [shown]);
  useEffect(() => {
    for (const trace of traces) if (state.selected.includes(trace.traceId)) seen.set(trace.traceId, trace);
  }, [traces, state.selected]);
  const slow = useDelayed(query.isFetching && !query.isFetchingNextPage, 120);

  useEffect(() => {
    document.title = 'Traces · Distributed Tracing';
  }, []);
  const mark = (brush: Brush | null): void => change({ ...state, brush });
  useKeys({
    '/': () => input.current?.focus(),
    Escape: () => {
      if (facetsOpen) setFacetsOpen(false);
      else if (state.brush !== null) mark(null);
    },
  });

  const paused = state.brush !== null ? 'Paused while a range is brushed' : scrolled ? 'Paused while you read; it goes on at the top of the list' : null;
  const live = useLive(state.live && state.range.kind !== 'between', paused !== null, unmarked, chart.data?.total.value ?? null, renewBeat);
  const select = useCallback((traceId: string) => change({ ...state, selected: picked(state.selected, traceId) }, true), [change, state]);
  const compare = (): void => {
    const [a, b] = state.selected;
    if (a !== undefined && b !== undefined) navigate(`/compare?${new URLSearchParams({ a, b }).toString()}`);
    else toasts.say('Select two traces to compare: x selects the one you are at.');
  };

  const share = (): void => {
    const address = `${location.origin}/search${writeSearch({ ...state, range: frozen(state.range, now) })}`;
    void copyText(address, 'Link copied. It holds the filter, the order and the time range as it is now.', toasts);
  };
  const first = shown?.pages[0];

  return (
    <main className="screen traces" aria-busy={query.isFetching}>
      <h2 className="visually-hidden">Traces</h2>
      <QueryBar state={state} change={change} now={now} request={facetRequest} problem={problem} input={input} share={share} filters={() => setFacetsOpen((open) => !open)} filtersOpen={facetsOpen} live={<LiveButton state={state} change={change} paused={paused} />} />
      {problem !== null && badFilter && <FilterProblem problem={problem} clear={() => change(withoutFilter(state))} />}
      <div className="bd">
        <Facets state={state} change={change} request={facetRequest} answered={query.isSuccess && !query.isPlaceholderData} idle={problem !== null} open={facetsOpen} close={() => setFacetsOpen(false)} />
        <section className="mn" aria-label="Results">
          {slow && !state.live && <div className="progress" />}
          {(problem === null || badFilter) && (
            <Charts
              query={chart}
              state={state}
              now={now}
              brushed={state.brush === null || first === undefined || query.isPlaceholderData ? null : { traces: first.total.value, errors: first.errorTraces.value }}
              mark={mark}
              open={(traceId) => navigate(`/trace/${traceId}`)}
              quiet={state.live}
            />
          )}
          {problem !== null && !badFilter ? (
            <FailedState problem={problem} retry={() => void query.refetch()} busy={query.isFetching} />
          ) : first === undefined ? (
            problem === null ? <ListSkeleton state={state} /> : <p className="state f2">Nothing is searched for until the filter can be read.</p>
          ) : traces.length === 0 && !query.isFetching && problem === null && state.brush === null ? (
            <EmptyState state={state} request={request} now={now} change={change} refresh={refresh} />
          ) : (
            <>
              <SummaryLine
                page={first}
                state={state}
                change={change}
                stale={(query.isPlaceholderData && !state.live) || badFilter}
                stats={stats.data ?? null}
                unmarked={chart.data?.total ?? null}
                fresh={live.fresh}
                showFresh={() => {
                  setToTop((old) => old + 1);
                  live.show();
                }}
              />
              <ResultList
                traces={traces}
                total={first.total}
                state={state}
                change={change}
                now={now}
                more={query.hasNextPage && !query.isPlaceholderData && problem === null}
                loadingMore={query.isFetchingNextPage}
                loadMore={() => void query.fetchNextPage()}
                placeKey={JSON.stringify([writeSearch({ ...state, selected: [], live: false }), tick])}
                select={select}
                compare={compare}
                scrolled={setScrolled}
                toTop={toTop}
                notes={shown?.pages.flatMap((page) => (page.truncated === null ? page.notes : [page.truncated, ...page.notes])) ?? []}
              />
            </>
          )}
          <SelectionBar selected={state.selected} find={(traceId) => traces.find((trace) => trace.traceId === traceId) ?? seen.get(traceId)} clear={() => change({ ...state, selected: [] }, true)} compare={compare} />
        </section>
      </div>
    </main>
  );
}
