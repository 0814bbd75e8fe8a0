import { formatAgo, formatBytes, formatCount, formatMoment, none, plural } from '../../model/format';
import { forwardingState, lossInWords, type Forwarding, type WholeStatus } from '../../model/settings';
import { Icon } from '../../ui/Icon';
import { Facts, Panel } from './Panel';

const bytes = (value: bigint): string => formatBytes(Number(value));

/** Where what is stored is passed on to, what waits, what went, and what will not get there. */
export function ForwardingPanel({ status }: { readonly status: WholeStatus }) {
  const { forwarding, now } = status;
  if (forwarding === null)
    return (
      <Panel title="Forwarding" wide>
        <p className="pnote f2">
          Nothing is passed on to another endpoint. <code className="mono opt">--forward URL</code> sends what is stored to a collector, Jaeger, Tempo or another Throughline too, through a queue on disk.
        </p>
      </Panel>
    );
  const state = forwardingState(forwarding);
  return (
    <Panel title="Forwarding" note={`to ${forwarding.target}, since the start`} wide>
      <p className="pnote line fwstate">
        <Icon name={state.level === 'bad' ? 'warning' : 'check'} className={state.level === 'bad' ? 'warnt' : state.level === 'good' ? 'okt' : 'f3'} />
        <span>{state.words}.</span>
        {forwarding.lastError !== null && <Failure forwarding={forwarding} now={now} />}
      </p>
      <div className="two">
        <Facts
          facts={[
            ['Target', <span key="target" className="mono">{forwarding.target}</span>, forwarding.protocol === 'grpc' ? 'OTLP over gRPC' : 'OTLP over HTTP'],
            ['Signals', Object.keys(forwarding.sent).join(', '), '--forward-signals'],
            ['Share of traces', forwarding.share === 1 ? 'all' : `${Number((forwarding.share * 100).toPrecision(4))}\u2009%`, '--forward-share'],
            ['Waiting', forwarding.queuedItems === 0n ? 'nothing' : formatCount(forwarding.queuedItems), forwarding.oldest === null ? undefined : `the oldest came ${formatAgo(forwarding.oldest, now)}`],
            ['Queue on disk', bytes(forwarding.queuedBytes), `of ${bytes(forwarding.maxQueuedBytes)}, --forward-queue-bytes`],
          ]}
        />
        <Facts
          facts={[
            ...Object.entries(forwarding.sent).map(([signal, items]): [string, string] => [`Sent, ${signal}`, formatCount(items)]),
            ['Requests', formatCount(forwarding.sentRequests), `${bytes(forwarding.sentBytes)} before compression`],
            ['Last sent', forwarding.lastSent === null ? none : formatAgo(forwarding.lastSent, now)],
            ['Attempts made again', formatCount(forwarding.retries)],
          ]}
        />
      </div>
      {forwarding.lost.length === 0 ? (
        <p className="pnote f2 line">
          <Icon name="check" className="okt" />
          Nothing was lost on the way.
        </p>
      ) : (
        <ul className="refs" aria-label="What the target will not get">
          {forwarding.lost.map((loss) => {
            const words = lossInWords(loss.reason);
            return (
              <li key={loss.reason}>
                <div className="line">
                  <b className="strong errt num">{plural(loss.items, 'item')}</b>
                  <span className="strong grow">{words.name}</span>
                  <span className="f3 xs">last {formatAgo(loss.last, now)}</span>
                </div>
                {loss.lastMessage !== '' && <p className="mono f2 msg">{loss.lastMessage}</p>}
                {words.remedy !== '' && <p className="f2">{words.remedy}</p>}
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}

function Failure({ forwarding, now }: { readonly forwarding: Forwarding; readonly now: WholeStatus['now'] }) {
  return (
    <span className="f2">
      {forwarding.lastError?.replace(/\.$/, '')}.{forwarding.failingSince !== null && ` It has failed since ${formatMoment(forwarding.failingSince, now)}`}
      {forwarding.nextAttempt !== null && `; the next attempt is at ${formatMoment(forwarding.nextAttempt, now)}`}.
    </span>
  );
}
