import type { TimeAxis } from '../model/axis';

export const lensHeight = 22;

/** Joins each stretch of work's true place in the minimap with its place on the folded axis. */
export function Lens({ axis, total }: { readonly axis: TimeAxis; readonly total: number }) {
  const perNano = axis.width / Math.max(1, total);
  return (
    <svg className="lens" width={axis.width} height={lensHeight} aria-hidden="true">
      {axis.segments.map((segment) => {
        if (segment.kind !== 'work') return null;
        const [left, right] = [segment.from * perNano, Math.max(segment.to * perNano, segment.from * perNano + 2)];
        return <polygon key={segment.from} points={`${left},0 ${right},0 ${segment.x1},${lensHeight} ${segment.x0},${lensHeight}`} />;
      })}
    </svg>
  );
}
