import { useQueries } from '@tanstack/react-query';
import { countQuery, type SearchRequest } from '../../api/queries';
import { terms } from '../../model/filterText';
import { plural } from '../../model/format';
import { CheckLine } from '../../ui/Checks';
import type { SearchState } from './url';

interface Condition {
  readonly name: string;
  readonly without: Partial<SearchState>;
}

/** Every condition of the search on its own, with the search as it is without it. */
export function conditionsOf(state: SearchState): readonly Condition[] {
  const texts = terms(state.text);
  return [
    ...texts.map((term, index) => ({ name: term, without: { text: texts.filter((_, other) => other !== index).join(' ') } })),
    ...(state.services.length > 0 ? [{ name: `service ${state.services.join(' or ')}`, without: { services: [] } }] : []),
    ...(state.operations.length > 0 ? [{ name: `operation ${state.operations.join(' or ')}`, without: { operations: [] } }] : []),
    ...(state.statuses.length > 0 ? [{ name: `status ${state.statuses.join(' or ')}`, without: { statuses: [] } }] : []),
    ...(state.minDuration !== '' ? [{ name: `at least ${state.minDuration}`, without: { minDuration: '' } }] : []),
    ...(state.maxDuration !== '' ? [{ name: `at most ${state.maxDuration}`, without: { maxDuration: '' } }] : []),
  ];
}

/** More conditions than this are not tried one by one. */
const most = 8;

/** Which condition removes everything: each is left out once, and what would match then is counted. */
export function Loosen({ state, request, change }: { readonly state: SearchState; readonly request: SearchRequest; readonly change: (next: SearchState) => void }) {
  const conditions = conditionsOf(state).slice(0, most);
  const several = conditions.length > 1;
  const counts = useQueries({
    queries: conditions.map(({ without }) => {
      const { text, services, operations, statuses, minDuration, maxDuration } = { ...state, ...without };
      return { ...countQuery({ ...request, text, services, operations, statuses, minDuration, maxDuration }), enabled: several };
    }),
  });
  if (!several) return null;
  return (
    <>
      {conditions.map(({ name, without }, index) => {
        const count = counts[index]?.data?.value;
        if (count === undefined || count === 0) return null;
        return (
          <CheckLine
            key={name}
            level="bad"
            title={`Without ${name}, ${plural(count, 'trace matches', 'traces match')}`}
            detail="The other conditions stay as they are."
            action={
              <button type="button" className="btn" onClick={() => change({ ...state, ...without })}>
                Leave it out
              </button>
            }
          />
        );
      })}
    </>
  );
}
