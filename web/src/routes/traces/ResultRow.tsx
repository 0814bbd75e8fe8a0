import { memo } from 'react';
import { Link } from 'wouter';
import { formatClock, formatDay, formatDuration, formatExact, none } from '../../model/format';
import { nanosOf, type UnixNano } from '../../model/nano';
import { titleOf, type TraceSummary } from '../../model/summary';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import { ShapeCell } from './ShapeCell';

export interface RowProps {
  readonly summary: TraceSummary;
  readonly index: number;
  readonly top: number;
  readonly active: boolean;
  readonly longest: number;
  readonly prefix: string;
  readonly notched: ReadonlySet<string>;
  readonly now: UnixNano;
  readonly withDay: boolean;
  readonly open: (summary: TraceSummary) => void;
  readonly selected: boolean;
  readonly select: (traceId: string) => void;
}

const percent = (part: number, wholeLength: number): string => `${wholeLength <= 0 ? 0 : Math.min(100, Math.max(0.8, (part / wholeLength) * 100))}%`;

export const rowId = (index: number): string => `trace-row-${index}`;

/** One trace of the list, 26 px. */
export const ResultRow = memo(function ResultRow({ summary, index, top, active, longest, prefix, notched, now, withDay, open, selected, select }: RowProps) {
  const title = titleOf(summary);
  const [duration, waiting] = [nanosOf(summary.duration), nanosOf(summary.waiting)];
  const className = `li${summary.errors > 0 ? ' er' : ''}${active ? ' on' : ''}${selected ? ' picked' : ''}`;
  const errorText = `${summary.errors} failed ${summary.errors === 1 ? 'span' : 'spans'}${summary.errorType === null ? '' : `, ${summary.errorType}`}`;
  return (
    <div role="row" id={rowId(index)} aria-rowindex={index + 2} aria-selected={active} className={className} style={{ transform: `translateY(${top}px)` }} onClick={() => open(summary)}>
      <span role="gridcell" className="c-check" onClick={(event) => event.stopPropagation()}>
        <label>
          <input type="checkbox" tabIndex={-1} checked={selected} aria-label={`Select ${title.name} of ${formatClock(summary.start)} to compare`} onChange={() => select(summary.traceId)} />
        </label>
      </span>
      <span role="gridcell" className="num f2 c-start" title={formatExact(summary.start)}>
        {withDay && `${formatDay(summary.start, now)} `}
        {formatClock(summary.start)}
      </span>
      <span role="gridcell" className="root c-root" title={`${title.name} · ${title.service}${summary.root === null ? ' · the root span did not arrive' : ''}`}>
        <ServiceDot name={title.service} notched={notched.has(title.service)} />
        <Link href={`/trace/${summary.traceId}`} className="trunc" tabIndex={-1} onClick={(event) => event.stopPropagation()}>
          {title.name === '' ? '(no name)' : title.name}
        </Link>
        {(summary.root === null || summary.orphans > 0) && (
          <span className="tag warn">
            <Icon name="warning" />
            Partial
          </span>
        )}
      </span>
      <span role="gridcell" className="sub c-services" title={summary.services.map((service) => `${service.name} ${service.spans}`).join(', ')}>
        {summary.services.map((service) => (
          <span key={service.name} className="chip">
            <ServiceDot name={service.name} notched={notched.has(service.name)} />
            {service.name.slice(prefix.length)}
            <b>{service.spans}</b>
          </span>
        ))}
      </span>
      <span role="gridcell" className="c-shape">
        <ShapeCell traceId={summary.traceId} spans={summary.spans} />
      </span>
      <span role="gridcell" className="dl c-duration">
        <span className="num strong">{formatDuration(duration)}</span>
        <span className="tr" aria-hidden="true">
          <i style={{ width: percent(duration, longest) }} />
        </span>
      </span>
      <span role="gridcell" className="dl c-waiting">
        <span className="num f2">{waiting > 0 ? formatDuration(waiting) : none}</span>
        <span className="tr" aria-hidden="true">
          {waiting > 0 && <i className="hatch" style={{ width: percent(waiting, duration) }} />}
        </span>
      </span>
      <span role="gridcell" className="num right f2 c-spans">
        {summary.spans}
      </span>
      <span role="gridcell" className={summary.errors > 0 ? 'er2 errt c-errors' : 'er2 f3 c-errors'} title={summary.errors > 0 ? errorText : undefined}>
        {summary.errorType !== null && <span className="xs trunc">{summary.errorType}</span>}
        <span className="num strong">{summary.errors > 0 ? summary.errors : none}</span>
      </span>
    </div>
  );
});
