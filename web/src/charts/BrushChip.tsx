import { brushDurations, brushTimes, type Brush } from '../model/brush';
import { formatCount, plural } from '../model/format';
import type { UnixNano } from '../model/nano';

interface ChipProps {
  readonly brush: Brush;
  readonly now: UnixNano;
  readonly left: number;
  readonly right: number;
  readonly width: number;
  readonly brushed: { readonly traces: number; readonly errors: number } | null;
}

/** What is marked, in words: `18:22 – 18:36 · 342 traces · 29 errors`. It stays inside the chart. */
export function BrushChip({ brush, now, left, right, width, brushed }: ChipProps) {
  const durations = brushDurations(brush);
  const text = [brushTimes(brush, now), ...(durations === '' ? [] : [durations]), ...(brushed === null ? [] : [plural(brushed.traces, 'trace'), `${formatCount(brushed.errors)} with errors`])].join(' · ');
  // By the left edge of the mark, unless there is more room by its right one.
  const atRight = left > width / 2;
  return (
    <span className="brushchip num" style={atRight ? { right: Math.max(4, Math.min(width - right + 6, width - 320)) } : { left: left + 6 }}>
      {text}
    </span>
  );
}
