import { plural } from './format';
import { warning } from './spanTree';
import { nameOf, serviceOf, type Trace } from './trace';

export interface Check {
  readonly level: 'good' | 'bad' | 'unsure';
  readonly title: string;
  readonly detail: string;
  /** A row that shows it. */
  readonly row: number | null;
}

export interface Verdict {
  readonly complete: boolean;
  readonly checks: readonly Check[];
}

function rowsWith(trace: Trace, bit: number): readonly number[] {
  const rows: number[] = [];
  trace.spans.warnings.forEach((bits, row) => (bits & bit) !== 0 && rows.push(row));
  return rows;
}

/** Whether everything that the trace's spans refer to has arrived, and what else is odd about it. */
export function verdictOf(trace: Trace): Verdict {
  const { summary } = trace;
  const orphans = rowsWith(trace, warning.parentMissing);
  const checks: Check[] = [];
  const [orphan] = orphans;
  if (trace.truncated !== null) checks.push({ level: 'bad', title: 'Only a part of the trace was read', detail: trace.truncated, row: null });
  if (summary.orphans > 0) {
    const services = [...new Set(orphans.map((row) => serviceOf(trace, row)))].join(', ');
    checks.push({
      level: 'bad',
      title: `${plural(summary.orphans, 'span names a parent', 'spans name a parent')} that did not arrive`,
      detail: `${services === '' ? 'Their' : `From ${services}: their`} callers’ spans are missing. Check that the calling service exports here, samples alike, and flushes at its end.`,
      row: orphan ?? null,
    });
  } else checks.push({ level: 'good', title: 'Every parent arrived', detail: `All ${plural(summary.spans, 'span')} hang together.`, row: null });
  if (summary.root === null)
    checks.push({ level: 'bad', title: 'The root span did not arrive', detail: `The earliest span is ${summary.first.name} of ${summary.first.service}. The service that began the trace may still be running it, or exports elsewhere.`, row: null });
  else checks.push({ level: 'good', title: 'The root span arrived', detail: `${summary.root.name} of ${summary.root.service}.`, row: null });

  const skewed = rowsWith(trace, warning.startsBeforeParent);
  const [first] = skewed;
  if (first !== undefined)
    checks.push({ level: 'unsure', title: `${plural(skewed.length, 'span starts', 'spans start')} before the parent`, detail: `For example ${nameOf(trace, first)} of ${serviceOf(trace, first)}. Clocks may disagree; times are shown as they were sent.`, row: first });
  const backwards = rowsWith(trace, warning.endBeforeStart);
  if (backwards[0] !== undefined)
    checks.push({ level: 'unsure', title: `${plural(backwards.length, 'span ends', 'spans end')} before the start`, detail: 'Shown with no length; the raw times are in the span’s panel.', row: backwards[0] });
  const cyclic = rowsWith(trace, warning.cycle);
  if (cyclic[0] !== undefined)
    checks.push({ level: 'bad', title: `${plural(cyclic.length, 'circle')} of parents`, detail: 'Spans name each other as parents; the circle is cut at one of them.', row: cyclic[0] });
  const shared = rowsWith(trace, warning.sharedId);
  if (shared[0] !== undefined)
    checks.push({ level: 'unsure', title: `${plural(shared.length, 'span shares its id', 'spans share their ids')} with another`, detail: 'Same id, other content: Zipkin’s shared spans do so on purpose.', row: shared[0] });
  return { complete: trace.truncated === null && summary.orphans === 0 && summary.root !== null && cyclic.length === 0, checks };
}
