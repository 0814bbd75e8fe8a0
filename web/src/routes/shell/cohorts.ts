import { brushTerms, type Brush } from '../../model/brush';
import type { UnixNano } from '../../model/nano';
import { writeRange } from '../../model/rangeAddress';
import type { TimeRange } from '../../model/timeRange';

/** Which traces are held against which: B has what is chosen, A are the others of what is searched. */
export interface CohortAsk {
  readonly text: string;
  readonly range: TimeRange;
  readonly chosen: string;
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
}

export function cohortParameters({ text, range, chosen, from, to }: CohortAsk): URLSearchParams {
  const parameters = new URLSearchParams({ cohorts: '1' });
  if (text !== '') parameters.set('q', text);
  if (chosen !== '') parameters.set('bq', chosen);
  if (from !== null) parameters.set('bfrom', String(from));
  if (to !== null) parameters.set('bto', String(to));
  writeRange(parameters, range);
  return parameters;
}

/** What is marked on the chart against the rest. */
export const brushedAgainstRest = (text: string, range: TimeRange, brush: Brush): string => `/compare?${cohortParameters({ text, range, chosen: brushTerms(brush), from: brush.from, to: brush.to })}`;

/** A condition for traces that take so long or longer. */
export const slowerThan = (nanos: number): string => `duration>=${Math.floor(nanos)}ns`;

/** The slowest, from a duration on, against the rest. */
export const slowAgainstRest = (text: string, range: TimeRange, nanos: number): string => `/compare?${cohortParameters({ text, range, chosen: slowerThan(nanos), from: null, to: null })}`;
