import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { ApiProblem } from '../../api/problem';
import { logEntryQuery, logHistogramQuery, logsQuery, type LogRequest } from '../../api/logQueries';
import { terms, toggleValue, valuesOf } from '../../model/filterText';
import { withTerm } from '../../model/filterTerm';
import { formatClock, formatCount, formatDay, formatExact, needsDay, plural } from '../../model/format';
import { joined, placeOf, readPlace, type LogEntry } from '../../model/logs';
import { unixNanoFromMillis } from '../../model/nano';
import { boundsOf, frozen } from '../../model/timeRange';
import { copyText } from '../../ui/copy';
import { Icon } from '../../ui/Icon';
import { useKeys } from '../../ui/keys';
import { useToasts } from '../../ui/toasts';
import { useDelayed } from '../../ui/useDelayed';
import { spanAddress } from '../shell/logs/address';
import { LogRows, type RowForm } from '../shell/logs/LogRows';
import { useRefresh } from '../shell/refresh';
import { TimeMenu } from '../shell/TimeMenu';
import { EmptyLogs } from './EmptyLogs';
import { EntryPanel } from './EntryPanel';
import { LogFacets } from './LogFacets';
import { LogHistogram } from './LogHistogram';
import { LogQuery } from './LogQuery';
import { readLogs, writeLogs, type LogsState } from './url';
import { useLiveLogs } from './useLiveLogs';
import './logsScreen.css';

/** Live follow counts anew so often. */
const recountMillis = 5000;
const stepsOf = (width: number): number => (width < 700 ? 60 : width < 2000 ? 120 : 240);

/** The moment that “last 15 minutes” counts from: fixed until the reader asks anew, so that pages, counts and the way back agree. */
function useMoment(key: string) {
  const [kept, setKept] = useState(() => ({ key, at: unixNanoFromMillis(Date.now()) }));
  if (kept.key === key) return kept.at;
  const next = { key, at: unixNanoFromMillis(Date.now()) };
  setKept(next);
  return next.at;
}

/** The screen of `/logs`: everything it shows follows from the address and the moment of the last refresh. */
export function LogsScreen() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const { tick, refresh } = useRefresh();
  const toasts = useToasts();
  const state = useMemo(() => readLogs(search), [search]);
  const now = useMoment(JSON.stringify([tick, writeLogs({ ...state, open: null, live: false })]));
  const request = useMemo((): LogRequest => ({ ...boundsOf(state.range, now), text: state.text, asOf: now }), [state.range, state.text, now]);
  const input = useRef<HTMLInputElement>(null);
  const [facetsOpen, setFacetsOpen] = useState(false);
  const [away, setAway] = useState(false);
  const [toTop, setToTop] = useState(0);
  const change = useCallback((next: LogsState, replace = false) => navigate(`/logs${writeLogs(next)}`, { replace }), [navigate]);
  const write = useCallback((text: string) => text !== state.text && change({ ...state, text }), [change, state]);

  const live = state.live && state.range.kind !== 'between';
  const query = useInfiniteQuery({ ...logsQuery(request), placeholderData: keepPreviousData });
  const histogram = useQuery({ ...logHistogramQuery(request, stepsOf(window.innerWidth)), placeholderData: keepPreviousData, refetchInterval: live ? recountMillis : false });
  const [lastGood, setLastGood] = useState(query.data);
  if (query.data !== undefined && query.data !== lastGood) setLastGood(query.data);
  const problem = query.error instanceof ApiProblem ? query.error : query.error === null ? null : new ApiProblem('unreadable', 'The answer could not be read', query.error.message);
  const badFilter = problem?.kind === 'refused' && problem.parameter !== null;
  const shown = query.data ?? (badFilter ? lastGood : undefined);
  const first = shown?.pages[0];
  const key = writeLogs({ ...state, open: null }) + String(now);
  const paused = away || state.open !== null;
  const fresh = useLiveLogs(live, paused, request, key, query.isPlaceholderData ? null : (first?.lastSequence ?? null));
  const entries = useMemo(() => joined(fresh.entries, shown?.pages.flatMap((page) => page.entries) ?? []), [shown, fresh.entries]);
  const slow = useDelayed(query.isFetching && !query.isFetchingNextPage, 120);

  const place = readPlace(state.open);
  const listed = place === null ? undefined : entries.find((entry) => entry.sequence === place.sequence);
  const elsewhere = useQuery({ ...logEntryQuery(place), enabled: place !== null && listed === undefined && query.isSuccess });
  const open = useCallback((entry: LogEntry | null) => change({ ...state, open: entry === null ? null : placeOf(entry) }, true), [change, state]);
  const find = useCallback((term: string) => `/logs${writeLogs({ ...state, text: withTerm(terms(state.text), term), open: null })}`, [state]);

  useEffect(() => {
    document.title = 'Logs · Distributed Tracing';
  }, []);
  useKeys({
    '/': () => input.current?.focus(),
    Escape: () => {
      if (facetsOpen) setFacetsOpen(false);
      else if (state.open !== null) open(null);
    },
  });

  const withDay = entries.slice(0, 1).concat(entries.slice(-1)).some((entry) => needsDay(entry.at, now));
  const form = useMemo(
    (): RowForm => ({
      at: (entry) => ({ text: withDay ? `${formatDay(entry.at, now)} ${formatClock(entry.at)}` : formatClock(entry.at), title: formatExact(entry.at) }),
      to: (entry) => {
        const address = spanAddress(entry);
        return address === null ? null : { address, text: entry.spanId === null ? 'Trace' : 'Span', title: entry.spanId === null ? `Open the trace ${entry.traceId ?? ''}` : `Open the span ${entry.spanId} of the trace ${entry.traceId ?? ''}` };
      },
    }),
    [withDay, now],
  );
  const share = (): void => {
    void copyText(`${location.origin}/logs${writeLogs({ ...state, live: false, range: frozen(state.range, now) })}`, 'Link copied. It holds the query and the time range as it is now.', toasts);
  };
  const active = terms(state.text).length;
  const fixed = state.range.kind === 'between';
  const notes = shown?.pages.flatMap((page) => (page.truncated === null ? [] : [page.truncated])) ?? [];
  const empty = entries.length === 0 && !query.isFetching && problem === null;
  return (
    <main className="screen traces" aria-busy={query.isFetching}>
      <h2 className="visually-hidden">Logs</h2>
      <div className="fb">
        <button type="button" className="btn filters" aria-expanded={facetsOpen} aria-controls="log-facets" onClick={() => setFacetsOpen(!facetsOpen)}>
          <Icon name="filter" />
          Filters {active > 0 && <span className="num acct">{active}</span>}
        </button>
        <LogQuery text={state.text} commit={write} request={request} problem={problem} input={input} />
        <TimeMenu range={state.range} now={now} change={(range) => change({ ...state, range })} />
        <button
          type="button"
          className={live && paused ? 'btn live paused' : 'btn live'}
          aria-pressed={live}
          aria-disabled={fixed}
          title={fixed ? 'This time range stands still. Choose “Last …” or all time to follow new entries.' : fresh.failed ? 'The server can’t be reached; it is tried again' : live ? (paused ? 'Paused while you read; it goes on at the top of the list' : 'New entries show as they arrive') : 'Show new entries as they arrive'}
          onClick={() => !fixed && change({ ...state, live: !state.live })}
        >
          <Icon name={fresh.failed ? 'warning' : 'live'} />
          <span>{live && fresh.failed ? 'No answer' : live && paused ? 'Paused' : 'Live'}</span>
        </button>
        <button type="button" className="btn ghost sq" aria-label="Copy a link to these logs" title="Copy a link to these logs, with their times fixed" onClick={share}>
          <Icon name="link" />
        </button>
      </div>
      <div className="bd">
        {!empty && <LogFacets request={request} change={write} idle={badFilter} open={facetsOpen} close={() => setFacetsOpen(false)} />}
        <section className="mn" aria-label="Log entries">
          {slow && !live && <div className="progress" />}
          {(problem === null || (badFilter && first !== undefined)) && !empty && (
            <div className="lhplace">
              {histogram.isError ? (
                !badFilter && <p className="errt lhfail">The counts over time can’t be loaded: {histogram.error.message}</p>
              ) : histogram.data === undefined ? null : (
                <LogHistogram histogram={histogram.data} now={now} narrow={(from, to) => change({ ...state, range: { kind: 'between', from, to }, live: false })} chosen={valuesOf(state.text, 'level')} toggle={(level) => write(toggleValue(state.text, 'level', level))} />
              )}
            </div>
          )}
          {problem !== null && !badFilter ? (
            <div className="state" role="alert">
              <div className="box">
                <b className="strong">{problem.title}</b>
                {problem.detail !== '' && <div className="f2">{problem.detail}</div>}
                <div className="line again">
                  <button type="button" className="btn" aria-busy={query.isFetching} onClick={() => void query.refetch()}>
                    Retry
                  </button>
                </div>
              </div>
            </div>
          ) : empty ? (
            <EmptyLogs state={state} request={request} change={change} refresh={refresh} />
          ) : first === undefined && problem !== null ? (
            <div className="state" role="alert">
              <div className="box">
                <b className="strong">The query can’t be read</b>
                <div className="f2">{problem.detail}</div>
                <div className="line again">
                  <button type="button" className="btn" onClick={() => change({ ...state, text: '' })}>
                    Clear the query
                  </button>
                </div>
              </div>
            </div>
          ) : first === undefined ? (
            <div role="status" aria-label="Loading the logs">
              {slow && Array.from({ length: 20 }, (_, row) => <div key={row} className="lr still skel"><i className="skeleton w70" /><i className="skeleton w70" /><i className="skeleton w61" /><i className={row % 3 === 0 ? 'skeleton w72' : 'skeleton w54'} /></div>)}
            </div>
          ) : (
            <>
              <div className={(query.isPlaceholderData && !live) || badFilter ? 'sum stale' : 'sum'}>
                <span className="m num" role="status">
                  {histogram.data === undefined || histogram.isPlaceholderData ? (first.total.exact ? plural(first.total.value, 'entry', 'entries') : `${formatCount(entries.length)}+ entries`) : `${histogram.data.total.exact ? '' : '≥ '}${plural(histogram.data.total.value, 'entry', 'entries')}`}
                </span>
                <span className="f3">newest first</span>
                {fresh.waiting.length > 0 && (
                  <button
                    type="button"
                    className="tag fresh"
                    onClick={() => {
                      open(null);
                      setToTop((old) => old + 1);
                      fresh.show();
                    }}
                  >
                    {formatCount(fresh.waiting.length)} new
                  </button>
                )}
                {fresh.missed && (
                  <button type="button" className="tag fresh" title="More entries came at once than a live list takes in. The query or a shorter time narrows them." onClick={refresh}>
                    Some are missing here: load anew
                  </button>
                )}
              </div>
              <LogRows
                entries={entries}
                label="Log entries"
                heads={['Time', 'Leads to']}
                form={form}
                kind={withDay ? 'days' : 'clock'}
                active={state.open}
                open={open}
                more={query.hasNextPage && !query.isPlaceholderData && problem === null}
                loadingMore={query.isFetchingNextPage}
                loadMore={() => void query.fetchNextPage()}
                scrolled={setAway}
                toTop={toTop}
                end={
                  <>
                    <div className="end f3 num">{query.hasNextPage ? `${query.isFetchingNextPage ? 'Loading more, ' : ''}${formatCount(entries.length)} shown` : `All ${plural(entries.length, 'entry', 'entries')} shown`}</div>
                    {notes.map((note) => (
                      <p key={note} className="note warnt">
                        <Icon name="warning" />
                        {note}
                      </p>
                    ))}
                  </>
                }
              />
            </>
          )}
        </section>
        {place !== null && !empty && first !== undefined && <EntryPanel entry={listed ?? elsewhere.data ?? null} missing={listed === undefined && elsewhere.isSuccess && elsewhere.data === null} close={() => open(null)} find={find} now={now} />}
      </div>
    </main>
  );
}
