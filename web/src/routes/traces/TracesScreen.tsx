import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { searchQuery } from '../../api/queries';
import { ApiProblem } from '../../api/problem';
import { frozen } from '../../model/timeRange';
import { copyText } from '../../ui/copy';
import { useKeys } from '../../ui/keys';
import { useToasts } from '../../ui/toasts';
import { useDelayed } from '../../ui/useDelayed';
import { useRefresh } from '../shell/refresh';
import { EmptyState } from './EmptyState';
import { Facets } from './Facets';
import { FailedState } from './FailedState';
import { QueryBar } from './QueryBar';
import { asOf, requestOf } from './request';
import { ResultList } from './ResultList';
import { ListSkeleton } from './ListSkeleton';
import { SummaryLine } from './SummaryLine';
import { hasFilter, readSearch, withoutFilter, writeSearch, type SearchState } from './url';
import './traces.css';

/** The screen of `/` and `/search`: everything it shows follows from the address and the moment of the last refresh. */
export function TracesScreen() {
  const search = useSearch();
  const [pathname, navigate] = useLocation();
  const { tick, refresh } = useRefresh();
  const toasts = useToasts();
  const state = useMemo(() => readSearch(search), [search]);
  const now = asOf(tick, state);
  const request = useMemo(() => requestOf(state, now), [state, now]);
  const input = useRef<HTMLInputElement>(null);
  const [facetsOpen, setFacetsOpen] = useState(false);

  const change = useCallback((next: SearchState) => navigate(`${pathname === '/' && hasFilter(next) ? '/search' : pathname}${writeSearch(next)}`), [navigate, pathname]);

  const query = useInfiniteQuery({ ...searchQuery(request), placeholderData: keepPreviousData });
  // The last good answer stays on the page while the query is one that the server can't read.
  const [lastGood, setLastGood] = useState(query.data);
  if (query.data !== undefined && query.data !== lastGood) setLastGood(query.data);
  const problem = query.error instanceof ApiProblem ? query.error : query.error === null ? null : new ApiProblem('unreadable', 'The answer could not be read', query.error.message);
  const badFilter = problem?.kind === 'refused' && problem.parameter !== null;
  const shown = query.data ?? (badFilter ? lastGood : undefined);
  const traces = useMemo(() => shown?.pages.flatMap((page) => page.traces) ?? [], [shown]);
  const slow = useDelayed(query.isFetching && !query.isFetchingNextPage, 120);

  useEffect(() => {
    document.title = 'Traces · Distributed Tracing';
  }, []);
  useKeys({ '/': () => input.current?.focus(), Escape: () => setFacetsOpen(false) });

  const share = (): void => {
    const address = `${location.origin}/search${writeSearch({ ...state, range: frozen(state.range, now) })}`;
    void copyText(address, 'Link copied. It holds the filter, the order and the time range as it is now.', toasts);
  };
  const first = shown?.pages[0];

  return (
    <main className="screen traces" aria-busy={query.isFetching}>
      <h2 className="visually-hidden">Traces</h2>
      <QueryBar state={state} change={change} now={now} request={request} problem={problem} input={input} share={share} filters={() => setFacetsOpen((open) => !open)} filtersOpen={facetsOpen} />
      <div className="bd">
        <Facets state={state} change={change} request={request} answered={query.isSuccess && !query.isPlaceholderData} idle={problem !== null} open={facetsOpen} close={() => setFacetsOpen(false)} />
        <section className="mn" aria-label="Results">
          {slow && <div className="progress" />}
          {problem !== null && !badFilter ? (
            <FailedState problem={problem} retry={() => void query.refetch()} busy={query.isFetching} clear={null} />
          ) : first === undefined ? (
            problem === null ? <ListSkeleton state={state} /> : <FailedState problem={problem} retry={() => void query.refetch()} busy={query.isFetching} clear={() => change(withoutFilter(state))} />
          ) : traces.length === 0 && !query.isFetching && problem === null ? (
            <EmptyState state={state} request={request} now={now} change={change} refresh={refresh} />
          ) : (
            <>
              <SummaryLine page={first} state={state} change={change} stale={query.isPlaceholderData || badFilter} />
              <ResultList
                traces={traces}
                total={first.total}
                state={state}
                change={change}
                now={now}
                more={query.hasNextPage && !query.isPlaceholderData && problem === null}
                loadingMore={query.isFetchingNextPage}
                loadMore={() => void query.fetchNextPage()}
                placeKey={JSON.stringify([writeSearch(state), tick])}
                notes={shown?.pages.flatMap((page) => (page.truncated === null ? page.notes : [page.truncated, ...page.notes])) ?? []}
              />
            </>
          )}
        </section>
      </div>
    </main>
  );
}
