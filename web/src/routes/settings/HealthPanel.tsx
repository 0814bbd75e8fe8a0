import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { servicesQuery } from '../../api/queries';
import { formatAgo, formatMoment, plural } from '../../model/format';
import { unixNano } from '../../model/nano';
import { allProblems, sendersLine, type WholeStatus } from '../../model/settings';
import { CheckLine } from '../../ui/Checks';
import { Panel } from './Panel';

const minute = 60_000_000_000n;
const hour = 60n * minute;
/** A sender's clock may run ahead a little; more than this hides its spans from "last 15 minutes". */
const aheadNanos = 300_000_000_000n;

/** Why do I see nothing? Each check is done here, of the last status that came; `problem` is why none came since. */
export function HealthPanel({ status, problem }: { readonly status: WholeStatus; readonly problem: string | null }) {
  // In whole minutes, so that each look at the status does not ask anew.
  const recent = useQuery({ ...servicesQuery(unixNano((status.now / minute) * minute - hour), null), enabled: status.storedSpans > 0n, placeholderData: keepPreviousData });
  const last = useQuery({ ...servicesQuery(unixNano((status.latest ?? minute) - minute), null), enabled: status.latest !== null && recent.data?.length === 0, placeholderData: keepPreviousData });
  const senders = status.latest === null || recent.data === undefined ? null : sendersLine(recent.data.map((service) => service.name), last.data?.map((service) => service.name) ?? [], status.latest, status.now);
  const silent = status.lastReceived !== null && status.now - status.lastReceived > hour;
  const ahead = status.latest !== null && status.latest > status.now + aheadNanos;
  const refused = status.refused.length > 0;
  const problems = allProblems(status);
  return (
    <Panel title="Why do I see nothing?" note={problem === null ? 'checked now' : 'as last checked'} wide>
      <ul className="checks">
        {problem === null ? (
          <CheckLine level="good" title="The server answers" detail={`It started ${formatAgo(status.started, status.now)} and its store is open.`} />
        ) : (
          <CheckLine level="bad" title="The server does not answer" detail={problem} />
        )}
        {status.lastReceived === null ? (
          <CheckLine level={status.storedSpans > 0n ? 'unsure' : 'bad'} title="Nothing has been received since the start" detail="Check that a service sends, and that it sends to the addresses below Ingest." />
        ) : (
          <CheckLine level={silent ? 'unsure' : 'good'} title={silent ? 'Senders have gone silent' : 'Spans are received'} detail={`${plural(status.spans, 'span')} since the start, the last ${formatAgo(status.lastReceived, status.now)}.`} />
        )}
        <CheckLine
          level={refused ? 'bad' : 'good'}
          title={refused ? 'Something was refused' : 'Nothing was refused'}
          detail={refused ? status.refused.map((refusal) => refusal.reason.replaceAll('_', ' ')).join(', ') : 'No request and no span was turned away since the start.'}
        />
        {status.latest === null || status.earliest === null ? (
          <CheckLine level="unsure" title="The store is empty" detail="No time range would show a trace yet." />
        ) : (
          <CheckLine
            level={ahead ? 'unsure' : 'good'}
            title={ahead ? 'A sender’s clock runs ahead' : 'Times are plausible'}
            detail={`Stored spans start from ${formatMoment(status.earliest, status.now)} to ${formatMoment(status.latest, status.now)}.`}
            action={
              <Link className="btn" href="/search?range=all">
                Show all traces
              </Link>
            }
          />
        )}
        {status.storedSpans > 0n && senders !== null && <CheckLine {...senders} />}
        {recent.isError && <CheckLine level="bad" title="The services could not be counted" detail={recent.error.message} />}
        <CheckLine
          level={problems.length > 0 ? 'bad' : 'good'}
          title={problems.length > 0 ? 'The store has problems' : 'The store has no problems'}
          detail={status.problems.length > 0 ? 'Some stored spans cannot be read: see Storage.' : problems.length > 0 ? 'Something of another signal cannot be read or written: see Other signals.' : 'Everything that was stored can be read.'}
        />
      </ul>
    </Panel>
  );
}
