import { signed } from '../../model/compareCauses';
import { formatDuration, none } from '../../model/format';
import { serviceColor } from '../../model/serviceColor';
import { isBackoff } from '../../model/trace';
import { Icon } from '../../ui/Icon';

// What the tree of two traces and that of two cohorts have in common.

/** Half the bar column, less a margin, in percent of the column. */
const halfPercent = 48;

/** The heads of the columns. */
export function TreeHead({ title, verdict }: { readonly title: string; readonly verdict: string }) {
  return (
    <div className="cth" aria-hidden="true">
      <span className="cname">{title}</span>
      <span className="right">A</span>
      <span className="right">B</span>
      <span className="right cdelta">Δ</span>
      <span className="cscale">
        <span>faster in B</span>
        <span>log scale</span>
        <span>slower in B</span>
      </span>
      <span className="cverdict">{verdict}</span>
    </div>
  );
}

/** Opens and closes what is below a row; an empty place where nothing is. */
export function Caret({ name, parent, closed, toggle }: { readonly name: string; readonly parent: boolean; readonly closed: boolean; readonly toggle: () => void }) {
  if (!parent) return <i className="car" />;
  return (
    <button
      type="button"
      tabIndex={-1}
      className="car"
      aria-label={closed ? `Open ${name}` : `Close ${name}`}
      onClick={(event) => {
        event.stopPropagation();
        toggle();
      }}
    >
      <Icon name={closed ? 'right' : 'down'} />
    </button>
  );
}

/** The colour of a service; hatched for a wait. */
export function Mark({ service, wait, notched }: { readonly service: string; readonly wait: string | null; readonly notched: ReadonlySet<string> }) {
  if (wait !== null) return <i className={isBackoff(wait) ? 'csv hatch warn' : 'csv hatch'} />;
  return <i className={notched.has(service) ? 'csv notched' : 'csv'} style={{ backgroundColor: serviceColor(service) }} />;
}

interface TimesProps {
  readonly a: number | null;
  readonly b: number | null;
  readonly delta: number;
  /** The least difference that is drawn, and the largest that there is: the ends of the scale. */
  readonly unit: number;
  readonly largest: number;
}

/** The cells of both times and of their difference: as a figure, and as a bar left or right of the line. */
export function Times({ a, b, delta, unit, largest }: TimesProps) {
  const width = delta === 0 ? 0 : Math.max(0.5, (Math.log10(1 + Math.abs(delta) / unit) / Math.log10(1 + largest / unit)) * halfPercent);
  return (
    <>
      <div role="gridcell" className="right num">
        {a === null ? none : formatDuration(a)}
      </div>
      <div role="gridcell" className="right num">
        {b === null ? none : formatDuration(b)}
      </div>
      <div role="gridcell" className="right num cdelta">
        {signed(delta)}
      </div>
      <div role="gridcell" className="cbar" aria-label={delta === 0 ? 'no difference' : delta > 0 ? 'slower in B' : 'faster in B'}>
        {width > 0 && <i className={delta > 0 ? 'up' : 'dn'} style={{ width: `${width}%` }} />}
      </div>
    </>
  );
}
