import { useState, type PointerEvent } from 'react';
import { panFolded, workAndFolded } from '../model/foldedAxis';
import { formatDuration } from '../model/format';
import type { Trace } from '../model/trace';
import { clamp, type Viewport } from '../model/viewport';
import { drag } from './drag';
import { FoldChips } from './FoldChips';
import { brushLeast } from './geometry';
import type { DrawnAxis } from './useAxis';

export const rulerHeight = 22;

interface RulerProps {
  readonly trace: Trace;
  readonly drawn: DrawnAxis;
  readonly show: (view: Viewport) => void;
  readonly fitAt: (time: number) => void;
  readonly toggleFold: (fold: number) => void;
  /** Takes the focus of a fold's chip that goes. */
  readonly heir: () => void;
}

/** The axis in words. A drag across it shows that part, Shift-drag moves along, a double click fits the stretch between folds. */
export function Ruler({ trace, drawn, show, fitAt, toggleFold, heir }: RulerProps) {
  const { axis, parts, marks } = drawn;
  const [brush, setBrush] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const press = (event: PointerEvent<HTMLDivElement>): void => {
    const left = event.currentTarget.getBoundingClientRect().left;
    const at = (moved: { readonly clientX: number }): number => Math.min(axis.width, Math.max(0, moved.clientX - left));
    const from = at(event);
    const pans = event.shiftKey;
    drag(event, {
      move: (moved) => (pans ? show(panFolded(parts, from - at(moved))) : setBrush({ from: Math.min(from, at(moved)), to: Math.max(from, at(moved)) })),
      done: (last) => {
        setBrush(null);
        const to = at(last);
        if (!pans && Math.abs(to - from) >= brushLeast) show(clamp({ from: axis.time(Math.min(from, to)), to: axis.time(Math.max(from, to)) }, trace.total));
      },
      cancel: () => setBrush(null),
    });
  };
  const held = brush === null ? null : workAndFolded(axis, axis.time(brush.from), axis.time(brush.to));
  return (
    <div className="ruler" style={{ width: axis.width, height: rulerHeight }} onPointerDown={press} onDoubleClick={(event) => fitAt(axis.time(event.clientX - event.currentTarget.getBoundingClientRect().left))}>
      {axis.segments.map((segment) => (segment.kind === 'fold' ? <i key={segment.from} className="foldbg" style={{ left: segment.x0, width: segment.x1 - segment.x0 }} /> : null))}
      {marks.map((mark) => (
        <span key={mark.time} className={mark.edge ? 'mark edge' : 'mark'} style={{ left: mark.x }}>
          {mark.label}
        </span>
      ))}
      <FoldChips trace={trace} axis={axis} parts={parts} toggleFold={toggleFold} heir={heir} />
      {brush !== null && held !== null && (
        <i className="brush" style={{ left: brush.from, width: brush.to - brush.from }}>
          <span className="num">{held.folded > 0 ? `${formatDuration(held.work)} of work + ${formatDuration(held.folded)} folded` : formatDuration(held.work)}</span>
        </i>
      )}
    </div>
  );
}
