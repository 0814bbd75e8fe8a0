import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useImperativeHandle, useMemo, useRef, useState, type CSSProperties, type PointerEvent, type Ref } from 'react';
import { linearAxis, niceStep, ticks } from '../model/axis';
import { formatDuration } from '../model/format';
import { isCollapsed, positionOf, type Folding } from '../model/rows';
import { notchedServices } from '../model/serviceColor';
import { serviceOf, type Trace } from '../model/trace';
import { pan, zoom, type Viewport } from '../model/viewport';
import { Splitter, useKeptWidth } from '../ui/Splitter';
import { useSize } from '../ui/useSize';
import { Minimap } from './Minimap';
import { Ruler } from './Ruler';
import { SpanRow, axisEdge, rowHeight, spanRowId } from './SpanRow';
import { SpanTooltip, type TooltipPlace } from './SpanTooltip';
import './timeline.css';

const durationWidth = 64;
const [leastTree, mostTree] = [160, 720];
const tooltipMillis = 300;

/** What the owner may ask of the picture. */
export interface TimelineHandle {
  reveal(row: number): void;
  focus(): void;
  /** The time below the pointer, or the middle of the view. */
  pointerTime(): number;
}

interface TimelineProps {
  readonly trace: Trace;
  readonly visible: Int32Array;
  readonly folding: Folding;
  readonly view: Viewport;
  readonly selected: number;
  readonly matches: Uint8Array;
  readonly services: ReadonlySet<string>;
  readonly show: (view: Viewport) => void;
  readonly select: (row: number) => void;
  readonly toggle: (row: number) => void;
  readonly handle: Ref<TimelineHandle>;
}

/** Minimap, ruler and the rows of a trace. Rows are a treegrid with one tab stop; only what is in view is in the document. */
export function Timeline({ trace, visible, folding, view, selected, matches, services, show, select, toggle, handle }: TimelineProps) {
  const [measure, size] = useSize();
  const [tree, setTree] = useKeptWidth('tree', 300, leastTree, mostTree);
  const treeWidth = Math.min(tree, Math.max(leastTree, size.width * 0.45));
  const left = treeWidth + durationWidth;
  const width = Math.max(0, Math.floor(size.width - left - axisEdge));
  const axis = useMemo(() => linearAxis(view.from, view.to, width), [view, width]);
  const marks = useMemo(() => ticks(axis), [axis]);
  const notched = useMemo(() => notchedServices(trace.services), [trace]);
  const scroller = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement | null>(null);
  const hairline = useRef<HTMLDivElement>(null);
  const pointerX = useRef<number | null>(null);
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
    pointerTime: () => (pointerX.current === null ? (view.from + view.to) / 2 : axis.time(pointerX.current)),
  }));

  // React's wheel listeners are passive, and Ctrl-wheel must not zoom the whole page.
  const wheel = useRef<(event: WheelEvent) => void>(() => undefined);
  useEffect(() => {
    wheel.current = (event) => {
      if (event.ctrlKey) {
        event.preventDefault();
        show(zoom(view, Math.exp(Math.sign(event.deltaY) * Math.min(0.5, Math.abs(event.deltaY) / 300)), pointerX.current === null ? (view.from + view.to) / 2 : axis.time(pointerX.current), trace.total));
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        show(pan(view, (event.deltaX !== 0 ? event.deltaX : event.deltaY) / Math.max(1, width), trace.total));
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
    if (line !== null) {
      line.hidden = !inside;
      line.style.transform = `translateX(${Math.round(left + x)}px)`;
      const chip = line.firstElementChild;
      // As many digits as a pixel is worth, so that the hairline tells times apart that it can point at.
      if (chip !== null) chip.textContent = preciseTime(axis.time(x), (view.to - view.from) / Math.max(1, width));
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
  const grid: CSSProperties & Readonly<Record<`--${string}`, string>> = { '--tree': `${treeWidth}px`, '--dur': `${durationWidth}px` };
  return (
    <div
      ref={attach}
      className="tl"
      style={grid}
      onPointerMove={point}
      onPointerLeave={() => {
        pointerX.current = null;
        if (hairline.current !== null) hairline.current.hidden = true;
        hide();
      }}
    >
      <div className="tlhead">
        <div className="lab">
          <span className="lbl">True proportions</span>
          <span className="v">0 – {formatDuration(trace.total)}</span>
        </div>
        <Minimap trace={trace} width={width} view={view} show={show} />
      </div>
      <div className="tlhead rulerline">
        <div className="lab">
          <span className="lbl">Time axis</span>
          <span className="v f3">{width > 0 ? `1 px = ${formatDuration((view.to - view.from) / width)}` : ''}</span>
        </div>
        <Ruler axis={axis} marks={marks} total={trace.total} view={view} show={show} />
      </div>
      <div className="gridlines" style={{ left, width }} aria-hidden="true">
        {marks.map((mark) => (
          <i key={mark.time} style={{ left: mark.x }} />
        ))}
      </div>
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
                select={select}
                toggle={toggle}
              />
            );
          })}
        </div>
      </div>
      <Splitter label="Width of the span names" width={treeWidth} change={setTree} grows="right" least={leastTree} most={mostTree} />
      <div ref={hairline} className="hairline" hidden aria-hidden="true">
        <span className="num" />
      </div>
      {tooltip !== null && visible.includes(tooltip.row) && <SpanTooltip trace={trace} place={tooltip} />}
    </div>
  );
}

/** `41.718 s`: one unit, with the digits that a pixel's worth of time asks for. */
function preciseTime(time: number, perPixel: number): string {
  const step = niceStep(Math.max(1, perPixel / 2));
  const [size, unit] = time >= 1e9 ? [1e9, 's'] : time >= 1e6 ? [1e6, 'ms'] : time >= 1e3 ? [1e3, 'µs'] : [1, 'ns'];
  const decimals = Math.max(0, Math.min(9, Math.ceil(Math.log10(Number(size) / step))));
  return `${(Math.max(0, time) / Number(size)).toFixed(decimals)}\u2009${unit}`;
}
