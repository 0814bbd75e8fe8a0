import { useDelayed } from '../../ui/useDelayed';
import { ListHeader } from './ListHeader';
import type { SearchState } from './url';

const widths = ['w72', 'w54', 'w66', 'w50', 'w61', 'w57', 'w70', 'w50'];

/** The list before its first answer, in its final geometry; it appears after a moment, so that a quick answer does not flicker. */
export function ListSkeleton({ state }: { readonly state: SearchState }) {
  const late = useDelayed(true, 120);
  return (
    <div aria-label="Loading the traces" role="status">
      <div className="sum">{late && <i className="skeleton w-sum" />}</div>
      <div className="rl" aria-hidden="true" inert>
        <ListHeader state={state} change={() => undefined} />
        {late &&
          Array.from({ length: 24 }, (_, row) => (
            <div key={row} className="li still">
              <i />
              <i className="skeleton" />
              <i className={`skeleton ${widths[row % widths.length] ?? ''}`} />
              <i className="skeleton w61" />
              <i className="skeleton w70" />
              <i className="skeleton w70" />
              <i className="skeleton w70" />
              <i className="skeleton w48" />
              <i className="skeleton w48" />
            </div>
          ))}
      </div>
    </div>
  );
}
