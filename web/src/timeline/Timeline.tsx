import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useImperativeHandle, useMemo, useRef, useState, type CSSProperties, type PointerEvent, type Ref } from 'react';
import { niceStep, type TimeAxis } from '../model/axis';
import { criticalPath } from '../model/criticalPath';
import { panFolded, workSegments, zoomFolded } from '../model/foldedAxis';
import { formatDuration } from '../model/format';
import type { LogMark } from '../model/logView';
import { isCollapsed, positionOf, type Folding } from '../model/rows';
import { notchedServices } from '../model/serviceColor';
import { serviceOf, type Trace } from '../model/trace';
import { axisOf } from '../model/traceAxis';
import { clamp, whole, type Viewport } from '../model/viewport';
import { Splitter, useKeptWidth } from '../ui/Splitter';
import { useSize } from '../ui/useSize';
import { FoldColumns } from './FoldChips';
import { axisEdge, durationWidth, rowHeight } from './geometry';
import { Lanes, type LaneChoice } from './lanes/Lanes';
import { Lens, lensHeight } from './Lens';
import { Minimap, minimapHeight } from './Minimap';
import { Overlay } from './Overlay';
import { pointerTime } from './pointer';
import { Ruler, rulerHeight } from './Ruler';
import { SpanRow, spanRowId } from './SpanRow';
import { SpanTooltip, type TooltipPlace } from './SpanTooltip';
import './timeline.css';
import { useAxis, type FoldState } from './useAxis';

const [leastTree, mostTree] = [160, 720];
const tooltipMillis = 300;

/** What the owner may ask of the picture. */
export interface TimelineHandle {
  reveal(row: number): void;
  focus(): void;
  /** A factor below 1 shows less; the time below the pointer, else in the middle, stays. */
  zoom(factor: number, at: 'pointer' | 'middle'): void;
  /** By a share of the width. */
  pan(share: number): void;
  /** Shows a stretch of work between folds, by its place in the trace. */
  fitSegment(index: number): void;
  /** Moves the focus to the next fold in view, or the one before. */
  stepFold(by: 1 | -1): void;
}

interface TimelineProps {
  readonly trace: Trace;
  /** What the minimap draws: the same trace, with other of its spans where `trace` has those of a part of its time. */
  readonly overview: Trace;
  readonly visible: Int32Array;
  readonly folding: Folding;
  readonly view: Viewport;
  readonly selected: number;
  readonly matches: Uint8Array;
  readonly services: ReadonlySet<string>;
  readonly folds: FoldState;
  /** Whether the critical path is drawn. */
  readonly withPath: boolean;
  /** Resources of the services; null when they are not shown. */
  readonly lanes: LaneChoice | null;
  /** Log entries, by the row that they are drawn on. */
  readonly logs: ReadonlyMap<number, readonly LogMark[]>;
  readonly toggleFold: (fold: number) => void;
  readonly show: (view: Viewport) => void;
  readonly select: (row: number) => void;
  readonly toggle: (row: number) => void;
  readonly handle: Ref<TimelineHandle>;
}

/** Minimap, lens, ruler and the rows of a trace. Rows are a treegrid with one tab stop; only what is in view is in the document. */
export function Timeline({ trace, overview, visible, folding, view, selected, matches, services, folds, withPath, lanes, logs, toggleFold, show, select, toggle, handle }: TimelineProps) {
  const [measure, size] = useSize();
  const [tree, setTree] = useKeptWidth('tree', 300, leastTree, mostTree);
  const treeWidth = Math.min(tree, Math.max(leastTree, size.width * 0.45));
  const left = treeWidth + durationWidth;
  const width = Math.max(0, Math.floor(size.width - left - axisEdge));
  const drawn = useAxis(trace, folds, view, width);
  const { axis, parts, marks } = drawn;
  const path = useMemo(() => (withPath && trace.excerpt === null ? criticalPath(trace) : null), [trace, withPath]);
  const { gaps } = axisOf(trace);
  const notched = useMemo(() => notchedServices(trace.services), [trace]);
  const scroller = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement | null>(null);
  const hairline = useRef<HTMLDivElement>(null);
  const truePlace = useRef<HTMLElement>(null);
  const pointerX = useRef<number | null>(null);
  const [pointer] = useState(pointerTime);
  const [tooltip, setTooltip] = useState<TooltipPlace | null>(null);
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const rows = useVirtualizer({ count: visible.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 10, getItemKey: (index) => visible[index] ?? index });
  const items = rows.getVirtualItems();
  const position = positionOf(visible, selected);

  useImperativeHandle(handle, () => ({
    reveal: (row) => {
      const index = positionOf(visible, row);
      if (index >= 0) rows.scrollToIndex(index, { align: 'auto' });
    },
    focus: () => scroller.current?.focus({ preventScroll: true }),
    zoom: (factor, at) => show(zoomFolded(parts, factor, (at === 'pointer' ? pointerX.current : null) ?? width / 2)),
    pan: (share) => show(panFolded(parts, share * width)),
    fitSegment: (index) => {
      const segment = workSegments(parts)[index];
      if (segment !== undefined) show(clamp(segment, trace.total));
    },
    stepFold: (by) => {
      const chips = [...(frame.current?.querySelectorAll<HTMLElement>('.foldchip') ?? [])];
      const at = chips.findIndex((chip) => chip === document.activeElement);
      const next = chips[at < 0 ? (by > 0 ? 0 : chips.length - 1) : (at + by + chips.length) % chips.length];
      if (next !== undefined) next.focus();
      else if (parts.folds.length > 0) show(whole(trace.total));
    },
  }));
  const clicked = useRef(0);
  const fitAt = (time: number): void => {
    const segment = workSegments(parts).find((one) => time >= one.from && time <= one.to);
    if (segment !== undefined && parts.folds.length > 0) show(clamp(segment, trace.total));
  };

  // React's wheel listeners are passive, and Ctrl-wheel must not zoom the whole page.
  const wheel = useRef<(event: WheelEvent) => void>(() => undefined);
  useEffect(() => {
    wheel.current = (event) => {
      if (event.ctrlKey) {
        event.preventDefault();
        show(zoomFolded(parts, Math.exp(Math.sign(event.deltaY) * Math.min(0.5, Math.abs(event.deltaY) / 300)), pointerX.current ?? width / 2));
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        show(panFolded(parts, event.deltaX !== 0 ? event.deltaX : event.deltaY));
      }
    };
  });
  useEffect(() => {
    const element = frame.current;
    const listen = (event: WheelEvent): void => wheel.current(event);
    element?.addEventListener('wheel', listen, { passive: false });
    return () => element?.removeEventListener('wheel', listen);
  }, []);

  const hide = (): void => {
    clearTimeout(waiting.current);
    setTooltip(null);
  };
  useEffect(() => () => clearTimeout(waiting.current), []);
  const point = (event: PointerEvent<HTMLDivElement>): void => {
    const line = hairline.current;
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - left;
    const inside = x >= 0 && x <= width;
    pointerX.current = inside ? x : null;
    pointer.tell(inside ? axis.time(x) : null);
    if (line !== null) {
      line.hidden = !inside;
      line.style.transform = `translateX(${Math.round(left + x)}px)`;
      if (truePlace.current !== null) truePlace.current.style.transform = `translateX(${Math.round(left + (Math.min(trace.total, Math.max(0, axis.time(x))) / Math.max(1, trace.total)) * width)}px)`;
      const chip = line.firstElementChild;
      // As many digits as a pixel is worth, so that the hairline tells times apart that it can point at.
      if (chip !== null) chip.textContent = preciseTime(axis.time(x), nanosPerPixel(axis, x));
    }
    hide();
    const target = event.target instanceof Element ? event.target.closest('[data-row]') : null;
    const row = Number(target?.getAttribute('data-row') ?? Number.NaN);
    if (!inside || Number.isNaN(row) || event.buttons !== 0) return;
    const at = { row, x: event.clientX, y: event.clientY };
    waiting.current = setTimeout(() => setTooltip(at), tooltipMillis);
  };

  const attach = (element: HTMLDivElement | null): void => {
    frame.current = element;
    measure(element);
  };
  const lens = parts.folds.length > 0;
  const beyond = lens ? ' outside the folds' : '';
  const grid: CSSProperties & Readonly<Record<`--${string}`, string>> = { '--tree': `${treeWidth}px`, '--dur': `${durationWidth}px`, '--map': `${minimapHeight}px`, '--head': `${minimapHeight + (lens ? lensHeight : 0) + rulerHeight + 2}px` };
  return (
    <div
      ref={attach}
      className="tl"
      style={grid}
      onPointerMove={point}
      onPointerLeave={() => {
        pointerX.current = null;
        pointer.tell(null);
        if (hairline.current !== null) hairline.current.hidden = true;
        hide();
      }}
    >
      <div className="tlhead">
        <div className="lab">
          <span className="lbl">True proportions</span>
          <span className="v">0 – {formatDuration(trace.total)}</span>
        </div>
        <Minimap trace={overview} width={width} view={view} show={show} />
      </div>
      <div className="tlhead rulerline">
        <div className="lab">
          <span className="lbl">{lens ? 'Folded axis' : 'Time axis'}</span>
          <span className="v f3">{width > 0 ? `1 px = ${formatDuration(axis.perPixel)}${beyond}` : ''}</span>
        </div>
        <div>
          {lens && <Lens axis={axis} total={trace.total} />}
          <Ruler trace={trace} drawn={drawn} show={show} fitAt={fitAt} toggleFold={toggleFold} />
        </div>
      </div>
      <div className="gridlines" style={{ left, width }} aria-hidden="true">
        <FoldColumns axis={axis} />
        {marks.map((mark) => (
          <i key={mark.time} className="gridline" style={{ left: mark.x }} />
        ))}
      </div>
      {lanes !== null && <Lanes choice={lanes} axis={axis} total={trace.total} pointer={pointer} notched={notched} />}
      <div
        ref={scroller}
        className="rows"
        role="treegrid"
        aria-label="Spans of the trace"
        aria-rowcount={visible.length}
        aria-colcount={3}
        tabIndex={0}
        aria-activedescendant={selected >= 0 && items.some((item) => item.index === position) ? spanRowId(visible[position] ?? 0) : undefined}
        onScroll={hide}
        onClickCapture={(event) => {
          // The first click opens the panel, which moves what is below the pointer: the second means what the first one hit.
          if (event.detail === 1) clicked.current = pointerX.current === null ? Number.NaN : axis.time(pointerX.current);
        }}
        onDoubleClick={() => fitAt(clicked.current)}
      >
        <div className="sizer" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {items.map((item) => {
            const row = visible[item.index] ?? 0;
            const service = serviceOf(trace, row);
            return (
              <SpanRow
                key={row}
                trace={trace}
                row={row}
                position={item.index}
                top={item.start}
                axis={axis}
                selected={row === selected}
                dim={services.size > 0 && !services.has(service)}
                match={matches[row] === 1}
                collapsed={isCollapsed(trace.tree, folding, row)}
                notched={notched.has(service)}
                path={path}
                gaps={gaps.get(row)}
                logs={logs.get(row)}
                select={select}
                toggle={toggle}
              />
            );
          })}
          <div className="overlayplace" style={{ left }}>
            <Overlay trace={trace} path={path} axis={axis} visible={visible} first={items[0]?.index ?? 0} last={items.at(-1)?.index ?? -1} />
          </div>
        </div>
      </div>
      <Splitter label="Width of the span names" width={treeWidth} change={setTree} grows="right" least={leastTree} most={mostTree} />
      <div ref={hairline} className="hairline" hidden aria-hidden="true">
        <span className="num" />
      </div>
      <i ref={truePlace} className="trueplace" aria-hidden="true" />
      {tooltip !== null && visible.includes(tooltip.row) && <SpanTooltip trace={trace} place={tooltip} />}
    </div>
  );
}

/** What a pixel is worth where the pointer is: more in a fold. */
function nanosPerPixel(axis: TimeAxis, x: number): number {
  const segment = axis.segments.find((one) => x >= one.x0 && x <= one.x1);
  return segment === undefined ? axis.perPixel : (segment.to - segment.from) / Math.max(1e-9, segment.x1 - segment.x0);
}

/** `41.718 s`: one unit, with the digits that a pixel's worth of time asks for. */
function preciseTime(time: number, perPixel: number): string {
  const step = niceStep(Math.max(1, perPixel / 2));
  const [size, unit] = time >= 1e9 ? [1e9, 's'] : time >= 1e6 ? [1e6, 'ms'] : time >= 1e3 ? [1e3, 'µs'] : [1, 'ns'];
  const decimals = Math.max(0, Math.min(9, Math.ceil(Math.log10(Number(size) / step))));
  return `${(Math.max(0, time) / Number(size)).toFixed(decimals)}\u2009${unit}`;
}
