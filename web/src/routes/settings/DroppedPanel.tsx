import { useQuery } from '@tanstack/react-query';
import { processCountsQuery } from '../../api/processQueries';
import { formatAgo, formatCount, plural } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { causeInWords, sumOf, type ProcessCause } from '../../model/processRules';
import { Icon } from '../../ui/Icon';
import { Panel } from './Panel';

/** What the rules have dropped, cut, redacted and kept, counted while it happens. */
export function DroppedPanel({ now, againMillis }: { readonly now: UnixNano | undefined; readonly againMillis: number }) {
  const counts = useQuery({ ...processCountsQuery, refetchInterval: againMillis });
  const data = counts.data;
  const since = data === undefined || now === undefined ? undefined : `by rule and service, since ${formatAgo(data.since, now)}`;
  if (data === undefined) {
    return (
      <Panel title="Dropped and redacted" note={since} wide>
        {counts.isError ? (
          <p className="pnote errt" role="alert">
            The counts can’t be loaded: {counts.error.message}
          </p>
        ) : (
          <div className="pnote">
            <span className="skeleton" />
          </div>
        )}
      </Panel>
    );
  }
  const nothing = data.dropped.length === 0 && data.cut.length === 0 && data.redacted.length === 0 && data.tailKept.length === 0;
  return (
    <Panel title="Dropped and redacted" note={since} wide>
      {nothing && (
        <p className="pnote f2 line">
          <Icon name="check" className="okt" />
          The rules have dropped, cut and redacted nothing.
        </p>
      )}
      {counts.isError && <p className="pnote errt">These counts are from before: {counts.error.message}</p>}
      <div className="dropped">
        <Causes title={`Dropped, ${plural(sumOf(data.dropped), 'span')}`} causes={data.dropped} />
        <Causes title={`Cut, ${plural(sumOf(data.cut), 'span')}`} causes={data.cut} />
        {data.tailKept.length > 0 && (
          <table className="tab">
            <caption>Kept by tail rules</caption>
            <thead>
              <tr>
                <th scope="col">Rule</th>
                <th scope="col" className="right">Traces</th>
                <th scope="col" className="right">Spans</th>
              </tr>
            </thead>
            <tbody>
              {data.tailKept.map((kept) => (
                <tr key={kept.rule}>
                  <th scope="row">{causeInWords({ stage: 'tail', rule: kept.rule })}</th>
                  <td className="right num">{formatCount(kept.traces)}</td>
                  <td className="right num">{formatCount(kept.spans)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {data.redacted.length > 0 && (
          <table className="tab">
            <caption>Redacted by rules</caption>
            <thead>
              <tr>
                <th scope="col">Rule</th>
                <th scope="col" className="right">Values</th>
              </tr>
            </thead>
            <tbody>
              {data.redacted.map((redacted) => (
                <tr key={redacted.rule}>
                  <th scope="row">{redacted.rule}</th>
                  <td className="right num">{formatCount(redacted.values)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      {data.decidedEarly > 0n && <p className="pnote f2">{plural(data.decidedEarly, 'trace was', 'traces were')} decided while still active, since no more may wait: raise --tail-max-spans and --head-max-spans.</p>}
    </Panel>
  );
}

function Causes({ title, causes }: { readonly title: string; readonly causes: readonly ProcessCause[] }) {
  if (causes.length === 0) return null;
  return (
    <table className="tab">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">By</th>
          <th scope="col" className="right">Spans</th>
        </tr>
      </thead>
      <tbody>
        {causes.map((cause) => (
          <tr key={`${cause.stage}/${cause.rule}/${cause.service}`}>
            <th scope="row">{cause.service}</th>
            <td className="f2">{causeInWords(cause)}</td>
            <td className="right num">{formatCount(cause.spans)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
