import { useMemo, useRef, useState, type PointerEvent } from 'react';
import { parseDuration } from '../../model/durationText';
import { coarse, type Histogram } from '../../model/facets';
import type { BoundTexts } from '../../model/filterText';
import { formatDuration, plural } from '../../model/format';

const [width, height] = [188, 40];
/** Steps that can still be told apart and hit. */
const mostSteps = 30;
/** A few steps are not blocks. */
const widestBar = 12;

/** A length of time as it is written in a query, rounded to three figures: an edge of a step need not be exact to the nanosecond. */
export function edgeText(nanos: number): string {
  for (const [size, unit] of [[1e9, 's'], [1e6, 'ms'], [1e3, 'us']] as const) if (nanos >= size) return `${Number((nanos / size).toPrecision(3))}${unit}`;
  return `${Math.round(nanos)}ns`;
}

function Bound({ label, value, commit }: { readonly label: string; readonly value: string; readonly commit: (text: string) => void }) {
  const [draft, setDraft] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setDraft(value);
  }
  const read = draft.trim() === '' ? null : parseDuration(draft);
  const message = read !== null && !read.ok ? read.message : null;
  const apply = (): void => {
    const next = read === null ? '' : read.ok ? read.text : null;
    if (next !== null && next !== value) commit(next);
  };
  return (
    <label className="bound">
      <span className={message === null ? 'input' : 'input bad'}>
        <input
          type="text"
          autoComplete="off"
          placeholder={label.startsWith('At least') ? 'at least' : 'at most'}
          aria-label={label}
          aria-invalid={message !== null}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={apply}
          onKeyDown={(event) => {
            if (event.key === 'Enter') apply();
            if (event.key === 'Escape') setDraft(value);
          }}
        />
      </span>
      {/* What came with the query is explained beside the query. */}
      {message !== null && draft !== value && (
        <span className="errt xs msg" role="alert">
          {message}
        </span>
      )}
    </label>
  );
}

/** How the matches spread over a length of time. Dragging over the steps, or typing the ends, bounds it. */
export function HistogramFacet({ title, histogram: whole, bounds, change }: { readonly title: string; readonly histogram: Histogram | undefined; readonly bounds: BoundTexts; readonly change: (bounds: BoundTexts) => void }) {
  const histogram = useMemo(() => (whole === undefined ? undefined : coarse(whole, mostSteps)), [whole]);
  const plot = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<readonly [number, number] | null>(null);
  const steps = histogram?.traces.length ?? 0;
  const edges = histogram?.edges ?? [];
  const highest = Math.max(1, ...(histogram?.traces ?? []));
  const nanosOf = (text: string): number | null => {
    const read = parseDuration(text);
    return read.ok ? read.nanos : null;
  };
  const [least, most] = [nanosOf(bounds.least), nanosOf(bounds.most)];
  const inside = (step: number): boolean => {
    if (drag !== null) return step >= Math.min(...drag) && step <= Math.max(...drag);
    const [from, to] = [edges[step] ?? 0, edges[step + 1] ?? Infinity];
    return (least === null || to > least) && (most === null || from <= most);
  };
  const stepAt = (event: PointerEvent): number => {
    const box = plot.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return 0;
    return Math.max(0, Math.min(steps - 1, Math.floor(((event.clientX - box.left) / box.width) * steps)));
  };
  const end = (): void => {
    if (drag === null) return;
    const [first, last] = [Math.min(...drag), Math.max(...drag)];
    setDrag(null);
    change({ least: first === 0 && edges[0] === 0 ? '' : edgeText(edges[first] ?? 0), most: last === steps - 1 && first > 0 ? '' : edgeText(edges[last + 1] ?? 0) });
  };
  const said = bounds.least === '' && bounds.most === '' ? 'any' : [bounds.least === '' ? '' : `≥ ${bounds.least}`, bounds.most === '' ? '' : `≤ ${bounds.most}`].filter((part) => part !== '').join(', ');
  return (
    <fieldset className="facet hist" aria-label={title}>
      <legend>
        {title}
        <span className="f3 num">{said}</span>
      </legend>
      {steps > 0 && (
        <>
          <svg
            ref={plot}
            viewBox={`0 0 ${width} ${height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`Traces by ${title.toLowerCase()}, from ${formatDuration(edges[0] ?? 0)} to ${formatDuration(edges[steps] ?? 0)}`}
            onPointerDown={(event) => {
              plot.current?.setPointerCapture(event.pointerId);
              const step = stepAt(event);
              setDrag([step, step]);
            }}
            onPointerMove={(event) => drag !== null && setDrag([drag[0], stepAt(event)])}
            onPointerUp={end}
            onPointerCancel={() => setDrag(null)}
          >
            {histogram?.traces.map((count, step) => {
              const tall = count === 0 ? 0 : Math.max(1.5, (count / highest) * (height - 2));
              return (
                <rect key={edges[step]} className={inside(step) ? 'in' : 'out'} x={(step * width) / steps} width={Math.max(0.5, Math.min(widestBar, width / steps - 1))} y={height - tall} height={tall}>
                  <title>{`${formatDuration(edges[step] ?? 0)} to ${formatDuration(edges[step + 1] ?? 0)}: ${plural(count, 'trace')}`}</title>
                </rect>
              );
            })}
          </svg>
          <div className="haxis f3 xs num" aria-hidden="true">
            <span>{formatDuration(edges[0] ?? 0)}</span>
            <span>{formatDuration(edges[Math.floor(steps / 2)] ?? 0)}</span>
            <span>{formatDuration(edges[steps] ?? 0)}</span>
          </div>
        </>
      )}
      <div className="bounds">
        <Bound label={`At least this ${title.toLowerCase()}`} value={bounds.least} commit={(text) => change({ ...bounds, least: text })} />
        <Bound label={`At most this ${title.toLowerCase()}`} value={bounds.most} commit={(text) => change({ ...bounds, most: text })} />
      </div>
    </fieldset>
  );
}
