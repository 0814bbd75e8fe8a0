import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link, useSearch } from 'wouter';
import { statusQuery, traceQuery } from '../../api/queries';
import { ApiProblem } from '../../api/problem';
import { formatAgo, plural } from '../../model/format';
import { unixNanoFromMillis } from '../../model/nano';
import { titleOf } from '../../model/summary';
import { makeTrace } from '../../model/trace';
import { CheckLine } from '../../ui/Checks';
import { useDelayed } from '../../ui/useDelayed';
import { readTabState } from './tabState';
import { TraceSkeleton } from './TraceSkeleton';
import { TraceView } from './TraceView';
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
              <CheckLine key={refusal.reason} level="bad" title={`${refusal.count} refused: ${refusal.reason.replaceAll('_', ' ')}`} detail={refusal.lastMessage ?? 'Its spans may be among them.'} />
            ))}
          </>
        )}
        <CheckLine level="unsure" title="It may not have been sent" detail="Check that the service samples this trace (the traceparent ends in 01), that its exporter has flushed, and that it exports to this server." />
      </ul>
    </div>
  );
}

export function TraceScreen({ traceId }: { readonly traceId: string }) {
  const query = useQuery(traceQuery(traceId));
  const late = useDelayed(query.isPending, 120);
  const { asSent } = readTabState(new URLSearchParams(useSearch()));
  const trace = useMemo(() => (query.data === undefined || !asSent || query.data.shifts === null ? query.data : makeTrace(query.data.parts, true)), [query.data, asSent]);
  const title = query.data === undefined ? `Trace ${traceId.slice(0, 8)}` : titleOf(query.data.summary).name;
  useEffect(() => {
    document.title = `${title} · Distributed Tracing`;
  }, [title]);
  const problem = query.error instanceof ApiProblem ? query.error : query.error === null ? null : new ApiProblem('unreadable', 'The answer could not be read', query.error.message);
  // A refresh that fails leaves what was there, and says so.
  return (
    <main className="screen" aria-busy={query.isFetching}>
      {trace !== undefined ? (
        <>
          {problem !== null && (
            <div className="notice box" role="alert">
              <span className="grow">
                <b className="strong">{problem.title}</b> <span className="f2">{problem.detail} What is shown is from before.</span>
              </span>
              <button type="button" className="btn" aria-busy={query.isFetching} onClick={() => void query.refetch()}>
                Retry
              </button>
            </div>
          )}
          <TraceView trace={trace} readAt={unixNanoFromMillis(query.dataUpdatedAt)} />
        </>
      ) : problem === null ? (
        <TraceSkeleton visible={late} />
      ) : problem.kind === 'not-found' || (problem.kind === 'refused' && !/^[0-9a-f]{32}$/.test(traceId)) ? (
        <NotFound traceId={traceId} retry={() => void query.refetch()} busy={query.isFetching} />
      ) : (
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
      )}
    </main>
  );
}
