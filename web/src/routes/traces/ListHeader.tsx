import { Icon } from '../../ui/Icon';
import type { Order, SearchState } from './url';

const columns: readonly (readonly [order: Order | null, name: string, className: string])[] = [
  [null, 'Select', 'c-check'],
  ['start', 'Start', 'c-start'],
  [null, 'Root', 'c-root'],
  [null, 'Services, spans', 'c-services'],
  [null, 'Shape, waits folded', 'c-shape'],
  ['duration', 'Duration', 'c-duration'],
  ['waiting', 'Waiting', 'c-waiting'],
  ['spans', 'Spans', 'c-spans'],
  ['errors', 'Errors', 'c-errors'],
];
export const columnCount = columns.length;

/** The heads of the list. Sorting is the server's, over all matches; a second click turns the order round. */
export function ListHeader({ state, change }: { readonly state: SearchState; readonly change: (next: SearchState) => void }) {
  return (
    <div className="lh" role="row" aria-rowindex={1}>
      {columns.map(([order, name, className]) => {
        const on = order !== null && order === state.order;
        return (
          <span key={name} role="columnheader" className={on ? `${className} on` : className} aria-sort={on ? (state.direction === 'desc' ? 'descending' : 'ascending') : undefined}>
            {order === null ? (
              <span className={className === 'c-check' ? 'visually-hidden' : 'trunc'}>{name}</span>
            ) : (
              <button type="button" title={`Sort by ${name.toLowerCase()}, over all matches`} onClick={() => change({ ...state, order, direction: on && state.direction === 'desc' ? 'asc' : 'desc' })}>
                {name}
                {on && <Icon name={state.direction === 'desc' ? 'down' : 'up'} />}
              </button>
            )}
          </span>
        );
      })}
    </div>
  );
}
