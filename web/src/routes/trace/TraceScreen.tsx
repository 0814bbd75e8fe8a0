import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link, useSearch } from 'wouter';
import { statusQuery } from '../../api/queries';
import { ApiProblem } from '../../api/problem';
import { formatAgo, plural } from '../../model/format';
import { unixNanoFromMillis } from '../../model/nano';
import { titleOf } from '../../model/summary';
import { withRunning } from '../../model/running';
import { makeTrace, type Excerpt, type Trace } from '../../model/trace';
import { CheckLine } from '../../ui/Checks';
import { useDelayed } from '../../ui/useDelayed';
import { readTabState } from './tabState';
import { TraceSkeleton } from './TraceSkeleton';
import { TraceView } from './TraceView';
import { useLoadedTrace } from './useLoadedTrace';
import './trace.css';

function NotFound({ traceId, retry, busy }: { readonly traceId: string; readonly retry: () => void; readonly busy: boolean }) {
  const status = useQuery(statusQuery);
  const valid = /^[0-9a-f]{32}$/.test(traceId);
  return (
    <div className="state">
      <h2 className="big">Trace not found</h2>
      <p className="sub">
        No span of <code className="mono">{traceId}</code> is stored here.
      </p>
      <div className="acts">
        <button type="button" className="btn primary" aria-busy={busy} onClick={retry}>
          Look again
        </button>
        <Link className="btn" href="/search?range=all">
          Search all time
        </Link>
      </div>
      <ul className="checks" aria-label="Checks">
        {valid ? <CheckLine level="good" title="The id has the right form" detail="32 hexadecimal digits." /> : <CheckLine level="bad" title="The id has not the form of a trace id" detail={`It has ${plural(traceId.length, 'character')}; a trace id has 32 hexadecimal digits in lower case. Look for a cut-off link.`} />}
        {status.data !== undefined && (
          <>
            <CheckLine level={status.data.storedTraces > 0n ? 'good' : 'bad'} title={status.data.storedTraces > 0n ? 'The store has traces' : 'The store is empty'} detail={`${plural(status.data.storedTraces, 'trace')} with ${plural(status.data.storedSpans, 'span')}${status.data.lastReceived === null ? '; nothing was received since the start' : `; the last span came ${formatAgo(status.data.lastReceived, status.data.now)}`}.`} />
            {status.data.refused.map((refusal) => (
              <CheckLine key={`${refusal.signal} ${refusal.reason}`} level="bad" title={`${refusal.count} refused: ${refusal.reason.replaceAll('_', ' ')}`} detail={refusal.lastMessage ?? 'Its spans may be among them.'} />
            ))}
          </>
        )}
        <CheckLine level="unsure" title="It may not have been sent" detail="Check that the service samples this trace (the traceparent ends in 01), that its exporter has flushed, and that it exports to this server." />
      </ul>
    </div>
  );
}

function ExcerptNotice({ trace, excerpt }: { readonly trace: Trace; readonly excerpt: Excerpt }) {
  return (
    <div className="notice" role="status">
      <span className="f2">
        <b className="strong">{plural(trace.tree.count, 'span')}</b> of {plural(excerpt.spans, 'span')} are loaded: what failed and what took longest in the time that is shown. Zoom in to load shorter ones. Search, services and statistics below are of what is loaded.
      </span>
    </div>
  );
}

export function TraceScreen({ traceId }: { readonly traceId: string }) {
  const query = useLoadedTrace(traceId);
  const loaded = query.trace;
  const late = useDelayed(query.isPending, 120);
  const { asSent } = readTabState(new URLSearchParams(useSearch()));
  const { dataUpdatedAt } = query;
  const trace = useMemo(() => {
    if (loaded === null) return null;
    const running = withRunning(loaded.parts, unixNanoFromMillis(dataUpdatedAt));
    if (running !== null) return makeTrace(running, asSent);
    return !asSent || loaded.shifts === null ? loaded : makeTrace(loaded.parts, true);
  }, [loaded, asSent, dataUpdatedAt]);
  const title = loaded === null ? `Trace ${traceId.slice(0, 8)}` : titleOf(loaded.summary).name;
  useEffect(() => {
    document.title = `${title} · Distributed Tracing`;
  }, [title]);
  const problem = query.error instanceof ApiProblem ? query.error : query.error === null ? null : new ApiProblem('unreadable', 'The answer could not be read', query.error.message);
  // A refresh that fails leaves what was there, and says so.
  return (
    <main className="screen" aria-busy={query.isFetching}>
      {trace !== null ? (
        <>
          {problem !== null && (
            <div className="notice box" role="alert">
              <span className="grow">
                <b className="strong">{problem.title}</b> <span className="f2">{problem.detail} What is shown is from before.</span>
              </span>
              <button type="button" className="btn" aria-busy={query.isFetching} onClick={query.refetch}>
                Retry
              </button>
            </div>
          )}
          {trace.excerpt !== null && <ExcerptNotice trace={trace} excerpt={trace.excerpt} />}
          <TraceView trace={trace} overview={trace.excerpt === null ? trace : (query.whole ?? trace)} readAt={unixNanoFromMillis(query.dataUpdatedAt)} onView={query.setView} />
        </>
      ) : problem === null ? (
        <TraceSkeleton visible={late} />
      ) : problem.kind === 'not-found' || (problem.kind === 'refused' && !/^[0-9a-f]{32}$/.test(traceId)) ? (
        <NotFound traceId={traceId} retry={query.refetch} busy={query.isFetching} />
      ) : (
        <div className="state" role="alert">
          <div className="box">
            <b className="strong">{problem.title}</b>
            {problem.detail !== '' && <div className="f2">{problem.detail}</div>}
            <div className="line again">
              <button type="button" className="btn" aria-busy={query.isFetching} onClick={query.refetch}>
                Retry
              </button>
            </div>
          </div>
        </div>
      )}
    </main>
  );
}
