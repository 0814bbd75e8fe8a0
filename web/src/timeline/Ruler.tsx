import { useState, type PointerEvent } from 'react';
import type { Tick, TimeAxis } from '../model/axis';
import { pan, clamp, type Viewport } from '../model/viewport';
import { drag } from './drag';

export const rulerHeight = 22;

/** The axis in words. A drag across it shows that part, Shift-drag moves along. */
export function Ruler({ axis, marks, total, view, show }: { readonly axis: TimeAxis; readonly marks: readonly Tick[]; readonly total: number; readonly view: Viewport; readonly show: (view: Viewport) => void }) {
  const [brush, setBrush] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const press = (event: PointerEvent<HTMLDivElement>): void => {
    const left = event.currentTarget.getBoundingClientRect().left;
    const at = (moved: { readonly clientX: number }): number => Math.min(axis.width, Math.max(0, moved.clientX - left));
    const from = at(event);
    const pans = event.shiftKey;
    drag(event, {
      move: (moved) => (pans ? show(pan(view, (from - at(moved)) / Math.max(1, axis.width), total)) : setBrush({ from: Math.min(from, at(moved)), to: Math.max(from, at(moved)) })),
      done: (last) => {
        setBrush(null);
        const to = at(last);
        if (!pans && Math.abs(to - from) >= 4) show(clamp({ from: axis.time(Math.min(from, to)), to: axis.time(Math.max(from, to)) }, total));
      },
      cancel: () => setBrush(null),
    });
  };
  return (
    <div className="ruler" style={{ width: axis.width, height: rulerHeight }} onPointerDown={press}>
      {marks.map((mark) => (
        <span key={mark.time} className={mark.edge ? 'mark edge' : 'mark'} style={{ left: mark.x }}>
          {mark.label}
        </span>
      ))}
      {brush !== null && <i className="brush" style={{ left: brush.from, width: brush.to - brush.from }} />}
    </div>
  );
}
