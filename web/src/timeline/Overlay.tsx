import { useMemo } from 'react';
import type { TimeAxis } from '../model/axis';
import type { CriticalPath } from '../model/criticalPath';
import { linkArrows, pathJoints, type LinkArrow } from '../model/overlay';
import type { Trace } from '../model/trace';
import { rowHeight } from './geometry';

interface OverlayProps {
  readonly trace: Trace;
  readonly path: CriticalPath | null;
  readonly axis: TimeAxis;
  readonly visible: Int32Array;
  /** Positions of the rows that are in the document. */
  readonly first: number;
  readonly last: number;
}

/** Rows above and below the window that a line may reach: beyond it nothing can be seen. */
const reach = 4;
const pathLineTop = 19;

/** Around the corner, in at the span's start: out of the earlier one, down just before the later one, and a head. */
function arrowShape({ fromX, toX }: LinkArrow, y0: number, y1: number): string {
  const down = y1 > y0 ? 1 : -1;
  const turn = Math.min(5, Math.abs(y1 - y0) / 2);
  // Where there is no room between the two, the arrow leaves to the left of both.
  const x = Math.max(2, toX - 7);
  const out = fromX + 3 <= x - turn ? `M${fromX + 3} ${y0}H${x - turn}` : `M${x + 1} ${y0}H${x + 1 - turn}`;
  return `${out}Q${x} ${y0} ${x} ${y0 + down * turn}V${y1 - down * turn}Q${x} ${y1} ${x + turn} ${y1}H${Math.max(x + turn, toX - 2)}`;
}

/** The lines that go from row to row: joints of the critical path, and links as arrows. It lies in the rows' scroll space and never takes the pointer. */
export function Overlay({ trace, path, axis, visible, first, last }: OverlayProps) {
  const joints = useMemo(() => (path === null ? [] : pathJoints(path, axis, visible)), [path, axis, visible]);
  const arrows = useMemo(() => linkArrows(trace, axis, visible, first, last), [trace, axis, visible, first, last]);
  const top = Math.max(0, first - reach);
  const bottom = last + reach;
  const y = (position: number, inRow: number): number => (Math.min(bottom, Math.max(top, position)) - top) * rowHeight + inRow;
  const seen = joints.filter((joint) => joint.bottom >= top && joint.top <= bottom);
  if (seen.length === 0 && arrows.length === 0) return null;
  const height = (bottom - top + 1) * rowHeight;
  return (
    <svg className="overlay" width={axis.width + 14} height={height} style={{ transform: `translateY(${top * rowHeight}px)` }} aria-hidden="true">
      <path className="joint" d={seen.map((joint) => `M${joint.x + 0.5} ${y(joint.top, pathLineTop)}V${y(joint.bottom, pathLineTop)}`).join('')} />
      {arrows.map((arrow) => {
        const [y0, y1] = [y(arrow.fromPosition, rowHeight / 2 - 1), y(arrow.toPosition, rowHeight / 2 - 1)];
        return (
          <g key={arrow.key} className="linkarrow" data-link>
            <path d={arrowShape(arrow, y0, y1)} />
            <path className="head" d={`M${arrow.toX - 5} ${y1 - 3.5}l4 3.5-4 3.5`} />
          </g>
        );
      })}
    </svg>
  );
}
