import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import { ChartBones } from '../../charts/ChartBones';
import { ApiProblem } from '../../api/problem';
import { TraceChart } from '../../charts/TraceChart';
import type { Brush } from '../../model/brush';
import type { Distribution } from '../../model/distribution';
import type { UnixNano } from '../../model/nano';
import { boundsOf } from '../../model/timeRange';
import type { SearchState } from './url';

interface ChartsProps {
  readonly query: UseQueryResult<Distribution>;
  readonly state: SearchState;
  readonly now: UnixNano;
  readonly brushed: { readonly traces: number; readonly errors: number } | null;
  readonly mark: (brush: Brush | null) => void;
  readonly open: (traceId: string) => void;
  readonly quiet: boolean;
}

/** The chart above the list in each of its states; its height never changes. */
export function Charts({ query, state, now, brushed, mark, open, quiet }: ChartsProps) {
  // The last good chart stays while the query is one that the server can't read.
  const [good, setGood] = useState(query.data);
  if (query.data !== undefined && query.data !== good) setGood(query.data);
  const shown = query.data ?? good;
  const { from, to } = boundsOf(state.range, now);
  if (shown === undefined) {
    // What is wrong with a query that was refused is said below the query.
    return (
      <ChartBones>
        {query.isError && !(query.error instanceof ApiProblem && query.error.kind === 'refused') && (
          <p className="nothing says f2" role="alert">
            The chart could not be loaded.
            <button type="button" className="btn" onClick={() => void query.refetch()}>
              Try again
            </button>
          </p>
        )}
      </ChartBones>
    );
  }
  return <TraceChart distribution={shown} from={from} to={from === null ? null : (to ?? now)} now={now} brush={state.brush} brushed={brushed} mark={mark} open={open} stale={!quiet && (query.isPlaceholderData || query.data === undefined)} />;
}
