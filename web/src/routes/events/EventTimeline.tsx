import { useRef, useState, type PointerEvent } from 'react';
import { timeTicks } from '../../model/chartScale';
import { eventColumns, shareOf, stepsTime, type EventCounts, type RiskLevel } from '../../model/events';
import { formatCount, formatMoment, plural } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { useSize } from '../../ui/useSize';
import { riskShapes } from './Risk';

const [gutter, edge, lane, foot] = [104, 16, 20, 20];

interface Props {
  readonly counts: EventCounts;
  /** When the event that is shown began. */
  readonly selected: UnixNano | null;
  readonly now: UnixNano;
  readonly narrow: (from: UnixNano, to: UnixNano) => void;
  readonly risk: RiskLevel | null;
  readonly only: (risk: RiskLevel | null) => void;
}

/** All events of the time over time, a lane for each level of risk; all lanes have one scale. Dragging narrows the time, a lane's name filters by its level. */
export function EventTimeline({ counts, selected, now, narrow, risk, only }: Props) {
  const [attach, { width }] = useSize();
  const frame = useRef<SVGSVGElement>(null);
  const [hover, setHover] = useState<number | null>(null);
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const columns = eventColumns(counts);
  const wide = Math.max(1, width - gutter - edge);
  if (columns === null) return null;
  const { lanes, steps, most, from, to } = columns;
  const height = lanes.length * lane + foot;
  const step = wide / steps;
  const stepAt = (event: PointerEvent): number => {
    const left = frame.current?.getBoundingClientRect().left ?? 0;
    return Math.min(steps - 1, Math.max(0, Math.floor((event.clientX - left) / step)));
  };
  const shown = drag === null && hover !== null ? stepsTime(columns, hover, hover) : null;
  const said = lanes.filter(({ total }) => total > 0).map(({ level, total }) => `${formatCount(total)} ${level}`).join(', ');
  return (
    <div className="etime" ref={attach}>
      <div className="elanes" role="group" aria-label="Events of each level">
        {lanes.map(({ level, total }) => (
          <button key={level} type="button" className={`elane r-${level}`} aria-pressed={risk === level} title={risk === level ? 'Show all levels' : `Only events of ${level} risk`} onClick={() => only(risk === level ? null : level)}>
            <svg viewBox="0 0 10 10" aria-hidden="true">
              <path d={riskShapes[level]} />
            </svg>
            {level} <b className="num">{risk !== null && risk !== level ? '' : formatCount(total)}</b>
          </button>
        ))}
      </div>
      {width > 0 && (
        <svg
          ref={frame}
          className="eplot"
          width={wide + edge}
          height={height}
          role="img"
          aria-label={`${plural(counts.total, 'event')} from ${formatMoment(from, now)} to ${formatMoment(to, now)}: ${said}`}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setDrag([stepAt(event), stepAt(event)]);
          }}
          onPointerMove={(event) => {
            setHover(stepAt(event));
            if (drag !== null) setDrag([drag[0], stepAt(event)]);
          }}
          onPointerLeave={() => setHover(null)}
          onPointerCancel={() => setDrag(null)}
          onPointerUp={() => {
            if (drag === null) return;
            const range = stepsTime(columns, drag[0], drag[1]);
            setDrag(null);
            if (range.from < range.to) narrow(range.from, range.to);
          }}
        >
          {drag !== null && <rect className="edrag" x={Math.min(...drag) * step} width={(Math.abs(drag[1] - drag[0]) + 1) * step} y={0} height={lanes.length * lane} />}
          {lanes.map(({ level, counts: heights }, index) => (
            <g key={level} className={`r-${level}`}>
              <line x1={0} x2={wide} y1={(index + 1) * lane - 0.5} y2={(index + 1) * lane - 0.5} />
              {heights.map((count, at) => {
                if (count === 0) return null;
                // One event is never less than a few pixels, so that a single critical one is seen.
                const tall = Math.max(4, (count / most) * (lane - 3));
                return <rect key={at} x={at * step} width={Math.max(2, step * 0.86)} y={(index + 1) * lane - 1 - tall} height={tall} />;
              })}
            </g>
          ))}
          {selected !== null && selected >= from && selected <= to && <line className="ehere" x1={shareOf(selected, from, to) * wide} x2={shareOf(selected, from, to) * wide} y1={0} y2={lanes.length * lane} />}
          {timeTicks(from, Number(to - from), wide, 90).map((tick) => (
            <text key={tick.at} x={Math.min(wide - 16, Math.max(16, (tick.at / Number(to - from)) * wide))} y={height - 5} textAnchor="middle">
              {tick.text}
            </text>
          ))}
        </svg>
      )}
      {shown !== null && hover !== null && (
        <div className="etip pop num" style={{ left: Math.min(gutter + wide - 120, Math.max(gutter + 60, gutter + (hover + 0.5) * step)) }}>
          <b className="strong">{formatMoment(shown.from, now).slice(0, -4)}</b> {lanes.filter(({ counts: of }) => (of[hover] ?? 0) > 0).map(({ level, counts: of }) => `${formatCount(of[hover] ?? 0)} ${level}`).join(', ') || 'no events'}
        </div>
      )}
    </div>
  );
}
