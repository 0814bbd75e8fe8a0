import type { ReactNode, RefObject } from 'react';
import type { ApiProblem } from '../../api/problem';
import type { SearchRequest } from '../../api/queries';
import { terms } from '../../model/filterText';
import type { UnixNano } from '../../model/nano';
import { Icon } from '../../ui/Icon';
import { QueryBox } from './QueryBox';
import { SavedViews } from './SavedViews';
import { TimeMenu } from '../shell/TimeMenu';
import type { SearchState } from './url';

interface QueryBarProps {
  readonly state: SearchState;
  readonly change: (next: SearchState) => void;
  readonly now: UnixNano;
  readonly request: SearchRequest;
  readonly problem: ApiProblem | null;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly share: () => void;
  readonly filters: () => void;
  readonly filtersOpen: boolean;
  readonly live: ReactNode;
}

/** The line above the results: what is searched for, and when. */
export function QueryBar({ state, change, now, request, problem, input, share, filters, filtersOpen, live }: QueryBarProps) {
  const active = terms(state.text).length;
  return (
    <div className="fb">
      <button type="button" className="btn filters" aria-expanded={filtersOpen} aria-controls="facets" onClick={filters}>
        <Icon name="filter" />
        Filters {active > 0 && <span className="num acct">{active}</span>}
      </button>
      <QueryBox state={state} change={change} request={request} problem={problem} input={input} />
      <TimeMenu range={state.range} now={now} change={(range) => change({ ...state, range })} />
      {live}
      <SavedViews state={state} change={change} />
      <button type="button" className="btn ghost sq" aria-label="Copy a link to this search" title="Copy a link to this search, with its times fixed" onClick={share}>
        <Icon name="link" />
      </button>
    </div>
  );
}
