import { describe, expect, it } from 'vitest';
import { flameGraph } from '../src/model/flame';
import { after } from '../src/model/nano';
import { withRunning } from '../src/model/running';
import { missingParent, warning } from '../src/model/spanTree';
import { statisticsOf } from '../src/model/statistics';
import { story } from '../src/model/story';
import { isRunning, makeTrace, nameOf, serviceOf, spansByService, startOf, durationOf, type Trace, type TraceParts } from '../src/model/trace';
import { verdictOf } from '../src/model/verdict';
import { ms, traceOf, type Row } from './support/traces';

const orphan = { parent: missingParent, warnings: warning.parentMissing };
const second = 1e9;

function parts(rows: readonly Row[], parents: Readonly<Record<number, string>>): TraceParts {
  const trace = traceOf(rows, { orphans: Object.keys(parents).length });
  return { ...trace.parts, orphans: Object.entries(parents).map(([row, parentSpanId]) => ({ row: Number(row), parentSpanId })) };
}

/** What is drawn of a trace that was read so many nanoseconds after its last span. */
function shown(of: TraceParts, age: number): Trace {
  const running = withRunning(of, after(of.start, Number(of.summary.duration) + age));
  return makeTrace(running ?? of);
}

const two = parts([{ start: 0, duration: 10 * ms, name: 'done' }, { ...orphan, start: 20 * ms, duration: 5 * ms, name: 'first' }, { ...orphan, start: 30 * ms, duration: 10 * ms, name: 'second' }], { 1: 'aa00', 2: 'aa00' });

describe('a span that has not arrived', () => {
  it('is shown above those that name it, from the first of them until now', () => {
    const trace = shown(two, 2 * second);
    const row = [...trace.spans.parent.keys()].find((one) => isRunning(trace, one)) ?? -1;
    expect([nameOf(trace, row), trace.spans.spanId[row], startOf(trace, row), durationOf(trace, row)]).toEqual(['still running', 'aa00', 20 * ms, 20 * ms + 2 * second]);
    expect(['first', 'second'].map((name) => trace.spans.parent[[...trace.spans.parent.keys()].find((one) => nameOf(trace, one) === name) ?? -1])).toEqual([row, row]);
    expect([trace.total, trace.arrived]).toEqual([40 * ms + 2 * second, 40 * ms]);
  });

  it('is of the service of its child, unless that answers a call from elsewhere', () => {
    const of = (kind: number): string => {
      const trace = shown(parts([{ ...orphan, start: 0, duration: 5, service: 'gpu', kind }], { 0: 'bb' }), second);
      return serviceOf(trace, 0);
    };
    expect([of(1), of(3), of(2), of(5)]).toEqual(['gpu', 'gpu', '', '']);
  });

  it('is no longer waited for a minute after the last span', () => {
    expect(withRunning(two, after(two.start, 40 * ms + 59 * second))).not.toBeNull();
    expect(withRunning(two, after(two.start, 40 * ms + 60 * second))).toBeNull();
  });

  it('is not made up where only a part of the trace is here, or nothing is missing', () => {
    const now = after(two.start, second);
    expect(withRunning({ ...two, excerpt: { spans: 9, omittedRoots: 0 } }, now)).toBeNull();
    expect(withRunning({ ...two, truncated: 'too large' }, now)).toBeNull();
    expect(withRunning({ ...two, orphans: [] }, now)).toBeNull();
  });

  it('ends with the last span when the clocks of the senders are ahead', () => expect(shown(two, -3600 * second).total).toBe(40 * ms));

  it('counts in no figure', () => {
    const trace = shown(two, 2 * second);
    expect(spansByService(trace)).toEqual([{ name: 'backend', index: 0, spans: 3 }]);
    expect(statisticsOf(trace, 'operation').map(({ name }) => name).sort()).toEqual(['done', 'first', 'second']);
    expect(flameGraph(trace, true).total).toBe(25 * ms);
    expect(story(trace).map(({ text }) => text).join('')).not.toContain('still running');
  });

  it('makes the verdict “still arriving”, without a reproach', () => {
    const trace = shown(two, 2 * second);
    const verdict = verdictOf(trace, after(trace.start, trace.arrived + 2 * second));
    expect(verdict.kind).toBe('arriving');
    expect(verdict.checks.find(({ title }) => /has not arrived yet/.test(title))).toMatchObject({ level: 'unsure', title: '2 spans name a parent that has not arrived yet' });
    expect(verdict.checks.some(({ level }) => level === 'bad')).toBe(false);
    expect(verdict.checks.find(({ title }) => /arriving/.test(title))?.detail).toContain('The last span, second of backend');
  });
});
