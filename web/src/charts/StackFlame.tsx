import { useEffect, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { frameAt, neighbour } from '../model/flame';
import { frameKindNames } from '../model/frameKind';
import { formatShare, formatShift, formatValue, shareOf, shiftOf, type StackFlame as Graph } from '../model/profile';
import { useTheme } from '../ui/theme';
import { useSize } from '../ui/useSize';
import { paintStacks, readStackInks, stackHeight, type StackView } from './paintStacks';
import './stacks.css';

interface StackFlameProps extends Omit<StackView, 'focused' | 'hovered'> {
  readonly zoom: (frame: number) => void;
  /** Asks for the traces of a frame. */
  readonly follow: (frame: number) => void;
}

/** What a frame is, in words. */
export function stackText(graph: Graph, number: number, unit: string): string {
  const frame = graph.frames[number];
  if (frame === undefined) return '';
  const { sum, base } = graph;
  return [
    frame.file === '' ? frame.name : `${frame.name}, ${frame.file}`,
    ...(frame.kind === 'own' ? [] : [frameKindNames[frame.kind]]),
    `${formatValue(frame.value, unit)}, ${formatShare(shareOf(frame.value, sum.value))} of all`,
    `${formatValue(frame.self, unit)} in itself`,
    ...(base === null ? [] : [`before ${formatShare(shareOf(frame.baseValue, base.value))}, ${formatShift(shiftOf(frame.value, sum.value, frame.baseValue, base.value))}`]),
  ].join('; ');
}

function Tip({ graph, number, unit, x, y }: { readonly graph: Graph; readonly number: number; readonly unit: string; readonly x: number; readonly y: number }) {
  const frame = graph.frames[number];
  if (frame === undefined) return null;
  const { sum, base } = graph;
  const [right, above] = [x + 420 > innerWidth, y + 170 > innerHeight];
  return (
    <div className="tip stacktip" role="tooltip" style={{ ...(right ? { right: innerWidth - x + 12 } : { left: x + 12 }), ...(above ? { bottom: innerHeight - y + 14 } : { top: y + 16 }) }}>
      <b className="strong">{frame.name}</b>
      <div className="f2">
        {frame.file !== '' && `${frame.file}, `}
        {frameKindNames[frame.kind]}
      </div>
      <dl>
        <dt>With what it called</dt>
        <dd>
          {formatValue(frame.value, unit)}, {formatShare(shareOf(frame.value, sum.value))}
        </dd>
        <dt>In itself</dt>
        <dd>
          {formatValue(frame.self, unit)}, {formatShare(shareOf(frame.self, sum.value))}
        </dd>
        {base !== null && (
          <>
            <dt>Compared with</dt>
            <dd>
              {formatValue(frame.baseValue, unit)}, {formatShare(shareOf(frame.baseValue, base.value))}
            </dd>
            <dt>Change of its share</dt>
            <dd>{formatShift(shiftOf(frame.value, sum.value, frame.baseValue, base.value))}</dd>
          </>
        )}
      </dl>
    </div>
  );
}

/** A flame graph of stacks. Only what is in view is drawn; arrow keys move through it, Enter zooms, o asks for the traces of a frame. */
export function StackFlame(props: StackFlameProps) {
  const { graph, unit, service, zoomed, zoom, follow } = props;
  const [measure, { width, height }] = useSize();
  const scroller = useRef<HTMLDivElement | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [top, setTop] = useState(0);
  const [focused, setFocused] = useState(-1);
  const [hover, setHover] = useState<{ readonly frame: number; readonly x: number; readonly y: number } | null>(null);
  const theme = useTheme();
  const hovered = hover?.frame ?? -1;
  useEffect(() => {
    setFocused(-1);
    setHover(null);
  }, [graph]);
  useEffect(() => {
    if (canvas.current !== null) paintStacks(canvas.current, { ...props, focused, hovered }, width, height, top, readStackInks(document.documentElement, service), devicePixelRatio);
  }, [props, service, focused, hovered, width, height, top, theme]);

  const place = (event: MouseEvent): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return frameAt(graph, zoomed, width, event.clientX - box.left, Math.floor((event.clientY - box.top + top) / stackHeight));
  };
  const press = (frame: number): void => {
    if (frame < 0) return;
    // A click on what is zoomed to leads out again, to what called it.
    zoom(frame === zoomed ? (graph.frames[frame]?.parent ?? -1) : frame);
    setFocused(frame);
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith('Arrow')) {
      const next = neighbour(graph, focused < 0 && zoomed >= 0 ? zoomed : focused, event.key);
      setFocused(next);
      const y = (graph.frames[next]?.depth ?? 0) * stackHeight;
      const box = scroller.current;
      if (box !== null && (y < box.scrollTop || y + stackHeight > box.scrollTop + height)) box.scrollTop = Math.max(0, y - height / 2);
    } else if (event.key === 'Enter') press(focused);
    else if (event.key === 'o' && focused >= 0) follow(focused);
    else if (event.key === 'Escape' && zoomed >= 0) zoom(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={(element) => {
        scroller.current = element;
        measure(element);
      }}
      className="stackscroll"
      role="application"
      aria-label={`Flame graph of ${service}. Arrow keys move, Enter zooms, o lists the traces of a frame, Escape shows all`}
      aria-describedby="stack-said"
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
      <canvas ref={canvas} className="stackcanvas" style={{ width, height }} />
      <div style={{ height: Math.max(0, graph.depth * stackHeight - height) }} />
      <span id="stack-said" className="visually-hidden" role="status">
        {stackText(graph, focused, unit)}
      </span>
      {hover !== null && <Tip graph={graph} number={hover.frame} unit={unit} x={hover.x} y={hover.y} />}
    </div>
  );
}
