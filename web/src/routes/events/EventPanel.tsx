import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { eventImagePath, eventQuery } from '../../api/eventQueries';
import { batchFlow, type FlowMember } from '../../model/batchFlow';
import type { EventImage, SecurityEvent } from '../../model/events';
import { formatClock, formatDuration, formatExact, formatMoment } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { Icon } from '../../ui/Icon';
import { Risk } from './Risk';
import { batchAddress } from './url';

function Picture({ path, event, image }: { readonly path: string; readonly event: SecurityEvent; readonly image: EventImage }) {
  const [gone, setGone] = useState(false);
  const what = image.detections === '' ? 'nothing was detected' : image.detections;
  if (gone || image.imageId === '') return <p className="nopic f3">The picture is not kept any more.</p>;
  return <img src={eventImagePath(path, event.id, image.imageId)} alt={`${event.cameraName}: ${what}`} loading="lazy" onError={() => setGone(true)} />;
}

/** An image's way into the event: when it came, how long it waited for the others, and its own trace. */
function Member({ path, event, member, now }: { readonly path: string; readonly event: SecurityEvent; readonly member: FlowMember; readonly now: UnixNano }) {
  const { image, waited, at, carries } = member;
  return (
    <li>
      <Picture path={path} event={event} image={image} />
      <div className="eway" title={`It came at ${formatMoment(image.received, now)} and waited ${formatDuration(waited)} for the batch`}>
        <i className="hatch" style={{ left: `${at * 100}%`, right: 0 }} />
        <i className="came" style={{ left: `${at * 100}%` }} />
      </div>
      <div className="line">
        <span className="num f2">{formatClock(image.received)}</span>
        <span className="num f3">waited {formatDuration(waited)}</span>
        <span className="trunc">{image.detections === '' ? <span className="f3">nothing detected</span> : image.detections}</span>
        <span className="grow" />
        {carries && (
          <span className="tag" title="Its trace holds the analysis of all images of the batch">
            carries the analysis
          </span>
        )}
        {image.traceId !== '' && (
          <Link href={`/trace/${image.traceId}`} aria-label={`Trace of the image of ${formatClock(image.received)}`}>
            Trace
          </Link>
        )}
      </div>
    </li>
  );
}

function Body({ path, event, now }: { readonly path: string; readonly event: SecurityEvent; readonly now: UnixNano }) {
  const flow = batchFlow(event);
  return (
    <>
      <p className="esum">{event.summary}</p>
      {event.fallback !== null && (
        <div className="box w">
          <b className="strong">Nobody judged it.</b> <span className="f2">{event.fallback}</span>
        </div>
      )}
      {event.reasoning !== '' && <p className="f2 ewhy">{event.reasoning}</p>}
      <div className="line eacts">
        <Link className="btn primary" href={`/trace/${event.traceId}`}>
          Open its trace
        </Link>
        <Link className="btn" href={batchAddress(event.batchId)} title="The traces of all images that were judged together">
          Traces of the batch
        </Link>
      </div>
      <dl className="efacts">
        <dt>Camera</dt>
        <dd>{event.cameraName}</dd>
        <dt>Began</dt>
        <dd className="num" title={formatExact(event.started)}>
          {formatMoment(event.started, now)}
        </dd>
        <dt>Ended</dt>
        <dd className="num" title={formatExact(event.ended)}>
          {formatMoment(event.ended, now)}
        </dd>
        <dt>Batch</dt>
        <dd className="mono">{event.batchId}</dd>
        <dt>Trace</dt>
        <dd className="mono">{event.traceId}</dd>
        <dt>Model</dt>
        <dd>{event.model === '' ? '–' : event.model}</dd>
      </dl>
      <div>
        <h4>Flow of the batch</h4>
        <p className="f2 num">{flow.sentence}</p>
      </div>
      <ul className="epics">
        {flow.members.map((member, index) => (
          <Member key={`${member.image.imageId} ${index}`} path={path} event={event} member={member} now={now} />
        ))}
      </ul>
    </>
  );
}

/** One event with its pictures, why it was judged so, and the ways to its traces. */
export function EventPanel({ path, id, known, now, close }: { readonly path: string; readonly id: number; readonly known: SecurityEvent | undefined; readonly now: UnixNano; readonly close: () => void }) {
  const query = useQuery({ ...eventQuery(path, id), enabled: known === undefined });
  const event = known ?? query.data;
  return (
    <aside className="epanel" aria-label="The event">
      <div className="line ehead">
        <h3 className="strong">Event {id}</h3>
        {event !== undefined && <Risk level={event.riskLevel} score={event.riskScore} />}
        <span className="grow" />
        <button type="button" className="btn ghost sq" aria-label="Close the event" title="Close (Esc)" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div className="escroll" tabIndex={0} role="group" aria-label={`Details of event ${id}`}>
        {event !== undefined ? (
          <Body path={path} event={event} now={now} />
        ) : query.isError ? (
          <div className="box" role="alert">
            <b className="strong">The event can’t be shown</b>
            <div className="f2">{query.error.message}</div>
            <div className="line again">
              <button type="button" className="btn" aria-busy={query.isFetching} onClick={() => void query.refetch()}>
                Retry
              </button>
            </div>
          </div>
        ) : (
          <div role="status" aria-label="Loading the event">
            {[70, 50, 60].map((share) => (
              <i key={share} className="skeleton" style={{ width: `${share}%` }} />
            ))}
          </div>
        )}
      </div>
    </aside>
  );
}
