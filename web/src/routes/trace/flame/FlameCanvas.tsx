import { useEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { frameAt, neighbour, type FlameGraph } from '../../../model/flame';
import { formatCount, formatDuration, plural } from '../../../model/format';
import { serviceColor } from '../../../model/serviceColor';
import { waitName, type Trace } from '../../../model/trace';
import { useTheme } from '../../../ui/theme';
import { useSize } from '../../../ui/useSize';
import { frameHeight, paintFlame, readFlameInks, type FlameView } from './paintFlame';

interface CanvasProps extends Omit<FlameView, 'focused' | 'hovered'> {
  readonly zoom: (frame: number) => void;
  readonly show: (row: number) => void;
}

/** What a frame is, in words: for the pointer and for who listens. */
export function frameText(trace: Trace, graph: FlameGraph, number: number): string {
  const frame = graph.frames[number];
  if (frame === undefined) return '';
  const name = trace.names[frame.name] ?? '';
  return [
    `${name === '' ? '(no name)' : name}, ${trace.services[frame.service] ?? ''}`,
    plural(frame.spans, 'span'),
    frame.wait === null ? `${formatDuration(frame.total)} in all, ${formatDuration(frame.own)} of its own` : `${formatDuration(frame.total)} waiting, ${waitName(frame.wait)}`,
    ...(frame.errors > 0 ? [plural(frame.errors, 'error')] : []),
  ].join('; ');
}

function FrameTip({ trace, graph, number, x, y }: { readonly trace: Trace; readonly graph: FlameGraph; readonly number: number; readonly x: number; readonly y: number }) {
  const frame = graph.frames[number];
  if (frame === undefined) return null;
  const [right, above] = [x + 300 > innerWidth, y + 160 > innerHeight];
  return (
    <div className="tip" role="tooltip" style={{ ...(right ? { right: innerWidth - x + 12 } : { left: x + 12 }), ...(above ? { bottom: innerHeight - y + 14 } : { top: y + 16 }) }}>
      <div className="line">
        {frame.wait === null ? <i className="sv" style={{ backgroundColor: serviceColor(trace.services[frame.service] ?? '') }} /> : <i className="sv hatch" />}
        <b className="strong trunc">{trace.names[frame.name]}</b>
        {frame.errors > 0 && <span className="errt">{plural(frame.errors, 'error')}</span>}
      </div>
      <div className="f2">
        {trace.services[frame.service]}
        {frame.wait !== null && ` · waits: ${waitName(frame.wait)}`}
      </div>
      <dl>
        <dt>Spans</dt>
        <dd>{formatCount(frame.spans)}</dd>
        <dt>With what is below</dt>
        <dd>{formatDuration(frame.total)}</dd>
        <dt>{frame.wait === null ? 'Self time' : 'Waiting'}</dt>
        <dd>{formatDuration(frame.own)}</dd>
      </dl>
    </div>
  );
}

/** The picture. Only what is in view is drawn, however deep the graph is; arrow keys move through it, Enter zooms. */
export function FlameCanvas(props: CanvasProps) {
  const { trace, graph, zoomed, zoom, show } = props;
  const [measure, { width, height }] = useSize();
  const scroller = useRef<HTMLDivElement | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [top, setTop] = useState(0);
  const [focused, setFocused] = useState(-1);
  const [hover, setHover] = useState<{ readonly frame: number; readonly x: number; readonly y: number } | null>(null);
  const theme = useTheme();
  const hovered = hover?.frame ?? -1;
  useEffect(() => setFocused(-1), [graph]);
  useEffect(() => {
    if (canvas.current !== null) paintFlame(canvas.current, { ...props, focused, hovered }, width, height, top, readFlameInks(document.documentElement), devicePixelRatio);
  }, [props, focused, hovered, width, height, top, theme]);

  const place = (event: MouseEvent): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return frameAt(graph, zoomed, width, event.clientX - box.left, Math.floor((event.clientY - box.top + top) / frameHeight));
  };
  const press = (frame: number): void => {
    if (frame < 0) return;
    // A click on what is zoomed to leads out again, to what is above.
    zoom(frame === zoomed ? (graph.frames[frame]?.parent ?? -1) : frame);
    setFocused(frame);
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key.startsWith('Arrow')) {
      const next = neighbour(graph, focused, event.key);
      setFocused(next);
      const y = (graph.frames[next]?.depth ?? 0) * frameHeight;
      const box = scroller.current;
      if (box !== null && (y < box.scrollTop || y + frameHeight > box.scrollTop + height)) box.scrollTop = Math.max(0, y - height / 2);
    } else if (event.key === 'Enter') press(focused);
    else if (event.key === 'o') show(graph.frames[focused]?.longest ?? -1);
    else if (event.key === 'Escape' && zoomed >= 0) zoom(-1);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={(element) => {
        scroller.current = element;
        measure(element);
      }}
      className="flscroll"
      role="application"
      aria-label="Flame graph. Arrow keys move, Enter zooms, o opens the longest span in the timeline, Escape shows all"
      aria-describedby="fl-said"
      tabIndex={0}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={keys}
      onPointerMove={(event) => {
        const frame = place(event);
        setHover(frame < 0 ? null : { frame, x: event.clientX, y: event.clientY });
      }}
      onPointerLeave={() => setHover(null)}
      onClick={(event) => press(place(event))}
    >
      <canvas ref={canvas} className="flcanvas" style={{ width, height }} />
      <div style={{ height: Math.max(0, graph.depth * frameHeight - height) }} />
      <span id="fl-said" className="visually-hidden" role="status">
        {frameText(trace, graph, focused)}
      </span>
      {hover !== null && <FrameTip trace={trace} graph={graph} number={hover.frame} x={hover.x} y={hover.y} />}
    </div>
  );
}
