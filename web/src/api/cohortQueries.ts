import { queryOptions } from '@tanstack/react-query';
import type { Cohorts } from '../model/cohorts';
import type { UnixNano } from '../model/nano';
import { cohorts } from './cohortWire';
import { getJson } from './http';
import { filterParameters, type SearchRequest } from './queries';

/** What B has besides what both cohorts have. */
export interface ChosenRequest {
  readonly text: string;
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
}

/** Some of a search's matches against the others. */
export const cohortsQuery = (all: SearchRequest, chosen: ChosenRequest) => {
  const parameters = filterParameters(all);
  if (chosen.text !== '') parameters.set('bq', chosen.text);
  if (chosen.from !== null) parameters.set('bTraceFrom', String(chosen.from));
  if (chosen.to !== null) parameters.set('bTraceTo', String(chosen.to));
  return queryOptions({
    queryKey: ['cohorts', `${all.asOf ?? ''} ${parameters}`],
    queryFn: ({ signal }): Promise<Cohorts> => getJson(`/api/v1/search/compare?${parameters}`, cohorts, signal),
    structuralSharing: false,
  });
};
