import { clip, formatDuration, plural } from './format';
import { nanosOf } from './nano';
import { isError, isRunning, labelOf, nameOf, serviceOf, unionLength, waitName, type Interval, type Trace, type Wait } from './trace';

export interface Phrase {
  readonly text: string;
  readonly tone: 'plain' | 'strong' | 'error';
}

const plain = (text: string): Phrase => ({ text, tone: 'plain' });
const strong = (text: string): Phrase => ({ text, tone: 'strong' });

const waitedFor: Readonly<Record<string, string>> = {
  batch_window: 'for the batch window',
  batch: 'for the batch to close',
  queue: 'in a queue',
  backoff: 'in retry backoff',
  retry_backoff: 'in retry backoff',
  dispatch: 'for dispatch',
  capacity: 'for capacity',
  network: 'for the network',
  analysis: 'for the analysis',
};

const reason = (kind: string | null): string => (kind === null ? 'in a gap that no span covers' : (waitedFor[kind] ?? `in ${waitName(kind)}`));
const length = (wait: Wait): number => wait.to - wait.from;

/** The span with the most time of its own; waits are told apart and do not count. */
function busiest(trace: Trace): number {
  let best = -1;
  for (let row = 0; row < trace.tree.count; row++) {
    if ((trace.spans.wait[row] ?? -1) >= 0 || isRunning(trace, row)) continue;
    if (best < 0 || (trace.tree.self[row] ?? 0) > (trace.tree.self[best] ?? 0)) best = row;
  }
  return best;
}

/** What a service says of a caller that went away: the caller's own failure is the reason. */
const callerGone = 'client_closed_request';

/** The failed span that no failed child explains: the first such one in the tree. */
export function firstCause(trace: Trace): number {
  const explained = new Uint8Array(trace.tree.count);
  let cause = -1;
  for (let row = trace.tree.count - 1; row >= 0; row--) {
    const parent = trace.spans.parent[row] ?? -1;
    if (explained[row] === 0 && isError(trace, row) && parent >= 0 && isError(trace, parent) && labelOf(trace, row) === callerGone) continue;
    if (parent >= 0 && (isError(trace, row) || explained[row] === 1)) explained[parent] = 1;
    if (isError(trace, row) && explained[row] === 0) cause = row;
  }
  return cause;
}

function failure(trace: Trace): readonly Phrase[] {
  const cause = firstCause(trace);
  if (cause < 0) return [];
  const label = labelOf(trace, cause);
  const others = trace.summary.errors - 1;
  return [
    plain(' '),
    { text: clip(label ?? 'An error'), tone: 'error' },
    plain(` in ${clip(nameOf(trace, cause))} of ${clip(serviceOf(trace, cause))}${others > 0 ? `, and ${plural(others, 'more failed span')}` : ''}.`),
  ];
}

interface Reason extends Interval {
  readonly kind: string | null;
  /** Time in which at least one wait of the kind lasts. */
  readonly length: number;
}

/** What was waited for, the longest in all first. */
function reasonsOf(waits: readonly Wait[]): readonly Reason[] {
  const byKind = new Map<string | null, Wait[]>();
  for (const wait of waits) {
    const of = byKind.get(wait.kind);
    if (of === undefined) byKind.set(wait.kind, [wait]);
    else of.push(wait);
  }
  return [...byKind]
    .map(([kind, of]) => ({ kind, length: unionLength(of), from: of.reduce((least, wait) => Math.min(least, wait.from), Infinity), to: of.reduce((most, wait) => Math.max(most, wait.to), 0) }))
    .sort((a, b) => b.length - a.length);
}

/** What was done while nothing waited. One branch may have worked while another waited: then its time is no part of that. */
function workInWords(work: number, own: number, where: string): string {
  if (own > work) return `${work > 0 ? `In ${formatDuration(work)} nothing waited; ` : ''}${work > 0 ? 'the' : 'The'} most work of its own, ${formatDuration(own)}, has ${where}.`;
  return work > 0 ? `All work together took ${formatDuration(work)}${own > 0 ? `; the most of it is ${formatDuration(own)} in ${where}` : ''}.` : '';
}

/** Where the time went and what failed, in one or two sentences that the picture proves. */
export function story(trace: Trace): readonly Phrase[] {
  const total = nanosOf(trace.summary.duration);
  const waiting = Math.min(total, nanosOf(trace.summary.waiting));
  const waits = trace.waits.toSorted((a, b) => length(b) - length(a));
  const [longest] = waits;
  const [first, second] = reasonsOf(trace.waits);
  const busy = busiest(trace);
  const own = busy < 0 ? 0 : (trace.tree.self[busy] ?? 0);
  const where = busy < 0 ? '' : `${clip(nameOf(trace, busy))} of ${clip(serviceOf(trace, busy))}`;

  if (trace.tree.count === 1) return [strong(`One span of ${clip(serviceOf(trace, 0))}`), plain(total > 0 ? `, ${formatDuration(total)} long.` : ', an instant.'), ...failure(trace)];
  if (total === 0) return [strong('All spans are instants'), plain(': none has a duration.'), ...failure(trace)];

  // What spans did themselves can't be told without all of their children.
  if (trace.excerpt !== null) {
    const phrases = [strong(`${formatDuration(total)} in all`), plain(`, ${plural(trace.excerpt.spans, 'span')}`)];
    if (waiting >= total / 100) phrases.push(plain(`; ${formatDuration(waiting)} waited`));
    return [...phrases, plain('.'), ...failure(trace)];
  }
  if (first !== undefined && first.length > 0 && waiting * 2 >= total) {
    const phrases = [strong(`${formatDuration(first.length)} of ${formatDuration(total)} waited ${reason(first.kind)}`)];
    if (second !== undefined && second.length >= total / 50) phrases.push(plain(`, ${second.from >= first.to ? 'then ' : 'and '}${formatDuration(second.length)} ${reason(second.kind)}`));
    const work = total - waiting;
    phrases.push(plain(`. ${workInWords(work, own, where)}`.trimEnd()));
    return [...phrases, ...failure(trace)];
  }

  if (own === 0) return [strong(`${formatDuration(total)} in all`), plain('; no span has time of its own.'), ...failure(trace)];
  const phrases = [strong(`${formatDuration(own)} of ${formatDuration(total)} is ${clip(nameOf(trace, busy))}`), plain(`’s own time, in ${clip(serviceOf(trace, busy))}`)];
  if (longest !== undefined && waiting >= total / 100) phrases.push(plain(`; ${formatDuration(waiting)} waited, the longest ${formatDuration(length(longest))} ${reason(longest.kind)}`));
  phrases.push(plain('.'));
  return [...phrases, ...failure(trace)];
}
