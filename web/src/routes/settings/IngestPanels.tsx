import { formatAgo, formatCount, none, plural } from '../../model/format';
import type { ServerConfig } from '../../model/server';
import { formatRate, meanRate, refusalInWords, type WholeStatus } from '../../model/settings';
import { Icon } from '../../ui/Icon';
import { Facts, Panel } from './Panel';

export function IngestPanel({ status, rate, config }: { readonly status: WholeStatus; readonly rate: number | null; readonly config: ServerConfig | undefined }) {
  return (
    <Panel title="Ingest" note={`since the start, ${formatAgo(status.started, status.now)}`}>
      <Facts
        facts={[
          ['Spans received', formatCount(status.spans), `in ${plural(status.requests, 'request')}`],
          ['Now', rate === null ? none : formatRate(rate), 'over the last 5 s'],
          ['On average', formatRate(meanRate(status)), 'since the start'],
          ['Last span', status.lastReceived === null ? 'none yet' : formatAgo(status.lastReceived, status.now)],
          ['Values redacted', formatCount(status.redacted), '--no-redact keeps them'],
          ['OTLP over HTTP', config === undefined ? none : <span className="mono">{config.otlpHttp}</span>],
          ['OTLP over gRPC', config === undefined ? none : <span className="mono">{config.otlpGrpc}</span>],
        ]}
      />
    </Panel>
  );
}

export function RefusalsPanel({ status }: { readonly status: WholeStatus }) {
  return (
    <Panel title="Refused" note="by reason, since the start">
      {status.refused.length === 0 ? (
        <p className="pnote f2 line">
          <Icon name="check" className="okt" />
          Nothing was turned away.
        </p>
      ) : (
        <ul className="refs">
          {status.refused.map((refusal) => {
            const words = refusalInWords(refusal.reason);
            return (
              <li key={`${refusal.signal} ${refusal.reason}`}>
                <div className="line">
                  <b className="strong errt num">{plural(refusal.count, words.counts)}</b>
                  <span className="strong grow">
                    {words.name}
                    {refusal.signal !== null && <span className="f2"> of {refusal.signal}</span>}
                  </span>
                  <span className="f3 xs">{refusal.last === null ? '' : `last ${formatAgo(refusal.last, status.now)}`}</span>
                </div>
                {refusal.lastMessage !== null && <p className="mono f2 msg">{refusal.lastMessage}</p>}
                {words.remedy !== '' && <p className="f2">{words.remedy}</p>}
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
