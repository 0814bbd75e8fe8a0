import { formatCount, formatDuration } from './format';
import { nanosOf } from './nano';
import type { TypicalTrace } from './summary';

const hour = 3_600_000_000_000n;

/** Why just this trace is typical: `Near the median (30.8 s) of 342 successful traces within 30 minutes of it.` */
export function typicalReason({ among, median, from, to, sameServices }: TypicalTrace): string {
  const reach = from === null || to === null ? 'of all times' : to - from <= hour ? 'within 30 minutes of it' : to - from <= 12n * hour ? 'within 6 hours of it' : 'within 2 days of it';
  const which = `${among.exact ? '' : 'at least '}${formatCount(among.value)} successful ${among.value === 1 ? 'trace' : 'traces'}`;
  return `Near the median (${formatDuration(nanosOf(median))}) of ${which} ${reach}${sameServices ? '' : '; none has the same services'}.`;
}
