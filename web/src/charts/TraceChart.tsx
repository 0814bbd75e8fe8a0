import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent as ReactPointerEvent } from 'react';
import type { Brush } from '../model/brush';
import { durationScale, durationTicks, markText, rateLabels, timeTicks } from '../model/chartScale';
import { formatCount, formatMoment, plural } from '../model/format';
import type { Distribution } from '../model/distribution';
import { after, type UnixNano } from '../model/nano';
import { useTheme } from '../ui/theme';
import { useSize } from '../ui/useSize';
import { BrushChip } from './BrushChip';
import { ChartTable } from './ChartTable';
import { draggedBrush, gripAt, steppedBrush, type Grip } from './grip';
import { brushOf, columnAt, columnBrush, columnText, hitAt, hitText, type Hit } from './hit';
import { paintChart, xOf, yOf, inside, type Axis, type Frame, type Marked } from './paint';
import './charts.css';

export const chartHeight = 176;
/** Pixels that a pressed pointer must travel before a click becomes a brush. */
const brushLeast = 4;

export interface TraceChartProps {
  readonly distribution: Distribution;
  /** The time range that the axis shows; an open end is that of the distribution. */
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
  readonly now: UnixNano;
  readonly brush: Brush | null;
  /** What the brush holds, as far as it is known. */
  readonly brushed: { readonly traces: number; readonly errors: number } | null;
  readonly mark: (brush: Brush | null) => void;
  readonly open: (traceId: string) => void;
  readonly stale: boolean;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

function axisOf(distribution: Distribution, from: UnixNano | null, to: UnixNano | null, width: number): Axis {
  const frame: Frame = { left: width < 520 ? 44 : 60, right: Math.max(60, width - (width < 520 ? 8 : 16)), top: 8, bottom: 114, stripTop: 128, stripBottom: 154 };
  const end = distribution.traces.length * distribution.columnLength;
  const start = from === null ? 0 : Math.max(0, Number(from - distribution.first));
  const until = to === null ? end : Math.min(end, Number(to - distribution.first));
  const { rowEdges, points } = distribution;
  const [shortest, longest] = points === null || points.length === 0 ? [rowEdges[0] ?? 1e6, rowEdges.at(-1) ?? 1e9] : [Math.min(...points.map((point) => point.duration)), Math.max(...points.map((point) => point.duration))];
  return { frame, start, length: Math.max(1, until - start), scale: durationScale(shortest, longest) };
}

/** Duration of every trace over time, above the number of traces and failures by column of time. A drag in the scatter marks time and durations, one in the strip time alone; a mark is moved by dragging it, and changed by its edges. */
export function TraceChart({ distribution, from, to, now, brush, brushed, mark, open, stale }: TraceChartProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [attach, { width }] = useSize();
  const theme = useTheme();
  const tableId = useId();
  const [hit, setHit] = useState<Hit | null>(null);
  const [grip, setGrip] = useState<Grip | null>(null);
  const [drawn, setDrawn] = useState<Brush | null>(null);
  const [cursor, setCursor] = useState<{ readonly at: number; readonly from: number } | null>(null);
  const axis = useMemo(() => axisOf(distribution, from, to, width), [distribution, from, to, width]);
  const ticks = useMemo(() => durationTicks(axis.scale, axis.frame.bottom - axis.frame.top, 16), [axis]);
  const columns = distribution.traces.length;
  const shown = drawn ?? (cursor === null || cursor.at === cursor.from ? brush : columnBrush(distribution, cursor.at, cursor.from));
  const marked = useMemo<Marked | null>(() => {
    if (shown === null) return null;
    const [left, right] = [inside(axis, xOf(axis, Number(shown.from - distribution.first))), inside(axis, xOf(axis, Number(shown.to - distribution.first)))];
    return { left, right, top: shown.durations === null ? null : yOf(axis, Number(shown.durations.longest)), bottom: shown.durations === null ? null : yOf(axis, Math.max(1, Number(shown.durations.shortest))) };
  }, [shown, axis, distribution]);
  const column = cursor?.at ?? (hit?.kind === 'column' ? hit.column : null);
  useEffect(() => {
    if (canvas.current !== null) paintChart(canvas.current, { distribution, axis, ticks, marked, hover: hit === null || hit.kind === 'column' ? null : hit, column }, width, chartHeight, devicePixelRatio);
  }, [distribution, axis, ticks, marked, hit, column, width, theme]);

  const placeOf = (event: { readonly clientX: number; readonly clientY: number }, element: Element): Place => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const press = (event: ReactPointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0 || columns === 0) return;
    const element = event.currentTarget;
    const start = placeOf(event, element);
    if (start.x < axis.frame.left - brushLeast) return;
    const inScatter = start.y < axis.frame.stripTop - 4;
    const held = brush === null ? null : gripAt(marked, start.x, start.y);
    const brushTo = (at: Place): Brush => (held === null || marked === null ? brushOf(distribution, axis, start, at, inScatter) : draggedBrush(distribution, axis, marked, held, start, at));
    element.setPointerCapture(event.pointerId);
    let marking = false;
    const move = (moved: PointerEvent): void => {
      const at = placeOf(moved, element);
      marking ||= Math.abs(at.x - start.x) >= brushLeast || (held !== null && Math.abs(at.y - start.y) >= brushLeast);
      if (!marking) return;
      setHit(null);
      setDrawn(brushTo(at));
    };
    const finish = (keep: boolean, last: PointerEvent | null): void => {
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', lost);
      document.removeEventListener('keydown', escape, true);
      setDrawn(null);
      if (!keep || last === null) return;
      const at = placeOf(last, element);
      if (marking) mark(brushTo(at));
      else click(hitAt(distribution, axis, at.x, at.y));
    };
    const up = (last: PointerEvent): void => finish(true, last);
    const lost = (): void => finish(false, null);
    const escape = (key: globalThis.KeyboardEvent): void => {
      if (key.key !== 'Escape') return;
      key.stopPropagation();
      lost();
    };
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', lost);
    document.addEventListener('keydown', escape, true);
  };
  const click = (found: Hit | null): void => {
    if (found === null) return;
    if (found.kind === 'point') open(found.point.traceId);
    else if (found.kind === 'cell') mark(found.brush);
    else mark(columnBrush(distribution, found.column, found.column));
  };
  const key = (event: KeyboardEvent<HTMLDivElement>): void => {
    const last = columns - 1;
    const at = cursor?.at ?? (brush === null ? last : (columnAt(distribution, axis, xOf(axis, Number(brush.from - distribution.first))) ?? last));
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -columns, End: columns }[event.key];
    if (by !== undefined && columns > 0 && event.ctrlKey && brush !== null) mark(steppedBrush(distribution, brush, by));
    else if (by !== undefined && columns > 0) {
      const next = Math.min(last, Math.max(0, at + by));
      setCursor({ at: next, from: event.shiftKey ? (cursor?.from ?? at) : next });
    } else if ((event.key === 'Enter' || event.key === ' ') && cursor !== null) {
      mark(columnBrush(distribution, cursor.at, cursor.from));
      setCursor({ at: cursor.at, from: cursor.at });
    } else if (event.key === 'Escape' && cursor !== null && cursor.at !== cursor.from) setCursor({ at: cursor.at, from: cursor.at });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const clock = (time: UnixNano): string => formatMoment(time, now);
  const most = distribution.traces.reduce((found, count) => Math.max(found, count), 0);
  const lines = cursor !== null ? columnText(distribution, cursor.at, now) : hit === null ? null : hitText(hit, distribution, now, clock);
  const tipX = cursor !== null ? xOf(axis, (cursor.at + 0.5) * distribution.columnLength) : (hit?.x ?? 0);
  const tipY = cursor !== null || hit?.kind === 'column' ? axis.frame.stripTop : (hit !== null && 'y' in hit ? hit.y : 0);
  const total = distribution.total;
  const rate = rateLabels(most, distribution.columnLength, axis.frame.left - 6);
  return (
    <div className={stale ? 'chart stale' : 'chart'}>
      <div
        ref={attach}
        className={hit?.kind === 'point' ? 'plot pointing' : grip === null ? 'plot' : `plot ${grip}`}
        role="slider"
        tabIndex={0}
        aria-label="Traces over time"
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, columns - 1)}
        aria-valuenow={cursor?.at ?? Math.max(0, columns - 1)}
        aria-valuetext={columnText(distribution, cursor?.at ?? Math.max(0, columns - 1), now).join(', ')}
        aria-describedby={tableId}
        onPointerDown={press}
        onPointerMove={(event) => {
          if (event.buttons !== 0) return;
          const at = placeOf(event, event.currentTarget);
          setCursor(null);
          setGrip(brush === null ? null : gripAt(marked, at.x, at.y));
          setHit(hitAt(distribution, axis, at.x, at.y));
        }}
        onPointerLeave={() => setHit(null)}
        onBlur={() => setCursor(null)}
        onKeyDown={key}
      >
        <canvas ref={canvas} style={{ width, height: chartHeight }} aria-hidden="true" />
      </div>
      <div className="axes num" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick} className="ytick" style={{ top: yOf(axis, tick) - 8, width: axis.frame.left - 6 }}>
            {markText(tick)}
          </span>
        ))}
        <span className="ytick" style={{ top: axis.frame.stripTop - 6, width: axis.frame.left - 6 }}>
          {rate.top}
        </span>
        <span className="ytick" style={{ top: axis.frame.stripBottom - 12, width: axis.frame.left - 6 }}>
          {rate.foot}
        </span>
        {timeTicks(after(distribution.first, axis.start), axis.length, axis.frame.right - axis.frame.left, 96).map((tick) => {
          const x = xOf(axis, axis.start + tick.at);
          return (
            <span key={tick.at} className={x > width - 34 ? 'xtick last' : 'xtick'} style={x > width - 34 ? { right: Math.max(0, width - x - 4), top: axis.frame.stripBottom + 3 } : { left: x, top: axis.frame.stripBottom + 3 }}>
              {tick.text}
            </span>
          );
        })}
      </div>
      {total.value === 0 && !stale && <p className="nothing f3">{total.exact ? 'No trace in this range matches' : 'No match was found before the search ended'}</p>}
      {marked !== null && shown !== null && <BrushChip brush={shown} now={now} left={marked.left} right={marked.right} width={width} brushed={drawn === null && cursor === null ? brushed : null} />}
      {lines !== null && drawn === null && (
        <div className="tip pop num" style={{ left: Math.min(Math.max(tipX, 90), Math.max(90, width - 130)), top: tipY < 60 ? tipY + 12 : tipY - 50 }} aria-hidden="true">
          {lines.map((line) => (
            <div key={line}>{line}</div>
          ))}
          {cursor !== null && <div className="f3">Enter marks, Shift and arrows widen</div>}
        </div>
      )}
      <ChartTable id={tableId} distribution={distribution} now={now} label={`${plural(total.value, 'trace')}, ${formatCount(distribution.errorTraces.value)} with errors.`} />
    </div>
  );
}
