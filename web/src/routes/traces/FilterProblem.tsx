import type { ApiProblem } from '../../api/problem';
import { Icon } from '../../ui/Icon';

export const filterProblemId = 'filter-problem';

/** What of the filter can't be read, and where, below the box that underlines it. It is said once: the results only say that there are none. */
export function FilterProblem({ problem, clear }: { readonly problem: ApiProblem; readonly clear: () => void }) {
  return (
    <div className="notice box" role="alert">
      <Icon name="error" className="errt" strokeWidth={1.6} />
      <p id={filterProblemId} className="grow">
        {problem.position !== null && <b className="strong num">Column {problem.position + 1}: </b>}
        {problem.detail === '' ? problem.title : problem.detail}
      </p>
      <button type="button" className="btn" onClick={clear}>
        Clear filter
      </button>
    </div>
  );
}
