import { Link } from 'wouter';
import type { SecurityEvent, TracedEvent } from '../../model/events';
import { formatClock, formatDay, formatExact, formatMoment, plural } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { Risk } from './Risk';

/** The events, the newest first; a row opens its event. */
export function EventList({ events, selected, address, now }: { readonly events: readonly SecurityEvent[]; readonly selected: number | null; readonly address: (event: number) => string; readonly now: UnixNano }) {
  return (
    <table className="elist" aria-label="Events">
      <thead>
        <tr>
          <th scope="col">Began</th>
          <th scope="col">Risk</th>
          <th scope="col">Camera</th>
          <th scope="col">What</th>
          <th scope="col" className="e-img">
            Images
          </th>
          <th scope="col" className="e-batch">
            Batch
          </th>
          <th scope="col">Trace</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.id} aria-selected={event.id === selected} className={event.id === selected ? 'sel' : undefined}>
            <td className="num" title={formatExact(event.started)}>
              <span className="e-day">{formatDay(event.started, now)} </span>
              {formatClock(event.started)}
            </td>
            <td>
              <Risk level={event.riskLevel} score={event.riskScore} />
            </td>
            <td className="trunc">{event.cameraName}</td>
            <td className="e-what">
              <Link href={address(event.id)} className="trunc" title={event.summary}>
                {event.summary === '' ? `Event ${event.id}` : event.summary}
              </Link>
            </td>
            <td className="num f2 e-img">{plural(event.images.length, 'image')}</td>
            <td className="mono f3 e-batch trunc" title={event.batchId}>
              {event.batchId}
            </td>
            <td>
              <Link href={`/trace/${event.traceId}`} className="mono" aria-label={`Trace ${event.traceId.slice(0, 8)} of event ${event.id}`}>
                {event.traceId.slice(0, 8)}
              </Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Events as spans tell them. */
export function TracedList({ events, now }: { readonly events: readonly TracedEvent[]; readonly now: UnixNano }) {
  return (
    <table className="elist" aria-label="Traces with an event">
      <thead>
        <tr>
          <th scope="col">Trace began</th>
          <th scope="col">Risk</th>
          <th scope="col">Trace</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.traceId}>
            <td className="num" title={formatExact(event.start)}>
              {formatMoment(event.start, now)}
            </td>
            <td>
              <Risk level={event.riskLevel} />
            </td>
            <td className="e-what">
              <Link href={`/trace/${event.traceId}`} className="trunc">
                {event.operation} <span className="mono f3">{event.traceId.slice(0, 8)}</span>
              </Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
