import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { logCountQuery, logStatusQuery, type LogRequest } from '../../api/logQueries';
import { terms } from '../../model/filterText';
import { formatAgo, formatCount, plural } from '../../model/format';
import { rangeName, rangePhrase, wider } from '../../model/timeRange';
import { CheckLine } from '../../ui/Checks';
import { HowToSendLogs } from '../shell/logs/HowToSendLogs';
import type { LogsState } from './url';

/** How often the checks are done again while there is nothing to show. */
const againMillis = 5000;

/** Why there are no logs: every check is done here, with the button that helps and what to switch on. */
export function EmptyLogs({ state, request, change, refresh }: { readonly state: LogsState; readonly request: LogRequest; readonly change: (next: LogsState) => void; readonly refresh: () => void }) {
  const status = useQuery({ ...logStatusQuery, refetchInterval: againMillis });
  const { entries: came } = status.data ?? { entries: null };
  const stored = useQuery(logCountQuery({ from: null, to: null, text: '', asOf: request.asOf ?? null }));
  const filtered = terms(state.text).length > 0;
  const without = useQuery({ ...logCountQuery({ ...request, text: '' }), enabled: filtered });
  const anytime = useQuery({ ...logCountQuery({ ...request, from: null, to: null }), enabled: state.range.kind !== 'all' });
  const nothing = stored.data !== undefined && stored.data.value === 0;
  // Someone waits here for the first entry: when it comes, it shows.
  useEffect(() => {
    if (nothing && came !== null && came > 0n) refresh();
  }, [nothing, came, refresh]);
  const next = wider(state.range);
  return (
    <div className="state">
      <h3 className="big">{nothing ? 'No log entry has arrived yet' : `No logs ${filtered ? 'match ' : ''}${rangePhrase(state.range)}`}</h3>
      <p className="sub">
        {nothing
          ? 'No service sends its logs here so far. The page looks again every 5 s and shows the first when it comes.'
          : filtered && (without.data?.value ?? 0) > 0
            ? `${plural(without.data?.value ?? 0, 'entry exists', 'entries exist')} ${rangePhrase(state.range)}; the filter removes all of them.`
            : 'Loosen the filter, or look at another time.'}
      </p>
      {!nothing && (filtered || state.range.kind !== 'all') && (
        <div className="acts">
          {filtered && (
            <button type="button" className="btn" onClick={() => change({ ...state, text: '' })}>
              Clear filter
            </button>
          )}
          {state.range.kind !== 'all' && (anytime.data?.value ?? 0) > 0 && (
            <button type="button" className="btn primary" onClick={() => change({ ...state, range: { kind: 'all' } })}>
              Show {plural(anytime.data?.value ?? 0, 'entry', 'entries')} of all time
            </button>
          )}
          {state.range.kind === 'last' && next.kind === 'last' && (
            <button type="button" className="btn" onClick={() => change({ ...state, range: next })}>
              Search {rangeName(next).toLowerCase()}
            </button>
          )}
        </div>
      )}
      <ul className="checks" aria-label="Checks">
        {status.isError ? (
          <CheckLine level="bad" title="The server’s status can’t be read" detail={status.error.message} />
        ) : status.data === undefined ? (
          <CheckLine level="unsure" title="Checking the server" detail="Asking what it received and refused." />
        ) : (
          <>
            {status.data.entries > 0n && status.data.last !== null ? (
              <CheckLine level="good" title="Logs have been received" detail={`${plural(status.data.entries, 'entry', 'entries')} in ${plural(status.data.requests, 'request')} since the start, the last ${formatAgo(status.data.last, status.data.now)}.`} />
            ) : (
              <CheckLine level={nothing ? 'bad' : 'unsure'} title="No logs have been received since the start" detail={`The server started ${formatAgo(status.data.started, status.data.now)}. Many SDKs send traces only unless logs are switched on as well.`} />
            )}
            {status.data.refused.length === 0 ? (
              <CheckLine level="good" title="No logs were refused" detail="No request with logs was turned away since the start." />
            ) : (
              status.data.refused.map((refusal) => <CheckLine key={refusal.reason} level="bad" title={`${formatCount(refusal.count)} refused: ${refusal.reason.replaceAll('_', ' ')}`} detail={refusal.lastMessage} />)
            )}
            {stored.data !== undefined && !nothing && <CheckLine level="good" title="The store has logs" detail={`${plural(stored.data.value, 'entry', 'entries')} at all times.`} />}
          </>
        )}
      </ul>
      {(nothing || came === 0n) && <HowToSendLogs />}
    </div>
  );
}
