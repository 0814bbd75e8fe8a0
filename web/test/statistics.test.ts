import { describe, expect, it } from 'vitest';
import { sortStatistics, statisticColumns, statisticsOf, type Statistic } from '../src/model/statistics';
import { randomFrom } from './support/random';
import { traceOf, type Row } from './support/traces';

const find = (rows: readonly Statistic[], service: string | null, name: string | null): Statistic | undefined => rows.find((row) => row.service === service && row.name === name);

describe('statistics of a trace', () => {
  const trace = traceOf([
    { service: 'api', name: 'request', start: 0, duration: 100 },
    { parent: 0, service: 'api', name: 'call', start: 10, duration: 40 },
    { parent: 1, service: 'api', name: 'queue', start: 10, duration: 15, wait: 'queue' },
    // Overlaps its sibling and ends after the parent.
    { parent: 0, service: 'db', name: 'call', start: 30, duration: 90, error: true },
  ]);

  it('count the own time of a span once where children overlap, and only within the span', () => {
    // Children of the request cover 10 to 100.
    expect(find(statisticsOf(trace, 'both'), 'api', 'request')?.self).toBe(10);
    expect(find(statisticsOf(trace, 'both'), 'api', 'call')?.self).toBe(25);
  });
  it('tell waiting from work', () => {
    expect(find(statisticsOf(trace, 'both'), 'api', 'queue')).toMatchObject({ self: 0, waiting: 15 });
    expect(find(statisticsOf(trace, 'service'), 'api', null)).toMatchObject({ self: 35, waiting: 15, spans: 3, errors: 0 });
  });
  it('count time that spans of a group share once', () => {
    expect(find(statisticsOf(trace, 'service'), 'api', null)?.total).toBe(100);
    expect(find(statisticsOf(trace, 'operation'), null, 'call')).toMatchObject({ total: 110, spans: 2, errors: 1, p50: 40, max: 90, longest: 3 });
  });
  it('look at the wanted spans alone', () => expect(statisticsOf(trace, 'service', (row) => row === 3)).toMatchObject([{ service: 'db', spans: 1, errors: 1, total: 90, self: 90 }]));
  it('of nothing are nothing', () => expect(statisticsOf(trace, 'both', () => false)).toEqual([]));

  it('agree with a plain count, whatever the trace', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = randomFrom(seed);
      const rows: Row[] = Array.from({ length: 1 + random.below(40) }, (_, row) => ({
        ...(row > 0 && random.below(5) > 0 ? { parent: random.below(row) } : {}),
        service: `s${random.below(3)}`, name: `n${random.below(4)}`, start: random.below(200), duration: random.below(60),
        ...(random.below(6) === 0 ? { error: true as const } : {}), ...(random.below(5) === 0 ? { wait: 'queue' } : {}),
      }));
      const any = traceOf(rows);
      const statistics = statisticsOf(any, 'both');
      expect(statistics.reduce((sum, row) => sum + row.spans, 0), `seed ${seed}`).toBe(rows.length);
      for (const row of statistics) {
        const members = [...any.spans.spanId.keys()].filter((i) => any.services[any.spans.service[i] ?? 0] === row.service && any.names[any.spans.name[i] ?? 0] === row.name);
        const covered = new Set<number>();
        let own = 0;
        for (const i of members) {
          const [from, to] = [any.spans.start[i] ?? 0, (any.spans.start[i] ?? 0) + (any.spans.duration[i] ?? 0)];
          for (let t = from; t < to; t++) covered.add(t);
          // A nanosecond is the span's own when nothing below it runs in it.
          const children = [...any.spans.parent.keys()].filter((row) => row > i && row < (any.tree.end[i] ?? 0));
          for (let t = from; t < to; t++) if (!children.some((child) => (any.spans.start[child] ?? 0) <= t && t < (any.spans.start[child] ?? 0) + (any.spans.duration[child] ?? 0))) own++;
        }
        expect(row.total, `seed ${seed}, ${row.key}`).toBe(covered.size);
        expect(row.self + row.waiting, `seed ${seed}, ${row.key}`).toBe(own);
        const lengths = members.map((i) => any.spans.duration[i] ?? 0).sort((a, b) => a - b);
        expect([row.p50, row.max, row.errors]).toEqual([lengths[Math.ceil(lengths.length / 2) - 1], lengths.at(-1), members.filter((i) => any.spans.error[i] === 1).length]);
      }
    }
  });
});

describe('the order of statistics', () => {
  const random = randomFrom(4);
  const rows = Array.from({ length: 50 }, (_, i) => ({ key: String(i), service: `s${random.below(3)}`, name: `n${i}`, spans: random.below(5), errors: random.below(2), self: random.below(4), waiting: 0, total: random.below(9), p50: random.below(3), max: random.below(4), longest: i }));
  it.each(statisticColumns)('by %s is complete, the same from any input, and turns round', (column) => {
    const [down, up] = [sortStatistics(rows, column, true), sortStatistics(rows.toReversed(), column, false)];
    expect(new Set(down)).toEqual(new Set(rows));
    const value = (row: Statistic): number | string => (column === 'name' ? (row.name ?? '') : row[column]);
    down.forEach((row, i) => i > 0 && expect(value(row) <= value(down[i - 1] ?? row)).toBe(true));
    up.forEach((row, i) => i > 0 && expect(value(row) >= value(up[i - 1] ?? row)).toBe(true));
    expect(sortStatistics(rows.toReversed(), column, true)).toEqual(down);
  });
});
