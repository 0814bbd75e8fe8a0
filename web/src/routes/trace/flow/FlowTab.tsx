import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { linkedFromQuery, spanQuery, traceQuery } from '../../../api/queries';
import { batchOf } from '../../../model/batch';
import { formatDuration, plural } from '../../../model/format';
import { tokensOf } from '../../../model/generations';
import { nanosOf } from '../../../model/nano';
import { titleOf } from '../../../model/summary';
import { nameOf, rowOfSpan, serviceOf, type Trace } from '../../../model/trace';
import { ServiceDot } from '../../../ui/Service';
import { BatchAnatomy } from './BatchAnatomy';
import './flow.css';

/** Spans whose links are followed. */
const mostSpans = 12;
const mostLinks = 50;

interface Place {
  readonly traceId: string;
  readonly spanId: string;
}

/** A span that links to others: the batch that it is about, or where its links lead. */
function LinkingSpan({ trace, place, showRow }: { readonly trace: Trace; readonly place: Place; readonly showRow: (row: number) => void }) {
  const here = place.traceId === trace.traceId;
  const query = useQuery(spanQuery(place.traceId, place.spanId));
  const other = useQuery({ ...traceQuery(place.traceId), enabled: !here });
  const detail = query.data?.[0];
  const batch = useMemo(() => (detail === undefined ? null : batchOf(detail)), [detail]);
  const of = here ? trace : other.data;
  const tokens = useMemo(() => (of === undefined ? null : tokensOf(of)), [of]);
  if (query.isError)
    return (
      <section className="flowpart">
        <p className="box" role="alert">
          <b className="strong">{`A span that links ${here ? 'from' : 'to'} here can’t be loaded.`}</b> <span className="f2">{query.error.message}</span>{' '}
          <button type="button" className="btn" aria-busy={query.isFetching} onClick={() => void query.refetch()}>
            Retry
          </button>
        </p>
      </section>
    );
  if (detail === undefined) return <section className="flowpart" aria-busy="true" />;
  const row = here ? rowOfSpan(trace, place.spanId) : -1;
  const links = here ? detail.links : detail.links.filter((link) => link.traceId !== trace.traceId);
  return (
    <section className="flowpart" aria-label={batch === null ? undefined : `Batch of ${detail.name}`}>
      <h3 className="line">
        <ServiceDot name={detail.service} notched={false} />
        {batch === null ? (
          <span>{here ? `${detail.name} links to ${plural(detail.links.length, 'span')}` : `${detail.name} of another trace links here`}</span>
        ) : (
          <span>
            Batch <span className="mono">{batch.id}</span>
          </span>
        )}
        <span className="f3 trunc">{`${batch === null ? '' : `${detail.name} of `}${detail.service}${of === undefined || here ? '' : `, in ${titleOf(of.summary).name}`}`}</span>
        <span className="grow" />
        {here ? (
          row >= 0 && (
            <button type="button" className="btn" onClick={() => showRow(row)}>
              Show the span
            </button>
          )
        ) : (
          <Link className="btn" href={`/trace/${place.traceId}?span=${place.spanId}`}>
            Open its trace
          </Link>
        )}
      </h3>
      {batch !== null ? (
        <BatchAnatomy batch={batch} traceId={trace.traceId} worked={{ nanos: nanosOf(detail.duration), failed: detail.status.code === 'error' }} tokens={tokens} />
      ) : (
        <ul className="flowlinks">
          {!here && <li className="f2">{`It took ${formatDuration(nanosOf(detail.duration))}.`}</li>}
          {links.slice(0, mostLinks).map((link, index) => {
            const to = link.traceId === trace.traceId ? rowOfSpan(trace, link.spanId) : -1;
            return (
              <li key={index}>
                {to >= 0 ? (
                  <button type="button" className="linkish" onClick={() => showRow(to)}>
                    {nameOf(trace, to)} <span className="f3">{serviceOf(trace, to)}, in this trace</span>
                  </button>
                ) : (
                  <Link href={`/trace/${link.traceId}?span=${link.spanId}`}>
                    trace <span className="mono">{link.traceId.slice(0, 16)}</span>
                  </Link>
                )}
              </li>
            );
          })}
          {links.length > mostLinks && <li className="f3">{plural(links.length - mostLinks, 'more link')}</li>}
        </ul>
      )}
    </section>
  );
}

/** What links this trace with others, both ways: batches that it waited in, and all other links. */
export function FlowTab({ trace, showRow }: { readonly trace: Trace; readonly showRow: (row: number) => void }) {
  const linked = useQuery(linkedFromQuery(trace.traceId));
  const own = useMemo(() => [...new Set(trace.links.map((link) => link.row))].map((row) => ({ traceId: trace.traceId, spanId: trace.spans.spanId[row] ?? '' })), [trace]);
  const others = useMemo(() => [...new Map((linked.data?.links ?? []).map((link) => [`${link.traceId} ${link.spanId}`, { traceId: link.traceId, spanId: link.spanId }])).values()], [linked.data]);
  const all = [...own, ...others];
  return (
    <div className="flowtab" tabIndex={0} role="group" aria-label="Links with other traces">
      {linked.isError && (
        <div className="box flowpart" role="alert">
          <b className="strong">What links here can’t be loaded.</b> <span className="f2">{linked.error.message}</span>{' '}
          <button type="button" className="btn" aria-busy={linked.isFetching} onClick={() => void linked.refetch()}>
            Retry
          </button>
        </div>
      )}
      {all.length === 0 && linked.isSuccess && (
        <div className="state">
          <h2 className="big">No links</h2>
          <p className="sub">No span of this trace links to another one, and no stored trace links here. A service that works on several traces at once, as on a batch, tells it by span links.</p>
        </div>
      )}
      {all.slice(0, mostSpans).map((place) => (
        <LinkingSpan key={`${place.traceId} ${place.spanId}`} trace={trace} place={place} showRow={showRow} />
      ))}
      {all.length > mostSpans && <p className="flowpart f3">{plural(all.length - mostSpans, 'more span')} with links; their details list them.</p>}
      {linked.data !== undefined && linked.data.truncated !== null && <p className="flowpart warnt">{linked.data.truncated}</p>}
    </div>
  );
}
