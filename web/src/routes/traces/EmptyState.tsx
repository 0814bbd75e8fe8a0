import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, type ReactNode } from 'react';
import { lastSeenQuery } from '../../api/facetQueries';
import { configQuery, countQuery, statusQuery, type SearchRequest } from '../../api/queries';
import { formatAgo, formatCount, formatMoment, plural } from '../../model/format';
import { after, unixNano, type UnixNano } from '../../model/nano';
import type { ServerStatus } from '../../model/server';
import { rangePhrase, wider, rangeName, type TimeRange } from '../../model/timeRange';
import { CheckLine } from '../../ui/Checks';
import { copyText } from '../../ui/copy';
import { useToasts } from '../../ui/toasts';
import { Loosen } from './Loosen';
import { HowToSend } from './HowToSend';
import { hasFilter, withoutFilter, type SearchState } from './url';

/** How often the checks are done again while there is nothing to show. */
const againMillis = 5000;

interface EmptyProps {
  readonly state: SearchState;
  readonly request: SearchRequest;
  readonly now: UnixNano;
  readonly change: (next: SearchState) => void;
  readonly refresh: () => void;
}

const unfiltered = (request: SearchRequest): SearchRequest => ({ ...request, text: '' });

function Received({ status }: { readonly status: ServerStatus }) {
  if (status.lastReceived === null || status.spans === 0n)
    return (
      <CheckLine
        level={status.storedSpans > 0n ? 'unsure' : 'bad'}
        title="Nothing has been received since the start"
        detail={`The server started ${formatAgo(status.started, status.now)}${status.requests > 0n ? `; ${plural(status.requests, 'request')} came, without spans that could be taken` : ' and no sender has reached it'}.`}
      />
    );
  return <CheckLine level="good" title="Spans have been received" detail={`${plural(status.spans, 'span')} in ${plural(status.requests, 'request')}, the last ${formatAgo(status.lastReceived, status.now)}.`} />;
}

function Refused({ status }: { readonly status: ServerStatus }) {
  if (status.refused.length === 0) return <CheckLine level="good" title="Nothing was refused" detail="No request and no span was turned away since the start." />;
  return (
    <>
      {status.refused.map((refusal) => (
        <CheckLine
          key={`${refusal.signal} ${refusal.reason}`}
          level="bad"
          title={`${formatCount(refusal.count)} refused: ${refusal.reason.replaceAll('_', ' ')}`}
          detail={
            <>
              {refusal.lastMessage}
              {refusal.last !== null && ` (${formatAgo(refusal.last, status.now)})`}
            </>
          }
        />
      ))}
    </>
  );
}

function Times({ status, state, outside, button }: { readonly status: ServerStatus; readonly state: SearchState; readonly outside: number | undefined; readonly button: ReactNode }) {
  if (status.storedTraces === 0n || status.latest === null) return <CheckLine level="unsure" title="The store is empty" detail="No time range would show a trace yet." />;
  const span = status.earliest === null ? '' : `${formatMoment(status.earliest, status.now)} to ${formatMoment(status.latest, status.now)}`;
  if (state.range.kind === 'all') return <CheckLine level="good" title="The time range hides nothing" detail={`All ${plural(status.storedTraces, 'stored trace')} are searched, ${span}.`} />;
  if (outside === undefined) return <CheckLine level="unsure" title="Looking outside the time range" detail={`Stored spans start from ${span}.`} />;
  if (outside > 0) return <CheckLine level="bad" title={`${plural(outside, 'trace matches', 'traces match')} outside the time range`} detail={`Stored spans start from ${span}.`} action={button} />;
  return <CheckLine level="good" title="The time range hides nothing" detail={`Nothing matches at any other time either. Stored spans start from ${span}.`} />;
}

/** The times that the stored spans start in, with half a minute to spare. */
const rangeOf = (earliest: UnixNano, latest: UnixNano): TimeRange => ({ kind: 'between', from: after(earliest, -30e9), to: after(latest, 30e9) });

/** A service that was heard of today counts as silent after so long. */
const silentNanos = 5n * 60_000_000_000n;

/** Who sends, and who has stopped: to the minute, over a day. */
function Senders({ status }: { readonly status: ServerStatus }) {
  const seen = useQuery({ ...lastSeenQuery(status.now), enabled: status.storedSpans > 0n, placeholderData: keepPreviousData });
  if (seen.data === undefined || seen.data.length === 0) return null;
  const silent = seen.data.filter((service) => status.now - service.lastStart > silentNanos);
  const reporting = seen.data.filter((service) => !silent.includes(service));
  return (
    <>
      <CheckLine
        level={reporting.length > 0 ? 'good' : 'unsure'}
        title={reporting.length === 0 ? 'No service reports now' : `${reporting.length} of ${plural(seen.data.length, 'service')} ${reporting.length === 1 ? 'reports' : 'report'} now`}
        detail={reporting.length > 0 ? `${reporting.map((service) => service.service).join(', ')}, within 5 min.` : `${silent.map((service) => `${service.service} was last seen ${formatAgo(unixNano(service.lastStart), status.now)}`).join(', ')}.`}
      />
      {(reporting.length > 0 ? silent : []).map((service) => (
        <CheckLine key={service.service} level="bad" title={`${service.service} is silent`} detail={`Its last span started ${formatAgo(unixNano(service.lastStart), status.now)}.`} />
      ))}
    </>
  );
}

/** Why the list is empty: every check is done here, and the one that failed has the button that helps. */
export function EmptyState({ state, request, now, change, refresh }: EmptyProps) {
  const toasts = useToasts();
  const status = useQuery({ ...statusQuery, refetchInterval: againMillis });
  const config = useQuery(configQuery);
  const filtered = hasFilter(state);
  const without = useQuery({ ...countQuery(unfiltered(request)), enabled: filtered });
  const anytime = useQuery({ ...countQuery({ ...request, from: null, to: null }), enabled: state.range.kind !== 'all' && (status.data?.storedTraces ?? 0n) > 0n });

  // Someone waits here for the first trace: when it comes, it shows, since there is nothing on the page that it could move.
  const stored = status.data?.storedTraces ?? null;
  const awaiting = !filtered && state.range.kind === 'last';
  const [earliest, latest] = [status.data?.earliest ?? null, status.data?.latest ?? null];
  useEffect(() => {
    if (awaiting && stored !== null && stored > 0n && latest !== null && latest > now) refresh();
  }, [awaiting, stored, latest, now, refresh]);

  const nothing = status.data !== undefined && status.data.storedTraces === 0n;
  // Traces are stored, and the filter is what keeps them from showing: who sends is beside the point.
  const byFilter = filtered && !nothing && without.data?.value !== 0;
  const all = { ...state, range: { kind: 'all' } } satisfies SearchState;
  const next = wider(state.range);
  return (
    <div className="state">
      <h3 className="big">{nothing ? 'No trace has arrived yet' : `No traces ${filtered ? 'match ' : ''}${rangePhrase(state.range)}`}</h3>
      <p className="sub">
        {nothing
          ? 'The page looks again every 5 s and shows the first trace when it comes.'
          : filtered && without.data !== undefined && without.data.value > 0
            ? `${plural(without.data.value, 'trace exists', 'traces exist')} ${rangePhrase(state.range)}; the filter removes all of them.`
            : filtered
              ? 'Loosen the filter, or look at another time.'
              : 'Nothing started in this time range.'}
      </p>
      {(filtered || state.range.kind !== 'all') && !nothing && (
        <div className="acts">
          {filtered && (
            <button type="button" className="btn" onClick={() => change(withoutFilter(state))}>
              Clear filter
            </button>
          )}
          {state.range.kind !== 'all' && earliest !== null && latest !== null && anytime.data !== undefined && anytime.data.value > 0 && (
            <button type="button" className={filtered ? 'btn' : 'btn primary'} onClick={() => change({ ...state, range: rangeOf(earliest, latest) })}>
              Show {formatMoment(earliest, now).slice(0, -7)} – {formatMoment(latest, now).slice(0, -7)}
            </button>
          )}
          {state.range.kind !== 'all' && anytime.data?.value !== 0 && (
            <button type="button" className="btn" onClick={() => change({ ...state, range: next })}>
              Search {rangeName(next).toLowerCase()}
            </button>
          )}
        </div>
      )}
      <ul className="checks" aria-label="Checks">
        {status.data === undefined ? (
          status.isError ? (
            <CheckLine level="bad" title="The server’s status can’t be read" detail={status.error.message} />
          ) : (
            <CheckLine level="unsure" title="Checking the server" detail="Asking what it received, refused and stored." />
          )
        ) : (
          <>
            <CheckLine level="good" title="The server answers" detail={config.data === undefined ? `Started ${formatAgo(status.data.started, status.data.now)}.` : `OTLP over gRPC at ${config.data.otlpGrpc} and over HTTP at ${config.data.otlpHttp}, started ${formatAgo(status.data.started, status.data.now)}.`} />
            {filtered && <Loosen state={state} request={request} change={change} />}
            {!(byFilter && status.data.spans === 0n) && (
              <>
                <Received status={status.data} />
                <Senders status={status.data} />
              </>
            )}
            <Refused status={status.data} />
            <Times
              status={status.data}
              state={state}
              outside={anytime.data?.value}
              button={
                <button type="button" className="btn" onClick={() => change(all)}>
                  Search all time
                </button>
              }
            />
            {status.data.problems.map((problem) => (
              <CheckLine key={problem} level="bad" title="The store reports a problem" detail={problem} />
            ))}
          </>
        )}
      </ul>
      {config.data !== undefined && (nothing || (!byFilter && (status.data?.spans ?? 1n) === 0n)) && <HowToSend config={config.data} copy={(text) => void copyText(text, 'Copied. Set these where your service starts.', toasts)} />}
    </div>
  );
}
