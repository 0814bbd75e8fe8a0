import { useRef } from 'react';
import { chipWidth, type AxisSegment, type TimeAxis } from '../model/axis';
import type { FoldedAxisParts } from '../model/foldedAxis';
import { formatDuration } from '../model/format';
import type { Trace } from '../model/trace';
import { causeOf } from '../model/traceAxis';
import { Icon } from '../ui/Icon';
import { useHeir } from '../ui/useHeir';

/** Pixels that a chip takes with its mark and its length, and with its length alone. Where there is less the mark stands alone; the length is in its name. */
const [wideChip, textChip, leastChip] = [chipWidth, 46, 16];

interface ChipsProps {
  readonly trace: Trace;
  readonly axis: TimeAxis;
  readonly parts: FoldedAxisParts;
  readonly toggleFold: (fold: number) => void;
  /** Takes the focus of a chip that goes. */
  readonly heir: () => void;
}

function FoldChip({ trace, axis, parts, toggleFold, heir, segment }: ChipsProps & { readonly segment: AxisSegment }) {
  const button = useRef<HTMLButtonElement>(null);
  useHeir(button, heir);
  const fold = parts.folds[segment.fold];
  if (fold === undefined) return null;
  const [length, cause, opened] = [formatDuration(fold.to - fold.from), causeOf(trace, fold), segment.kind === 'opened'];
  const [middle, room] = [(segment.x0 + segment.x1) / 2, segment.x1 - segment.x0];
  const half = Math.min(wideChip / 2, Math.max(leastChip, room) / 2);
  const what = `${length} of waiting${cause === '' ? '' : ` (${cause})`}`;
  return (
    <button
      ref={button}
      type="button"
      className={room < textChip ? 'foldchip num small' : 'foldchip num'}
      style={{ left: Math.min(axis.width - half, Math.max(half, middle)) }}
      aria-pressed={opened}
      aria-label={opened ? `Fold ${what}` : `Unfold ${what}`}
      title={opened ? `Fold ${what}` : `Unfold ${what}`}
      onPointerDown={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
      onClick={() => toggleFold(segment.fold)}
    >
      {(room >= wideChip || room < textChip) && <Icon name="fold" />}
      {room >= textChip && length}
    </button>
  );
}

/** The length of each fold on the ruler; pressed it opens the fold, and pressed again it closes it. */
export function FoldChips(props: ChipsProps) {
  return props.axis.segments.map((segment) => (segment.fold < 0 ? null : <FoldChip key={segment.fold} {...props} segment={segment} />));
}

/** The darker columns with dashed edges behind the rows; an opened fold keeps its edges. */
export function FoldColumns({ axis }: { readonly axis: TimeAxis }) {
  return axis.segments.map((segment) => (segment.fold < 0 ? null : <i key={segment.fold} className={`foldcol ${segment.kind}`} style={{ left: segment.x0, width: segment.x1 - segment.x0 }} />));
}
