import { describe, expect, it } from 'vitest';
import { clockShifts, serviceClocks } from '../src/model/skew';
import { makeTrace, nameOf, shiftOf, startOf, type Trace } from '../src/model/trace';
import { columnsOf, ms, traceOf, type Row } from './support/traces';
import { randomFrom } from './support/random';

const [server, client] = [2, 3];
const call = { kind: client, service: 'api', name: 'call' };
const shiftsOf = (rows: readonly Row[]): readonly number[] | null => {
  const shifts = clockShifts(columnsOf(rows).columns);
  return shifts === null ? null : [...shifts].map((shift) => shift / ms);
};

describe('clocks', () => {
  it('that agree move nothing', () => expect(shiftsOf([{ ...call, start: 0, duration: 200 * ms }, { parent: 0, service: 'gpu', kind: server, start: 10 * ms, duration: 180 * ms }])).toBeNull());
  it('behind the caller’s: the call is put into its middle, with all that is below it', () =>
    expect(shiftsOf([{ ...call, start: 0, duration: 200 * ms }, { parent: 0, service: 'gpu', kind: server, start: -18 * ms, duration: 180 * ms }, { parent: 1, service: 'gpu', start: -8 * ms, duration: 10 * ms }])).toEqual([0, 28, 28]));
  it('ahead of the caller’s: so that it ends before the caller', () =>
    expect(shiftsOf([{ ...call, start: 0, duration: 200 * ms }, { parent: 0, service: 'gpu', kind: server, start: 300 * ms, duration: 100 * ms }])).toEqual([0, -250]));
  it('of a child that outlives its parent move it no further than to the start', () =>
    expect(shiftsOf([{ service: 'api', start: 20 * ms, duration: 10 * ms }, { parent: 0, service: 'gpu', start: 5 * ms, duration: 100 * ms }])).toEqual([0, 15]));
  it('have one error: a second call moves as far as the first where that fits', () =>
    expect(
      shiftsOf([
        { service: 'api', start: 0, duration: 900 * ms },
        { ...call, parent: 0, start: 0, duration: 200 * ms }, { parent: 1, service: 'gpu', kind: server, start: -18 * ms, duration: 180 * ms },
        { ...call, parent: 0, start: 300 * ms, duration: 300 * ms }, { parent: 3, service: 'gpu', kind: server, start: 295 * ms, duration: 100 * ms },
      ]),
    ).toEqual([0, 0, 28, 0, 28]));
  it('are not doubted for work that goes on after its caller, nor for a caller that gave up', () => {
    expect(shiftsOf([{ service: 'api', start: 0, duration: 10 * ms }, { parent: 0, service: 'gpu', start: 5 * ms, duration: 900 * ms }])).toBeNull();
    expect(shiftsOf([{ service: 'api', kind: 4, start: 0, duration: 10 * ms }, { parent: 0, service: 'gpu', kind: 5, start: 500 * ms, duration: 5 * ms }])).toBeNull();
    expect(shiftsOf([{ ...call, start: 0, duration: 100 * ms, error: 'timeout' }, { parent: 0, service: 'gpu', kind: server, start: 150 * ms, duration: 5 * ms }])).toBeNull();
    expect(shiftsOf([{ ...call, start: 0, duration: 100 * ms }, { parent: 0, service: 'gpu', kind: server, start: 2 * ms, duration: 98.9 * ms }])).toBeNull();
    expect(shiftsOf([{ ...call, start: 0, duration: 408 * ms }, { parent: 0, service: 'gpu', kind: server, start: 64 * ms, duration: 366 * ms }])).toBeNull();
  });
  it('are not doubted within one service, whose spans share a clock', () => expect(shiftsOf([{ start: 10 * ms, duration: 10 * ms }, { parent: 0, start: 0, duration: 5 * ms }])).toBeNull());
  it('are named with the spans that they moved', () => {
    const { columns, services } = columnsOf([{ ...call, start: 0, duration: 200 * ms }, { parent: 0, service: 'gpu', kind: server, start: -18 * ms, duration: 180 * ms }, { parent: 1, service: 'gpu', start: -8 * ms, duration: 10 * ms }]);
    const [clock, ...others] = serviceClocks(columns.service, clockShifts(columns) ?? new Float64Array(0));
    expect([services[clock?.service ?? -1], clock?.shift, clock?.spans, clock?.row, others]).toEqual(['gpu', 28 * ms, 2, 1, []]);
  });
});

describe('a trace with a clock that is off', () => {
  // The skewed call was stamped before the trace's real start, which its raw times therefore do not show.
  const rows: readonly Row[] = [
    { service: 'api', name: 'root', start: 20 * ms, duration: 300 * ms },
    { parent: 0, service: 'gpu', name: 'late', kind: server, start: 0, duration: 100 * ms },
    { parent: 0, service: 'api', name: 'first', start: 30 * ms, duration: 10 * ms },
  ];
  const trace = traceOf(rows, { waiting: 99 });
  const named = (of: Trace, name: string): number => [...of.spans.spanId.keys()].find((row) => nameOf(of, row) === name) ?? -1;
  it('is shown mended, siblings in their new order, from its new start', () => {
    expect([...trace.spans.spanId.keys()].map((row) => nameOf(trace, row))).toEqual(['root', 'first', 'late']);
    expect([named(trace, 'root'), named(trace, 'late')].map((row) => startOf(trace, row) / ms)).toEqual([0, 100]);
    expect(shiftOf(trace, named(trace, 'late')) / ms).toBe(120);
    expect(trace.start - traceOf(rows.slice(0, 1)).start).toBe(20_000_000n);
    expect([trace.total / ms, Number(trace.summary.duration) / ms, Number(trace.summary.waiting)]).toEqual([300, 300, 0]);
  });
  it('can be shown as it was sent', () => {
    const sent = makeTrace(trace.parts, true);
    expect([sent.asSent, sent.shifts, startOf(sent, named(sent, 'late')), startOf(sent, named(sent, 'root')) / ms, sent.summary.waiting]).toEqual([true, null, 0, 20, 99n]);
  });
  it('follows its links to the rows where their spans stand', () => {
    const linked = traceOf(rows, { links: [{ row: 1, traceId: '', spanId: '', toRow: 2 }] });
    expect(linked.links.map((link) => [nameOf(linked, link.row), nameOf(linked, link.toRow)])).toEqual([['late', 'first']]);
  });
  it('never has a span before its parent of another service, whatever was sent', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomFrom(seed);
      const any = traceOf(Array.from({ length: 2 + random.below(30) }, (_, row) => ({ ...(row > 0 ? { parent: random.below(row) } : {}), service: `s${random.below(3)}`, kind: random.below(2) === 0 ? server : client, start: random.below(500) * ms, duration: random.below(300) * ms })));
      any.spans.parent.forEach((above, row) => {
        if (above >= 0 && any.spans.service[above] !== any.spans.service[row]) expect(startOf(any, row), `seed ${seed}, row ${row}`).toBeGreaterThanOrEqual(startOf(any, above) - 1e-3);
      });
      expect(Math.min(...any.spans.start), `seed ${seed}`).toBeGreaterThanOrEqual(0);
    }
  });
});
