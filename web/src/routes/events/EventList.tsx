import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { SecurityEvent, TracedEvent } from '../../model/events';
import { formatClock, formatDay, formatExact, formatMoment, plural } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { Risk } from './Risk';

const rowHeight = 28;
const headHeight = 24;
/** Rows before the end at which the next page is asked for. */
const ahead = 40;

/** Where the reader was in a list, so that the way back from a trace leads there. */
const places = new Map<string, number>();

interface RowProps {
  readonly event: SecurityEvent;
  readonly index: number;
  readonly top: number;
  readonly selected: boolean;
  readonly address: string;
  readonly open: (event: number) => void;
  readonly now: UnixNano;
}

const Row = memo(function Row({ event, index, top, selected, address, open, now }: RowProps) {
  return (
    <div role="row" aria-rowindex={index + 2} aria-current={selected ? 'true' : undefined} className={selected ? 'erow sel' : 'erow'} style={{ transform: `translateY(${top}px)` }} onClick={(click) => click.target instanceof Element && click.target.closest('a') === null && open(event.id)}>
      <span role="cell" className="num trunc" title={formatExact(event.started)}>
        <span className="e-day">{formatDay(event.started, now)} </span>
        {formatClock(event.started)}
      </span>
      <span role="cell">
        <Risk level={event.riskLevel} score={event.riskScore} />
      </span>
      <span role="cell" className="trunc e-cam" title={event.cameraName}>
        {event.cameraName}
      </span>
      <span role="cell" className="e-what">
        <Link href={address} className="trunc" title={event.summary}>
          {event.summary === '' ? `Event ${event.id}` : event.summary}
        </Link>
      </span>
      <span role="cell" className="num f2 e-img">
        {plural(event.images.length, 'image')}
      </span>
      <span role="cell" className="mono f3 e-batch trunc" title={event.batchId}>
        {event.batchId}
      </span>
      <span role="cell">
        <Link href={`/trace/${event.traceId}`} className="mono" aria-label={`Trace ${event.traceId.slice(0, 8)} of event ${event.id}`}>
          {event.traceId.slice(0, 8)}
        </Link>
      </span>
    </div>
  );
});

interface ListProps {
  readonly events: readonly SecurityEvent[];
  /** How many there are in all; null while that is not known. */
  readonly total: number | null;
  readonly selected: number | null;
  readonly address: (event: number) => string;
  readonly open: (event: number) => void;
  readonly now: UnixNano;
  readonly more: boolean;
  readonly loadingMore: boolean;
  readonly loadMore: () => void;
  readonly placeKey: string;
  /** Told whether the reader has left the top of the list. */
  readonly scrolled: (away: boolean) => void;
  readonly end: ReactNode;
}

/** The events, the newest first: only the rows in view are in the document, and the next page comes before its rows are reached. */
export function EventList({ events, total, selected, address, open, now, more, loadingMore, loadMore, placeKey, scrolled, end }: ListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: events.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12, scrollMargin: headHeight, scrollPaddingStart: headHeight, initialOffset: places.get(placeKey) ?? 0 });
  const of = useRef(placeKey);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !loadingMore && last >= events.length - ahead) loadMore();
  }, [more, loadingMore, last, events.length, loadMore]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    // Another list begins where it was left, at its top as a rule.
    if (of.current !== placeKey) element.scrollTop = places.get(placeKey) ?? 0;
    of.current = placeKey;
    const remember = (): void => {
      places.set(placeKey, element.scrollTop);
      scrolled(element.scrollTop > rowHeight);
    };
    remember();
    element.addEventListener('scroll', remember, { passive: true });
    return () => {
      element.removeEventListener('scroll', remember);
      // A list that is gone has no reader in it.
      scrolled(false);
    };
  }, [placeKey, scrolled]);
  // What is selected comes into view when it changes, and not again when more rows come.
  const shown = useRef<number | null>(null);
  const index = selected === null ? -1 : events.findIndex((event) => event.id === selected);
  useEffect(() => {
    if (shown.current === selected || (selected !== null && index < 0)) return;
    shown.current = selected;
    if (index >= 0) rows.scrollToIndex(index);
  }, [selected, index, rows]);
  return (
    <div ref={scroller} className="etable" role="table" aria-label="Events" aria-rowcount={more ? (total === null ? -1 : total + 1) : events.length + 1} tabIndex={0}>
      <div role="rowgroup" className="eheads">
        <div role="row" aria-rowindex={1} className="erow heads">
          <span role="columnheader">Began</span>
          <span role="columnheader">Risk</span>
          <span role="columnheader" className="e-cam">
            Camera
          </span>
          <span role="columnheader">What</span>
          <span role="columnheader" className="e-img">
            Images
          </span>
          <span role="columnheader" className="e-batch">
            Batch
          </span>
          <span role="columnheader">Trace</span>
        </div>
      </div>
      <div role="rowgroup" className="esizer" style={{ height: rows.getTotalSize() }}>
        {items.map((item) => {
          const event = events[item.index];
          return event === undefined ? null : <Row key={event.id} event={event} index={item.index} top={item.start - headHeight} selected={event.id === selected} address={address(event.id)} open={open} now={now} />;
        })}
      </div>
      {end}
    </div>
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
