import type { RefObject } from 'react';
import type { LogRequest } from '../../api/logQueries';
import type { ApiProblem } from '../../api/problem';
import type { Place, Suggestion } from '../../model/completion';
import { QueryInput } from '../shell/query/QueryInput';
import { useLogOffers } from './useLogOffers';

interface LogQueryProps {
  readonly text: string;
  readonly commit: (text: string) => void;
  readonly request: LogRequest;
  readonly problem: ApiProblem | null;
  readonly input: RefObject<HTMLInputElement | null>;
}

const problemId = 'logs-problem';

/** The query of the logs: words and plain conditions, completed from what the store has. */
export function LogQuery({ text, commit, request, problem, input }: LogQueryProps) {
  const useOffers = (place: Place, _draft: string, open: boolean): readonly Suggestion[] => useLogOffers(place, request, open);
  return (
    <div className="grow lquery">
      <QueryInput text={text} commit={commit} problem={problem} problemId={problemId} input={input} label="Filter the logs" placeholder="Filter: words, or conditions such as level>=warn service=shop key=value" useOffers={useOffers} />
      {problem?.parameter === 'q' && (
        <div className="pop qproblem" id={problemId} role="alert">
          {problem.position !== null && <b className="strong num">Column {problem.position + 1}: </b>}
          {problem.detail}
        </div>
      )}
    </div>
  );
}
