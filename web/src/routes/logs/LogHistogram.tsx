import { useRef, useState, type PointerEvent } from 'react';
import { formatCount, formatDay, formatMoment, formatClock, needsDay, plural } from '../../model/format';
import { barsOf, levelName, totalsOf, type HistogramBar, type Level, type LogHistogram as Histogram } from '../../model/logs';
import type { UnixNano } from '../../model/nano';
import { unixNano } from '../../model/nano';

const height = 56;

function Bars({ bars, most, marked }: { readonly bars: readonly HistogramBar[]; readonly most: number; readonly marked: readonly [number, number] | null }) {
  return bars.map((bar, index) => {
    let y = height;
    return bar.counts.map(([level, count]) => {
      // One entry is never less than a pixel, so that a single error is seen among thousands.
      const size = Math.max(1, (count / most) * (height - 2));
      y -= size;
      return <rect key={`${index}-${level}`} className={`hb-${level}${marked !== null && (index < marked[0] || index > marked[1]) ? ' out' : ''}`} x={index + 0.06} width={0.88} y={Math.max(0, y)} height={Math.min(size, y + size)} />;
    });
  });
}

const sentence = (bar: HistogramBar): string => (bar.counts.length === 0 ? 'no entries' : bar.counts.map(([level, count]) => `${formatCount(count)} ${levelName(level)}`).join(', '));

interface Props {
  readonly histogram: Histogram;
  readonly now: UnixNano;
  /** Narrows the time to what was dragged over. */
  readonly narrow: (from: UnixNano, to: UnixNano) => void;
  readonly chosen: readonly string[];
  readonly toggle: (level: Level) => void;
}

/** How many entries of each level, over time. Dragging narrows the time; the words below say the same, and filter by a level. */
export function LogHistogram({ histogram, now, narrow, chosen, toggle }: Props) {
  const bars = barsOf(histogram);
  const most = Math.max(1, ...bars.map((bar) => bar.total));
  const frame = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number | null>(null);
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const at = (event: PointerEvent): number => {
    const box = frame.current?.getBoundingClientRect();
    return box === undefined || box.width === 0 ? 0 : Math.min(bars.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * bars.length)));
  };
  const ordered = (pair: readonly [number, number]): readonly [number, number] => (pair[0] <= pair[1] ? pair : [pair[1], pair[0]]);
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return null;
  const moment = (time: UnixNano): string => (needsDay(time, now) || formatDay(time, now) !== formatDay(now, now) ? `${formatDay(time, now)} ${formatClock(time).slice(0, 8)}` : formatClock(time).slice(0, 8));
  const shown = drag === null ? (hover === null ? undefined : bars[hover]) : undefined;
  const range = drag === null ? null : ordered(drag);
  return (
    <figure className="lhist" aria-label="Log entries over time, by level">
      <div
        ref={frame}
        className="lhframe"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([at(event), at(event)]);
        }}
        onPointerMove={(event) => {
          setHover(at(event));
          if (drag !== null) setDrag([drag[0], at(event)]);
        }}
        onPointerLeave={() => setHover(null)}
        onPointerCancel={() => setDrag(null)}
        onPointerUp={() => {
          if (range === null) return;
          setDrag(null);
          const [from, to] = [bars[range[0]], bars[range[1]]];
          if (from !== undefined && to !== undefined) narrow(from.from, to.to);
        }}
      >
        <svg viewBox={`0 0 ${bars.length} ${height}`} preserveAspectRatio="none" width="100%" height={height} role="img" aria-label={`${plural(histogram.total.value, 'entry', 'entries')} from ${formatMoment(first.from, now)} to ${formatMoment(last.to, now)}: ${totalsOf(histogram).filter(([, count]) => count > 0).map(([level, count]) => `${formatCount(count)} ${levelName(level)}`).join(', ')}`}>
          <Bars bars={bars} most={most} marked={range} />
        </svg>
        {shown !== undefined && (
          <div className="lhtip pop num" style={{ left: `${(((hover ?? 0) + 0.5) / bars.length) * 100}%` }}>
            <b className="strong">{moment(shown.from)}</b> {sentence(shown)}
          </div>
        )}
      </div>
      <figcaption className="lhaxis num">
        <span>{moment(first.from)}</span>
        <span className="lhlegend">
          {totalsOf(histogram).map(
            ([level, count]) =>
              (count > 0 || chosen.includes(level)) && (
                <button key={level} type="button" className="lhkey" aria-pressed={chosen.includes(level)} title={`Only entries of level ${level}`} onClick={() => toggle(level)}>
                  <i className={`hb-${level}`} />
                  {level === 'unset' ? 'no level' : level} <b>{formatCount(count)}</b>
                </button>
              ),
          )}
        </span>
        <span>{moment(unixNano(last.to))}</span>
      </figcaption>
    </figure>
  );
}
