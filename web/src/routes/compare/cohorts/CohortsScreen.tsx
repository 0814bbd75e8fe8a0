import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useRef } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { cohortsQuery } from '../../../api/cohortQueries';
import { ApiProblem } from '../../../api/problem';
import { distributionQuery } from '../../../api/queries';
import { formatDuration } from '../../../model/format';
import { unixNanoFromMillis, type UnixNano } from '../../../model/nano';
import { boundsOf, rangePhrase } from '../../../model/timeRange';
import { useKeys } from '../../../ui/keys';
import { useDelayed } from '../../../ui/useDelayed';
import { slowerThan } from '../../shell/cohorts';
import { useRefresh } from '../../shell/refresh';
import { CohortForm } from './CohortForm';
import { CohortView } from './CohortView';
import { isChosen, readCohorts, writeCohorts, type CohortState } from './url';

/** Starts for B, made from what is searched. */
function Starts({ state, now }: { readonly state: CohortState; readonly now: UnixNano }) {
  const { from, to } = boundsOf(state.range, now);
  const stats = useQuery(distributionQuery({ from, to, text: state.text, order: 'start', direction: 'desc', asOf: now }, { axisFrom: null, axisTo: null, columns: 1, rows: '1', points: 200 }));
  const quantiles = stats.data?.quantiles ?? null;
  const starts: readonly (readonly [name: string, chosen: string])[] = [
    ...(quantiles === null
      ? []
      : ([
          [`The slowest 5 %, from ${formatDuration(quantiles.p95)} on`, slowerThan(quantiles.p95)],
          [`The slower half, from ${formatDuration(quantiles.p50)} on`, slowerThan(quantiles.p50)],
        ] satisfies [string, string][])),
    ...(stats.data === undefined || stats.data.errorTraces.value > 0 ? ([['Those with errors', 'errors>0']] satisfies [string, string][]) : []),
  ];
  return (
    <div className="state">
      <h2 className="big">What should be told apart?</h2>
      <p className="sub">Say what B has. It is held against all others {rangePhrase(state.range)}: where their time goes, and which attributes differ.</p>
      {stats.data !== undefined && stats.data.total.value === 0 ? (
        <p className="f2" role="status">
          No trace is searched: widen the time range, or what is searched.
        </p>
      ) : (
        <div className="acts">
          {starts.map(([name, chosen]) => (
            <Link key={chosen} className="btn" href={writeCohorts({ ...state, chosen })}>
              {name}
            </Link>
          ))}
        </div>
      )}
    </div>
  );
}

const Bones = () => (
  <div className="cmpskel" role="status" aria-label="Comparing">
    <div className="ctitle">
      {[520, 300, 300].map((width, index) => (
        <i key={index} className="skeleton" style={{ width }} />
      ))}
    </div>
    <div className="skrows2">
      {[0, 1, 2, 2, 1, 1, 2, 3].map((indent, row) => (
        <i key={row} className="skeleton" style={{ marginLeft: 16 + indent * 12, width: 260 - indent * 20 }} />
      ))}
    </div>
  </div>
);

/** Some traces against the others: `/compare?cohorts=1&q=&bq=`. */
export function CohortsScreen() {
  const search = useSearch();
  const [, navigate] = useLocation();
  const { tick } = useRefresh();
  const state = useMemo(() => readCohorts(search), [search]);
  const first = useRef<HTMLInputElement>(null);
  const what = JSON.stringify([tick, state.text, state.chosen, state.range.kind === 'last' ? state.range.preset : '']);
  // “The last hour” counts from when the question was put.
  const now = useMemo(() => unixNanoFromMillis(Date.now()), [what]);
  const change = useCallback((next: CohortState, replace = false): void => navigate(writeCohorts(next), { replace }), [navigate]);
  const asked = isChosen(state);
  const bounds = boundsOf(state.range, now);
  const query = useQuery({ ...cohortsQuery({ ...bounds, text: state.text, order: 'start', direction: 'desc', asOf: now }, { text: state.chosen, from: state.from, to: state.to }), enabled: asked, placeholderData: keepPreviousData });
  const late = useDelayed(query.isFetching, 120);
  useKeys({ '/': () => first.current?.focus() });
  const problem = !asked || query.error === null ? null : query.error instanceof ApiProblem ? query.error : new ApiProblem('unreadable', 'The answer could not be read', query.error.message);
  const refused = problem?.kind === 'refused' && problem.parameter !== null;
  return (
    <>
      <CohortForm state={state} now={now} change={change} problem={problem} busy={query.isFetching} first={first} />
      {late && <div className="progress" />}
      {!asked ? (
        <Starts state={state} now={now} />
      ) : problem !== null && !refused ? (
        <div className="state" role="alert">
          <h2 className="big">{problem.title}</h2>
          <p className="sub">{problem.detail}</p>
          <div className="acts">
            <button type="button" className="btn primary" aria-busy={query.isFetching} onClick={() => void query.refetch()}>
              Retry
            </button>
          </div>
        </div>
      ) : problem !== null ? (
        <p className="state f2">Nothing is compared until the conditions can be read.</p>
      ) : query.data === undefined ? (
        late && <Bones />
      ) : (
        <CohortView cohorts={query.data} state={state} now={now} change={change} />
      )}
    </>
  );
}
