import { useMemo, type RefObject } from 'react';
import type { ApiProblem } from '../../api/problem';
import type { SearchRequest } from '../../api/queries';
import type { Place, Suggestion } from '../../model/completion';
import { querySuggestions } from '../../model/queryHistory';
import { QueryInput } from '../shell/query/QueryInput';
import type { SearchState } from './url';
import { filterProblemId } from './FilterProblem';
import { useQueryHistory } from './useQueryHistory';
import { useSuggestions } from './useSuggestions';

interface QueryBoxProps {
  readonly state: SearchState;
  readonly change: (next: SearchState) => void;
  readonly request: SearchRequest;
  readonly problem: ApiProblem | null;
  readonly input: RefObject<HTMLInputElement | null>;
}

/** The query of the traces, completed from what the store has and from what was asked before. */
export function QueryBox({ state, change, request, problem, input }: QueryBoxProps) {
  const history = useQueryHistory(state.text, problem?.parameter === 'q');
  const useOffers = (place: Place, draft: string, open: boolean): readonly Suggestion[] => {
    const stored = useSuggestions(place, request, open);
    return useMemo(() => {
      const recent = open ? querySuggestions(history.queries, draft) : [];
      return draft.trim() === '' ? [...recent, ...stored] : [...stored, ...recent];
    }, [open, history.queries, draft, stored]);
  };
  return (
    <QueryInput
      text={state.text}
      commit={(text) => change({ ...state, text })}
      problem={problem}
      problemId={filterProblemId}
      input={input}
      label="Filter the traces"
      placeholder="Filter: words, or key=value such as camera.name=front_door error=true"
      useOffers={useOffers}
      keep={history.keep}
      forget={history.forget}
    />
  );
}
