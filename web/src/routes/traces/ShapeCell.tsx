import { useQuery } from '@tanstack/react-query';
import { memo } from 'react';
import { shapeQuery } from '../../api/shapes';
import { formatDuration } from '../../model/format';
import { serviceColor } from '../../model/serviceColor';
import { layoutShape, type ShapeSegment } from '../../model/shape';

/** Width of the column's picture. */
export const shapeWidth = 152;

/** The trace in a line, waits folded; loaded when its row comes into view. */
export const ShapeCell = memo(function ShapeCell({ traceId, spans }: { readonly traceId: string; readonly spans: number }) {
  const { data, isError } = useQuery(shapeQuery(traceId, spans));
  if (data === undefined) return <span className="shape" title={isError ? 'The shape could not be loaded' : undefined}>{isError ? <span className="f3">–</span> : null}</span>;
  if (data === null)
    return (
      <span className="shape f3" title="No shape: the trace has too many spans for a row, or is no longer there">
        –
      </span>
    );
  return (
    <span className="shape" title={describe(data)} role="img" aria-label={describe(data)}>
      {layoutShape(data, shapeWidth).map(({ left, width, segment }) => (
        <i key={left} className={classOf(segment)} style={segment.service !== null && segment.wait === null ? { left, width, background: serviceColor(segment.service) } : { left, width }} />
      ))}
    </span>
  );
});

function classOf(segment: ShapeSegment): string {
  const base = segment.wait !== null ? (/backoff|retry/.test(segment.wait) ? 'hatch warn' : 'hatch') : segment.service === null ? 'unseen' : 'work';
  return segment.error ? `${base} failed` : base;
}

/** The longest stretches in words, in the order of time. */
function describe(segments: readonly ShapeSegment[]): string {
  const long = new Set(segments.toSorted((a, b) => b.length - a.length).slice(0, 6));
  return segments
    .filter((segment) => long.has(segment))
    .map((segment) => `${segment.wait !== null ? `waits: ${segment.wait.replaceAll('_', ' ')}` : (segment.service ?? 'no span')} ${formatDuration(segment.length)}${segment.error ? ' (failed)' : ''}`)
    .join(', ');
}
