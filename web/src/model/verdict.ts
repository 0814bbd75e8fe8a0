import { formatAgo, formatDuration, formatOffset, plural } from './format';
import { after, type UnixNano } from './nano';
import { causeInWords, sumOf } from './processRules';
import { mayBeRunning } from './running';
import { serviceClocks } from './skew';
import { warning } from './spanTree';
import { endOf, isError, isRunning, nameOf, serviceOf, startOf, type Trace } from './trace';

/** What helps: to look at a row, to see raw or mended times, or to ask the server again. */
export type CheckAction = { readonly kind: 'row'; readonly row: number } | { readonly kind: 'times'; readonly asSent: boolean } | { readonly kind: 'refresh' };

export interface Check {
  readonly level: 'good' | 'bad' | 'unsure';
  readonly title: string;
  /** The facts, and what to check. */
  readonly detail: string;
  readonly action: CheckAction | null;
}

export interface Verdict {
  readonly kind: 'complete' | 'arriving' | 'partial';
  /** What it comes to. */
  readonly sentence: string;
  readonly checks: readonly Check[];
}

/** Senders batch their spans for seconds; after this nothing that belongs to a finished request is on its way. */
const [surelyArriving, mayBeArriving] = [10e9, mayBeRunning];
/** A gap counts when it is at least this long and this share of the trace; less is the time between two calls. */
const [leastGap, leastGapShare] = [1e6, 0.01];

/** What is wrong stands first. */
const weight = { bad: 0, unsure: 1, good: 2 } as const;

const look = (row: number): CheckAction => ({ kind: 'row', row });

function rowsWith(trace: Trace, bit: number): readonly number[] {
  const rows: number[] = [];
  trace.spans.warnings.forEach((bits, row) => (bits & bit) !== 0 && rows.push(row));
  return rows;
}

const servicesOf = (trace: Trace, rows: readonly number[]): string => {
  const names = [...new Set(rows.map((row) => serviceOf(trace, row)))];
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
};

/** `soon`: the last span ended so lately that what is missing may be running still. */
function parents(trace: Trace, soon: boolean): readonly Check[] {
  const { summary } = trace;
  const orphans = rowsWith(trace, warning.parentMissing);
  const checks: Check[] = [];
  if (summary.orphans > 0) {
    const from = servicesOf(trace, orphans);
    checks.push({
      level: soon ? 'unsure' : 'bad',
      title: `${plural(summary.orphans, 'span names a parent', 'spans name a parent')} that ${soon ? 'has not arrived yet' : 'did not arrive'}`,
      detail: `${from === '' ? 'Their' : `From ${from}: their`} callers’ spans are missing. ${soon ? 'They may be running still: a span is sent when it ends. If they stay away, check' : 'Check'} that the calling service exports here, samples alike, and flushes at its end.`,
      action: orphans[0] === undefined ? null : look(orphans[0]),
    });
  } else checks.push({ level: 'good', title: 'Every parent arrived', detail: `All ${plural(summary.spans, 'span')} hang together.`, action: null });
  const roots = [...trace.spans.parent.keys()].filter((row) => trace.spans.parent[row] === -1 && ((trace.spans.warnings[row] ?? 0) & (warning.cycle | warning.running)) === 0);
  if (summary.root === null) checks.push({ level: soon ? 'unsure' : 'bad', title: soon ? 'The root span has not arrived yet' : 'The root span did not arrive', detail: `The earliest span is ${summary.first.name} of ${summary.first.service}. The service that began the trace may still be running it, or exports elsewhere.`, action: null });
  else if (roots.length > 1) checks.push({ level: 'unsure', title: `The trace has ${roots.length} roots`, detail: `From ${servicesOf(trace, roots)}. A service begins anew where it does not read the traceparent that it is sent; or one id is used twice.`, action: look(roots[1] ?? 0) });
  else checks.push({ level: 'good', title: 'The root span arrived', detail: `${summary.root.name} of ${summary.root.service}.`, action: null });
  return checks;
}

/** Calls that no service answers with a span, although other calls of the same name have such an answer. */
function unanswered(trace: Trace): readonly Check[] {
  const { parent, service, name, kind } = trace.spans;
  const answered = new Set<string>();
  const hasAnswer = new Uint8Array(trace.tree.count);
  const keyOf = (row: number): string => `${service[row] ?? 0}:${name[row] ?? 0}`;
  parent.forEach((above, row) => {
    if (above < 0 || service[above] === service[row]) return;
    hasAnswer[above] = 1;
    answered.add(keyOf(above));
  });
  const client = 3;
  const open = [...kind.keys()].filter((row) => kind[row] === client && hasAnswer[row] === 0 && trace.tree.children[row] === 0 && answered.has(keyOf(row)));
  // A call that failed may never have reached the service; one that went well did.
  const [well, failed] = [open.filter((row) => !isError(trace, row)), open.filter((row) => isError(trace, row))];
  const check = (rows: readonly number[], level: Check['level'], advice: string): readonly Check[] => {
    const [first] = rows;
    if (first === undefined) return [];
    return [{ level, title: `${plural(rows.length, level === 'bad' ? 'call has' : 'failed call has', level === 'bad' ? 'calls have' : 'failed calls have')} no span from the service that was called`, detail: `Other calls of ${nameOf(trace, first)} by ${serviceOf(trace, first)} have one. ${advice}`, action: look(first) }];
  };
  return [...check(well, 'bad', 'Check that the called service reads the traceparent, samples alike, and exports here.'), ...check(failed, 'unsure', 'It may never have reached the service; if it did, check that it exports here.')];
}

function gaps(trace: Trace): readonly Check[] {
  const found = trace.waits.filter((wait) => wait.row < 0 && wait.to - wait.from >= Math.max(leastGap, trace.total * leastGapShare)).toSorted((a, b) => b.to - b.from - (a.to - a.from));
  const [longest] = found;
  if (longest === undefined) {
    const short = trace.waits.some((wait) => wait.row < 0);
    return [{ level: 'good', title: short ? 'No long gap without a span' : 'No gap without a span', detail: short ? 'Gaps that no span covers are shorter than a hundredth of the trace, or than a millisecond.' : 'From start to end some span covers the time.', action: null }];
  }
  const next = [...trace.spans.start.keys()].find((row) => startOf(trace, row) >= longest.to) ?? 0;
  const sum = found.reduce((so, gap) => so + gap.to - gap.from, 0);
  return [
    {
      level: 'unsure',
      title: `${formatDuration(sum)} of ${formatDuration(trace.total)} ${found.length === 1 ? 'is a gap' : `are ${found.length} gaps`} that no span covers`,
      detail: `${found.length === 1 ? 'It' : 'The longest'} begins at ${formatOffset(longest.from)} and ends with ${nameOf(trace, next)} of ${serviceOf(trace, next)}. Work without instrumentation, or a wait that no span says: add a span with wait.kind there.`,
      action: look(next),
    },
  ];
}

const percent = (share: number): string => `${share * 100 >= 1 ? Math.round(share * 100) : (share * 100).toPrecision(1)} %`;

function sampling(trace: Trace): Check {
  const said = trace.sampling.map(({ service, share }) => `${trace.services[service] ?? ''} keeps ${percent(share)}`);
  if (said.length === 0) return { level: 'good', title: 'Not sampled', detail: 'No span says that its service keeps only a share of its traces.', action: null };
  const shares = new Set(trace.sampling.map(({ share }) => share));
  const alike = shares.size === 1 && trace.sampling.length === trace.services.length;
  return alike
    ? { level: 'good', title: `Sampled alike: ${percent([...shares][0] ?? 1)} of traces are kept`, detail: 'All services keep the same share, so that this trace is whole.', action: null }
    : { level: 'unsure', title: `Parts may be sampled out: ${said.join(', ')}`, detail: 'Of their traces; the other services keep more, so that spans of these may be missing from a trace without a trace of them. Give all services one rate, or sample by the parent.', action: null };
}

/** What this server's own rules and limits took away. */
function dropped(trace: Trace): readonly Check[] {
  const checks: Check[] = [];
  if (trace.dropped.length > 0) {
    const sum = sumOf(trace.dropped);
    const of = trace.dropped.map((cause) => `${cause.spans} of ${cause.service} (${causeInWords(cause)})`);
    checks.push({ level: 'bad', title: `${plural(sum, 'span was', 'spans were')} dropped by the rules in Settings`, detail: `${of.join(', ')}. They came, and are not stored.`, action: null });
  }
  const [full] = rowsWith(trace, warning.traceFull);
  if (full !== undefined && trace.dropped.length === 0) checks.push({ level: 'bad', title: 'The trace reached the limit of spans', detail: 'What came after this span is not stored: the limit of spans of a trace stands in Settings.', action: look(full) });
  const cut = rowsWith(trace, warning.cut);
  if (cut[0] !== undefined) checks.push({ level: 'unsure', title: `${plural(cut.length, 'span has', 'spans have')} attributes that were cut`, detail: `For example ${nameOf(trace, cut[0])} of ${serviceOf(trace, cut[0])}: left out or shortened by the limits in Settings.`, action: look(cut[0]) });
  return checks;
}

function clocks(trace: Trace): Check {
  if (trace.asSent) return { level: 'unsure', title: 'Clocks disagree; times are shown as they were sent', detail: 'Spans lie where they cannot have run. Compare the services’ NTP offsets.', action: { kind: 'times', asSent: false } };
  if (trace.shifts === null) return { level: 'good', title: 'Clocks agree', detail: 'No span begins before its caller, none of a call ends after it.', action: null };
  const [worst, ...others] = serviceClocks(trace.spans.service, trace.shifts);
  const name = trace.services[worst?.service ?? -1] ?? '';
  const shift = worst?.shift ?? 0;
  return {
    level: 'unsure',
    title: `The clock of ${name} is ${formatDuration(Math.abs(shift))} ${shift > 0 ? 'behind' : 'ahead'}, or nearly`,
    detail: `${plural(worst?.spans ?? 0, 'span')} shifted to fit the caller${others.length > 0 ? `; also of ${others.map((clock) => trace.services[clock.service] ?? '').join(', ')}` : ''}; raw times are one click away. Compare the services’ NTP offsets.`,
    action: { kind: 'times', asSent: true },
  };
}

function oddities(trace: Trace): readonly Check[] {
  const checks: Check[] = [];
  const before = rowsWith(trace, warning.startsBeforeParent).filter((row) => trace.spans.service[row] === trace.spans.service[trace.spans.parent[row] ?? -1]);
  if (before[0] !== undefined) checks.push({ level: 'unsure', title: `${plural(before.length, 'span starts', 'spans start')} before the parent, in one service`, detail: `For example ${nameOf(trace, before[0])} of ${serviceOf(trace, before[0])}. Look for a start that was set by hand.`, action: look(before[0]) });
  const backwards = rowsWith(trace, warning.endBeforeStart);
  if (backwards[0] !== undefined) checks.push({ level: 'unsure', title: `${plural(backwards.length, 'span ends', 'spans end')} before the start`, detail: 'Shown with no length; the raw times are in the span’s panel.', action: look(backwards[0]) });
  const cyclic = rowsWith(trace, warning.cycle);
  if (cyclic[0] !== undefined) checks.push({ level: 'bad', title: `${plural(cyclic.length, 'circle')} of parents`, detail: 'Spans name each other as parents; the circle is cut at one of them.', action: look(cyclic[0]) });
  const shared = rowsWith(trace, warning.sharedId);
  if (shared[0] !== undefined) checks.push({ level: 'unsure', title: `${plural(shared.length, 'span shares its id', 'spans share their ids')} with another`, detail: 'Same id, other content: Zipkin’s shared spans do so on purpose.', action: look(shared[0]) });
  return checks;
}

function arrival(trace: Trace, readAt: UnixNano, arriving: boolean): Check {
  let last = 0;
  for (let row = 0; row < trace.tree.count; row++) if (!isRunning(trace, row) && (isRunning(trace, last) || endOf(trace, row) > endOf(trace, last))) last = row;
  const ended = `The last span, ${nameOf(trace, last)} of ${serviceOf(trace, last)}, ended ${formatAgo(after(trace.start, trace.arrived), readAt)}`;
  return arriving
    ? { level: 'unsure', title: 'More may still be arriving', detail: `${ended} when the trace was read. Senders keep spans back for some seconds.`, action: { kind: 'refresh' } }
    : { level: 'good', title: 'Not running any more', detail: `${ended}.`, action: null };
}

/** Whether all of the trace is here, and what else is odd about it: each with its facts and what to check. */
export function verdictOf(trace: Trace, readAt: UnixNano): Verdict {
  const age = Number(readAt - after(trace.start, trace.arrived));
  const found = [...parents(trace, age < mayBeArriving), ...unanswered(trace), ...oddities(trace), ...dropped(trace)];
  const missing = trace.truncated !== null || found.some((check) => check.level === 'bad') || trace.summary.orphans > 0 || trace.summary.root === null;
  const arriving = trace.truncated === null && age < (missing ? mayBeArriving : surelyArriving);
  const kind = arriving ? 'arriving' : missing ? 'partial' : 'complete';
  const whole: readonly Check[] = trace.truncated === null ? [] : [{ level: 'bad', title: 'Only a part of the trace was read', detail: trace.truncated, action: null }];
  const spans = plural(trace.summary.spans, 'span');
  return {
    kind,
    sentence: { complete: `${spans}, and nothing that they refer to is missing.`, arriving: `${spans} so far; the trace may still be running.`, partial: `${spans}, and at least one that did not arrive.` }[kind],
    checks: [...whole, ...found, ...gaps(trace), sampling(trace), clocks(trace), arrival(trace, readAt, arriving)].toSorted((a, b) => weight[a.level] - weight[b.level]),
  };
}
