import { describe, expect, it } from 'vitest';
import { after } from '../src/model/nano';
import { warning } from '../src/model/spanTree';
import { makeTrace, type Trace } from '../src/model/trace';
import { verdictOf, type Check, type Verdict } from '../src/model/verdict';
import { ms, traceOf } from './support/traces';

const second = 1e9;
/** Read so long after the trace's last end. */
const judge = (trace: Trace, age = 3600 * second): Verdict => verdictOf(trace, after(trace.start, trace.total + age));
const check = (trace: Trace, title: RegExp, age?: number): Check | undefined => judge(trace, age).checks.find((one) => title.test(one.title));
const root = { start: 0, duration: 100 * ms };

describe('the verdict', () => {
  it('is complete when nothing that is referred to is missing', () => {
    const { kind, checks } = judge(traceOf([root, { parent: 0, start: 1, duration: 5 }]));
    expect([kind, checks.every((one) => one.level === 'good')]).toEqual(['complete', true]);
  });
  it('is partial with an orphan, names its service, and points at it', () => {
    const trace = traceOf([root, { parent: -2, service: 'gpu', start: 1, duration: 1, warnings: warning.parentMissing }], { orphans: 1 });
    expect(judge(trace).kind).toBe('partial');
    expect(judge(trace).checks[0]).toMatchObject({ level: 'bad', title: '1 span names a parent that did not arrive', action: { kind: 'row', row: 1 } });
    expect(judge(trace).checks[0]?.detail).toContain('From gpu');
  });
  it('is partial without a root', () => expect(judge(traceOf([root], { root: false })).kind).toBe('partial'));
  it('says first that only a part was read, however young the trace', () => {
    const verdict = judge(traceOf([root], { truncated: 'It needs more memory than one trace may take.' }), second);
    expect([verdict.kind, verdict.checks[0]]).toEqual(['partial', { level: 'bad', title: 'Only a part of the trace was read', detail: 'It needs more memory than one trace may take.', action: null }]);
  });

  it('is still arriving for seconds after the last span, and longer when something is missing', () => {
    const [whole, missing] = [traceOf([root]), traceOf([root], { root: false })];
    expect([judge(whole, 2 * second).kind, judge(whole, 20 * second).kind, judge(missing, 20 * second).kind, judge(missing, 90 * second).kind]).toEqual(['arriving', 'complete', 'arriving', 'partial']);
    expect(check(whole, /arriving/, 2 * second)?.action).toEqual({ kind: 'refresh' });
    expect(check(whole, /Not running/)?.detail).toContain('ended 60 min ago');
  });
  it('takes a trace from the future for one that arrives', () => expect(judge(traceOf([root]), -30 * second).kind).toBe('arriving'));

  it('finds calls without an answer where others of the same name have one', () => {
    const call = { parent: 0, service: 'api', name: 'POST', kind: 3 };
    const rows = [{ ...root, service: 'api' }, { ...call, start: 1 * ms, duration: 10 * ms }, { parent: 1, service: 'llm', kind: 2, start: 2 * ms, duration: 5 * ms }, { ...call, start: 20 * ms, duration: 10 * ms }];
    expect(check(traceOf(rows), /no span from the service/)).toMatchObject({ level: 'bad', action: { kind: 'row', row: 3 } });
    expect(judge(traceOf(rows)).kind).toBe('partial');
    // One that failed may never have got there; one that never is answered is a call to what is not traced.
    expect(judge(traceOf([...rows.slice(0, 3), { ...call, start: 20 * ms, duration: 10 * ms, error: 'refused' }])).kind).toBe('complete');
    expect(check(traceOf([rows[0] ?? root, { ...call, start: 1, duration: 1 }]), /no span from the service/)).toBeUndefined();
  });
  it('measures gaps that no span covers and shows what follows the longest', () => {
    const gap = check(traceOf([{ ...root, name: 'a' }, { start: 400 * ms, duration: 100 * ms, name: 'b' }]), /gap/);
    expect(gap).toMatchObject({ level: 'unsure', action: { kind: 'row', row: 1 } });
    expect(gap?.title.replaceAll('\u2009', ' ')).toBe('300 ms of 500 ms is a gap that no span covers');
  });
  it('tells several roots', () => expect(check(traceOf([root, { start: 5, duration: 5 }]), /2 roots/)).toMatchObject({ level: 'unsure' }));

  it('tells services that keep a share of their traces, unless all keep the same', () => {
    const rows = [{ ...root, service: 'api' }, { parent: 0, service: 'gpu', start: 1, duration: 1 }];
    expect(check(traceOf(rows, { sampling: [{ service: 1, share: 0.2, spans: 1 }] }), /sampled out/)?.title).toBe('Parts may be sampled out: gpu keeps 20 %');
    const lost = traceOf(rows, { dropped: [{ stage: 'head', rule: 'rate', service: 'camera', spans: 3n }, { stage: 'limit', rule: 'spansPerTrace', service: 'gpu', spans: 1n }] });
    expect(check(lost, /dropped by the rules/)).toMatchObject({ level: 'bad', title: '4 spans were dropped by the rules in Settings', detail: '3 of camera (its service’s rate), 1 of gpu (limit: spans per trace). They came, and are not stored.' });
    expect(check(traceOf(rows), /dropped by the rules/)).toBeUndefined();
    expect(check(traceOf(rows, { sampling: [{ service: 0, share: 0.2, spans: 1 }, { service: 1, share: 0.2, spans: 1 }] }), /ampled/)?.level).toBe('good');
  });
  it('tells a clock that is off, by how much, with the way to raw times and back, and is complete all the same', () => {
    const trace = traceOf([{ ...root, service: 'api', start: 20 * ms }, { parent: 0, service: 'gpu', start: 0, duration: 60 * ms }]);
    expect(check(trace, /clock/i)).toMatchObject({ level: 'unsure', action: { kind: 'times', asSent: true } });
    expect(check(trace, /clock/i)?.title.replaceAll('\u2009', ' ')).toBe('The clock of gpu is 40.0 ms behind, or nearly');
    expect(check(makeTrace(trace.parts, true), /clock/i)).toMatchObject({ action: { kind: 'times', asSent: false } });
    expect(judge(trace).kind).toBe('complete');
  });
  it('tells spans that end before their start, circles and shared ids', () => {
    const trace = traceOf([root, { parent: 0, start: 1, duration: 0, warnings: warning.endBeforeStart | warning.sharedId }, { start: 1, duration: 1, warnings: warning.cycle }]);
    expect([check(trace, /ends before/)?.level, check(trace, /circle/)?.level, check(trace, /shares its id/)?.level, check(trace, /roots/)]).toEqual(['unsure', 'bad', 'unsure', undefined]);
  });
});
