import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react';
import { formatDuration } from '../model/format';
import { waitName, type Trace } from '../model/trace';
import { clamp, isWhole, type Viewport } from '../model/viewport';
import { useTheme } from '../ui/theme';
import { drag } from './drag';
import { brushLeast } from './geometry';
import { paintMinimap, readInks } from './paintMinimap';

export const minimapHeight = 32;

/** The whole trace, linear; a drag across it shows that part, Shift moves the window. */
export function Minimap({ trace, width, view, show }: { readonly trace: Trace; readonly width: number; readonly view: Viewport; readonly show: (view: Viewport) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [brush, setBrush] = useState<{ readonly from: number; readonly to: number } | null>(null);
  useEffect(() => {
    if (canvas.current !== null) paintMinimap(canvas.current, trace, width, minimapHeight, readInks(document.documentElement), devicePixelRatio);
  }, [trace, width, theme]);

  const perNano = width / Math.max(1, trace.total);
  const longest = useMemo(() => trace.waits.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0], [trace]);
  const label = longest === undefined ? '' : `${longest.kind === null ? 'uninstrumented' : waitName(longest.kind)} ${formatDuration(longest.to - longest.from)}`;
  const labelWidth = label.length * 6 + 16;
  const labelled = longest !== undefined && (longest.to - longest.from) * perNano > labelWidth + 16;

  const press = (event: PointerEvent<HTMLDivElement>): void => {
    const left = event.currentTarget.getBoundingClientRect().left;
    const at = (moved: { readonly clientX: number }): number => Math.min(width, Math.max(0, moved.clientX - left));
    const from = at(event);
    const pans = event.shiftKey;
    const shift = (moved: { readonly clientX: number }): Viewport => {
      const by = (at(moved) - from) / perNano;
      return clamp({ from: view.from + by, to: view.to + by }, trace.total);
    };
    drag(event, {
      move: (moved) => (pans ? show(shift(moved)) : setBrush({ from: Math.min(from, at(moved)), to: Math.max(from, at(moved)) })),
      done: (last) => {
        setBrush(null);
        const to = at(last);
        if (pans) return;
        if (Math.abs(to - from) >= brushLeast) show(clamp({ from: Math.min(from, to) / perNano, to: Math.max(from, to) / perNano }, trace.total));
        else {
          const half = (view.to - view.from) / 2;
          show(clamp({ from: from / perNano - half, to: from / perNano + half }, trace.total));
        }
      },
      cancel: () => setBrush(null),
    });
  };
  return (
    <div className="minimap" style={{ width, height: minimapHeight }} onPointerDown={press}>
      <canvas ref={canvas} style={{ width, height: minimapHeight }} role="img" aria-label="The whole trace in true proportions" />
      {labelled && longest !== undefined && (
        <span className="mmlabel num" style={{ left: ((longest.from + longest.to) / 2) * perNano - labelWidth / 2, width: labelWidth }}>
          {label}
        </span>
      )}
      {!isWhole(view, trace.total) && (
        <>
          <i className="mmshade" style={{ left: 0, width: view.from * perNano }} />
          <i className="mmshade" style={{ left: view.to * perNano, right: 0 }} />
          <i className="mmwindow" style={{ left: view.from * perNano, width: Math.max(2, (view.to - view.from) * perNano) }} />
        </>
      )}
      {brush !== null && <i className="brush" style={{ left: brush.from, width: brush.to - brush.from }} />}
    </div>
  );
}
