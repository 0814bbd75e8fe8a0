import type { CohortMeasure } from '../../../model/cohorts';
import { instant, readRange } from '../../../model/rangeAddress';
import { cohortParameters, type CohortAsk } from '../../shell/cohorts';

/** All that the comparison of cohorts shows hangs on this, and all of it is in the address. */
export interface CohortState extends CohortAsk {
  readonly measure: CohortMeasure;
  readonly onlyDifferent: boolean;
  /** The place that is selected, by its key; empty for none. */
  readonly selected: string;
  readonly closed: ReadonlySet<string>;
}

export const isCohorts = (search: string): boolean => new URLSearchParams(search).get('cohorts') === '1';
/** Whether B is something at all. */
export const isChosen = (state: CohortState): boolean => state.chosen !== '' || state.from !== null || state.to !== null;

export function readCohorts(search: string): CohortState {
  const parameters = new URLSearchParams(search);
  const [bFrom, bTo] = [instant(parameters.get('bfrom')), instant(parameters.get('bto'))];
  const inOrder = bFrom === null || bTo === null || bFrom < bTo;
  const time = parameters.get('time');
  return {
    text: parameters.get('q')?.trim() ?? '',
    range: readRange(parameters),
    chosen: parameters.get('bq')?.trim() ?? '',
    from: inOrder ? bFrom : null,
    to: inOrder ? bTo : null,
    measure: time === 'self' || time === 'p50' ? time : 'wall',
    onlyDifferent: parameters.get('only') === 'different',
    selected: parameters.get('at') ?? '',
    closed: new Set((parameters.get('closed') ?? '').split(',').filter((key) => /^[0-9a-z]{1,8}$/.test(key))),
  };
}

export function writeCohorts(state: CohortState): string {
  const parameters = cohortParameters(state);
  if (state.measure !== 'wall') parameters.set('time', state.measure);
  if (state.onlyDifferent) parameters.set('only', 'different');
  if (state.selected !== '') parameters.set('at', state.selected);
  if (state.closed.size > 0) parameters.set('closed', [...state.closed].join(','));
  return `/compare?${parameters}`;
}

/** The list of the traces of a cohort or of a part of it. */
export function listAddress(state: CohortState, terms: readonly string[], ofB: boolean): string {
  const parameters = cohortParameters({ ...state, text: '', chosen: '', from: null, to: null });
  parameters.delete('cohorts');
  const text = [state.text, ...(ofB ? [state.chosen] : []), ...terms].filter((part) => part !== '').join(' ');
  if (text !== '') parameters.set('q', text);
  if (ofB && state.from !== null && state.to !== null) parameters.set('brush', `${state.from}-${state.to}`);
  return `/search?${parameters}`;
}
