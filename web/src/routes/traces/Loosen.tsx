import { useQueries, useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { valuesQuery } from '../../api/facetQueries';
import { countQuery, type SearchRequest } from '../../api/queries';
import { conditions, toggleValue } from '../../model/filterText';
import { plural } from '../../model/format';
import { nearest } from '../../model/nearest';
import { CheckLine } from '../../ui/Checks';
import type { SearchState } from './url';

/** More conditions than this are not tried one by one. */
const most = 8;
/** Values of a key among which one that was meant is looked for. */
const looked = 200;

interface LoosenProps {
  readonly state: SearchState;
  readonly request: SearchRequest;
  readonly change: (next: SearchState) => void;
}

/** A value that nobody has: the nearest one that somebody has, in its place. */
function Meant({ condition, state, request, change }: LoosenProps & { readonly condition: ReturnType<typeof conditions>[number] }) {
  const value = condition.values.length === 1 ? (condition.values[0] ?? '') : '';
  const { key, without } = condition;
  const values = useQuery({ ...valuesQuery({ ...request, text: without }, key ?? '', '', looked), enabled: key !== null && value !== '' });
  if (key === null || value === '' || values.data === undefined || values.data.values.length === 0) return null;
  if (values.data.values.some((known) => known.value === value)) return null;
  const meant = nearest(value, values.data.values.map((known) => known.value));
  return (
    <CheckLine
      level="bad"
      title={`No trace has ${condition.name}`}
      detail={`${key} is ${values.data.values.slice(0, 4).map((known) => known.value).join(', ')}${values.data.distinct.value > 4 ? ` or one of ${values.data.distinct.value - 4} more` : ''}.`}
      action={
        meant === null ? undefined : (
          <button type="button" className="btn primary" onClick={() => change({ ...state, text: toggleValue(without, key, meant) })}>
            Use {meant}
          </button>
        )
      }
    />
  );
}

/** Which condition removes everything: each is left out once, and what would match then is counted. */
export function Loosen({ state, request, change }: LoosenProps) {
  const all = conditions(state.text).slice(0, most);
  const several = all.length > 1;
  const counts = useQueries({ queries: all.map(({ without }) => ({ ...countQuery({ ...request, text: without }), enabled: several })) });
  return (
    <>
      {all.map((condition, index) => {
        const count = counts[index]?.data?.value;
        return (
          <Fragment key={condition.name}>
            <Meant condition={condition} state={state} request={request} change={change} />
            {several && count !== undefined && count > 0 && (
              <CheckLine
                level="bad"
                title={`Without ${condition.name}, ${plural(count, 'trace matches', 'traces match')}`}
                detail="The other conditions stay as they are."
                action={
                  <button type="button" className="btn" onClick={() => change({ ...state, text: condition.without })}>
                    Leave it out
                  </button>
                }
              />
            )}
          </Fragment>
        );
      })}
    </>
  );
}
