import { Link } from 'wouter';
import { formatMoment, plural } from '../../model/format';
import type { ServerStatus } from '../../model/server';
import { rangeName, rangePhrase, wider, type TimeRange } from '../../model/timeRange';
import { CheckLine } from '../../ui/Checks';

/** The final geometry while the first answer is under way. */
export function PipelineSkeleton() {
  return (
    <section className="st" aria-hidden="true">
      <div className="stageh" />
      {[0, 1, 2, 3, 4].map((row) => (
        <div key={row} className="str">
          <span className="skeleton" />
          <span className="skeleton" />
        </div>
      ))}
    </section>
  );
}

/** No span in the range: whether there are any at other times, and the way there. */
export function EmptyPipeline({ range, status, widen }: { readonly range: TimeRange; readonly status: ServerStatus | undefined; readonly widen: (range: TimeRange) => void }) {
  const stored = status !== undefined && status.storedSpans > 0n && status.earliest !== null && status.latest !== null;
  const next = wider(range);
  return (
    <div className="state">
      <h3 className="big">{status !== undefined && status.storedSpans === 0n ? 'No span has arrived yet' : `No spans ${rangePhrase(range)}`}</h3>
      <p className="sub">Stages show once there are spans to measure.</p>
      <div className="acts">
        {stored && range.kind !== 'all' && (
          <button type="button" className="btn primary" onClick={() => widen(next)}>
            {rangeName(next)}
          </button>
        )}
        <Link className="btn" href="/settings">
          Check what is received
        </Link>
      </div>
      {status !== undefined && (
        <ul aria-label="Checks">
          {stored && status.earliest !== null && status.latest !== null ? (
            <CheckLine level={range.kind === 'all' ? 'unsure' : 'bad'} title="The store has spans at other times" detail={`${plural(status.storedSpans, 'span')}, from ${formatMoment(status.earliest, status.now)} to ${formatMoment(status.latest, status.now)}.`} />
          ) : (
            <CheckLine level="bad" title="The store is empty" detail={status.requests === 0n ? 'No sender has reached this server since its start.' : `${plural(status.requests, 'request')} came since the start, without spans that could be taken.`} />
          )}
          {status.refused.map((refusal) => (
            <CheckLine key={`${refusal.signal} ${refusal.reason}`} level="bad" title={`${plural(refusal.count, 'refusal')}: ${refusal.reason.replaceAll('_', ' ')}`} detail={refusal.lastMessage ?? ''} />
          ))}
        </ul>
      )}
    </div>
  );
}
