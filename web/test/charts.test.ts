import { describe, expect, it } from 'vitest';
import { brushOf, columnAt, columnBrush, hitAt } from '../src/charts/hit';
import { inside, xOf, yOf, type Axis } from '../src/charts/paint';
import { brushDurations, brushTerms, brushTimes } from '../src/model/brush';
import { columnsOf, durationAt, durationScale, durationTicks, heightOf, markText, perColumn, rateLabels, stepOf, timeTicks } from '../src/model/chartScale';
import { formatShare, waitingShare, type Distribution } from '../src/model/distribution';
import { unixNano, unixNanoFromMillis } from '../src/model/nano';
import { draggedBrush, gripAt, steppedBrush } from '../src/charts/grip';
import { layoutShape, type ShapeSegment } from '../src/model/shape';
import { randomFrom } from './support/random';

const second = 1e9;
const first = unixNano(1_795_219_200_000_000_000n);
const empty = { edges: [], traces: [] };
const distribution: Distribution = {
  first, columnLength: second, total: { value: 3, exact: true }, errorTraces: { value: 1, exact: true }, quantiles: null, durationSum: 10, waitingSum: 9, traces: [1, 0, 2], errors: [0, 0, 1],
  rowEdges: [1e6, 1e7, 1e8], cells: [{ column: 0, row: 0, traces: 1, errors: 0 }, { column: 2, row: 1, traces: 2, errors: 1 }], durations: empty, waits: empty, truncated: null,
  points: [{ traceId: 'c', start: 2.5 * second, duration: 5e7, errors: 1 }, { traceId: 'a', start: 0.5 * second, duration: 2e6, errors: 0 }],
};
const axis: Axis = { frame: { left: 40, right: 340, top: 10, bottom: 110, stripTop: 128, stripBottom: 154 }, start: 0, length: 3 * second, scale: { shortest: 1e6, longest: 1e8 } };

describe('the time axis of the chart', () => {
  it('is cut into whole steps, no more than asked for, that cover the range', () => {
    const random = randomFrom(7);
    for (let i = 0; i < 2000; i++) {
      const from = unixNano(first + BigInt(random.below(1e9)) * 1000n);
      const to = unixNano(from + 1n + BigInt(random.below(1e9)) ** 2n / 1000n);
      const most = 2 + random.below(200);
      const columns = columnsOf(from, to, most);
      expect(columns.columns).toBeLessThanOrEqual(most);
      expect(columns.from <= from && columns.to >= to).toBe(true);
      expect((columns.to - columns.from) % BigInt(columns.columns)).toBe(0n);
    }
  });
  it('has the same columns a moment later', () => {
    const hour = 3600n * 1_000_000_000n;
    const [a, b] = [columnsOf(unixNano(first - hour), first, 120), columnsOf(unixNano(first - hour + 2_000_000_000n), unixNano(first + 2_000_000_000n), 120)];
    expect(b.from - a.from).toBe(0n);
  });
  it('has a step that reads well', () => expect([stepOf(3600 * second, 120), stepOf(86400 * second, 120), stepOf(2 * second, 120)]).toEqual([30 * second, 900 * second, 2e7]));
  it('says what a column is a rate of', () => expect([60 * second, 30 * second, 900 * second, 2e7].map(perColumn)).toEqual(['/min', '/30 s', '/15 min', '/20 ms']));
  it('says how many its highest column has in the room that there is, the unit at the foot where it does not fit beside', () => {
    expect([[37, 60], [12_345, 1800], [12_345, 60], [0, 60]].map(([most = 0, length = 0]) => rateLabels(most, length * second, 54))).toEqual([
      { top: '37/min', foot: '0' },
      { top: '12,345', foot: '/30 min' },
      { top: '12,345', foot: '/min' },
      { top: '', foot: '0' },
    ]);
    for (const most of [9, 999, 123_456, 7_654_321, 123_456_789]) expect(rateLabels(most, 1800 * second, 38).top.length).toBeLessThan(7);
  });
  it('has ticks at round times, not too close', () => {
    const ticks = timeTicks(unixNanoFromMillis(1_795_219_230_000), 3600 * second, 1000, 96);
    expect(ticks.length).toBeGreaterThan(4);
    expect(ticks.length).toBeLessThan(11);
    for (const { at } of ticks) expect((1_795_219_230 + at / second) % 300).toBe(0);
  });
});

describe('the duration axis', () => {
  it('reads back what it places', () => {
    const scale = durationScale(3e6, 4e10);
    expect(scale.shortest).toBe(1e6);
    for (const duration of [1e6, 5e7, 4e10]) expect(durationAt(scale, heightOf(scale, duration)) / duration).toBeCloseTo(1, 9);
  });
  it('holds nothing and everything', () => {
    expect(heightOf(durationScale(0, 0), 0)).toBe(0);
    expect(heightOf(durationScale(1, 1.8e19), 1.8e19)).toBeLessThanOrEqual(1);
  });
  it('is marked at decades that do not touch', () => expect(durationTicks(durationScale(1e6, 6e10), 106, 16).map(markText)).toEqual(['1 ms', '10 ms', '100 ms', '1 s', '10 s', '1 min']));
});

describe('the pointer', () => {
  it('finds the nearest trace, and none where there is none', () => {
    const [x, y] = [xOf(axis, 2.5 * second), yOf(axis, 5e7)];
    expect(hitAt(distribution, axis, x + 3, y - 3)).toMatchObject({ kind: 'point', point: { traceId: 'c' } });
    expect(hitAt(distribution, axis, x - 60, y)).toBeNull();
  });
  it('finds the cell when there are too many traces for dots, and its brush holds just that cell', () => {
    const hit = hitAt({ ...distribution, points: null }, axis, xOf(axis, 2.2 * second), yOf(axis, 3e7));
    expect(hit).toMatchObject({ kind: 'cell', traces: 2, errors: 1, brush: { from: first + 2_000_000_000n, to: first + 3_000_000_000n, durations: { shortest: 10_000_000n, longest: 99_999_999n } } });
  });
  it('finds the column in the strip, also beyond its ends', () => {
    expect(hitAt(distribution, axis, 341, 140)).toMatchObject({ kind: 'column', column: 2 });
    expect(columnAt(distribution, axis, inside(axis, -100))).toBe(0);
  });
  it('marks time and durations in the scatter, time alone in the strip', () => {
    const brush = brushOf(distribution, axis, { x: 240, y: 60 }, { x: 140, y: 200 }, true);
    expect(brush).toEqual({ from: first + 1_000_000_000n, to: first + 2_000_000_000n, durations: { shortest: 0n, longest: 10_000_000n } });
    expect(brushOf(distribution, axis, { x: 140, y: 140 }, { x: 240, y: 20 }, false).durations).toBeNull();
  });
  it('marks columns whichever way they are chosen', () => expect(columnBrush(distribution, 2, 1)).toEqual({ from: first + 1_000_000_000n, to: first + 3_000_000_000n, durations: null }));
});

describe('a mark that is dragged', () => {
  const box = { left: 140, right: 240, top: 35, bottom: 60 };
  const strip = { left: 140, right: 240, top: null, bottom: null };
  it('is held by its edges and inside, and not beside', () => {
    expect([[139, 45], [243, 50], [190, 36], [190, 63], [190, 48], [190, 70], [120, 45]].map(([x = 0, y = 0]) => gripAt(box, x, y))).toEqual(['left', 'right', 'top', 'bottom', 'inside', null, null]);
    expect([gripAt(strip, 190, 5), gripAt(strip, 141, 150), gripAt(null, 1, 1)]).toEqual(['inside', 'left', null]);
  });
  it('keeps its length and its share of the scale wherever it goes, and stays in the chart', () => {
    const random = randomFrom(11);
    for (let i = 0; i < 300; i++) {
      const moved = draggedBrush(distribution, axis, box, 'inside', { x: 190, y: 50 }, { x: 190 + random.below(900) - 450, y: 50 + random.below(300) - 150 });
      expect(Number(moved.to - moved.from)).toBeCloseTo(second, -2);
      expect(moved.from >= first && moved.to <= first + 3_000_000_000n).toBe(true);
      const [shortest, longest] = [Number(moved.durations?.shortest), Number(moved.durations?.longest)];
      // At the ends of the scale it holds what lies beyond them.
      if (shortest > 0 && longest < axis.scale.longest) expect(longest / shortest / 10 ** 0.5).toBeCloseTo(1, 3);
    }
    expect(draggedBrush(distribution, axis, strip, 'inside', { x: 190, y: 140 }, { x: 290, y: 5 })).toEqual({ from: first + 2_000_000_000n, to: first + 3_000_000_000n, durations: null });
  });
  it('changes by the edge that is dragged, and turns round when that passes the other', () => {
    expect(draggedBrush(distribution, axis, strip, 'right', { x: 240, y: 140 }, { x: 340, y: 140 })).toEqual({ from: first + 1_000_000_000n, to: first + 3_000_000_000n, durations: null });
    expect(draggedBrush(distribution, axis, strip, 'left', { x: 140, y: 140 }, { x: 340, y: 140 })).toEqual({ from: first + 2_000_000_000n, to: first + 3_000_000_000n, durations: null });
    expect(draggedBrush(distribution, axis, box, 'bottom', { x: 190, y: 60 }, { x: 190, y: 110 }).durations?.shortest).toBe(0n);
  });
  it('steps by columns, as far as the chart goes', () => {
    const brush = columnBrush(distribution, 1, 1);
    expect([steppedBrush(distribution, brush, 1).from, steppedBrush(distribution, brush, 9).to, steppedBrush(distribution, brush, -9).from].map((time) => time - first)).toEqual([2_000_000_000n, 3_000_000_000n, 0n]);
  });
});

describe('a brush in words', () => {
  const brush = { from: first, to: unixNano(first + 840_000_000_000n), durations: { shortest: 5_000_000_000n, longest: 90_000_000_000n } };
  it('has times as exact as they must be', () => {
    expect(brushTimes(brush, brush.to)).toMatch(/^\d\d:\d\d – \d\d:\d\d$/);
    expect(brushTimes({ from: first, to: unixNano(first + 30_000_000_000n) }, first)).toMatch(/^\d\d:\d\d:\d\d – \d\d:\d\d:\d\d$/);
    expect(brushTimes({ from: first, to: unixNano(first + 3_000_000n) }, first)).toMatch(/\.\d{3} – /);
  });
  it('has its durations for the reader and for the server', () => {
    expect(brushDurations(brush)).toMatch(/^5\.00\s*s – 90\.0\s*s$/u);
    expect([brushTerms(brush), brushTerms({ ...brush, durations: null }), brushTerms(null)]).toEqual(['duration>=5000000000ns duration<=90000000000ns', '', '']);
  });
});

describe('shares', () => {
  it('never call something nothing, nor not all of it all', () => expect([0, 0.001, 0.084, 0.97, 0.999, 1].map(formatShare)).toEqual(['0 %', '< 1 %', '8.4 %', '97 %', '> 99 %', '100 %']));
  it('of no time there is none', () => expect([waitingShare(distribution), waitingShare({ ...distribution, durationSum: 0 })]).toEqual([0.9, null]));
});

describe('a shape', () => {
  const work = (ms: number, service = 'a'): ShapeSegment => ({ length: ms * 1e6, service, wait: null, error: false });
  const wait = (ms: number, kind = 'batch_window'): ShapeSegment => ({ length: ms * 1e6, service: 'a', wait: kind, error: false });
  const gap = (ms: number): ShapeSegment => ({ length: ms * 1e6, service: null, wait: null, error: false });
  it('folds a long wait, so that the work can be seen, and keeps work at one scale', () => {
    const pieces = layoutShape([work(36), work(150, 'b'), wait(41_200), work(560, 'c')], 152);
    expect(pieces.map(({ folded }) => folded)).toEqual([false, false, true, false]);
    expect(pieces[2]?.width).toBe(32);
    expect((pieces[3]?.width ?? 0) / (pieces[1]?.width ?? 1)).toBeCloseTo(560 / 150, 5);
  });
  it('draws a longer wait wider', () => {
    const of = (ms: number): number => layoutShape([work(100), wait(ms)], 152)[1]?.width ?? 0;
    expect(of(41_000)).toBeGreaterThan(of(2000));
  });
  it('never folds what nobody has explained, nor a short wait', () => expect(layoutShape([work(100), gap(40_000), wait(20)], 152).some(({ folded }) => folded)).toBe(false));
  it('stays in its width whatever it is, in order and without gaps', () => {
    const random = randomFrom(11);
    for (let i = 0; i < 1000; i++) {
      const segments = Array.from({ length: random.below(64) }, () => [work, wait, gap][random.below(3)]?.(10 ** (random.below(110) / 10 - 5)) ?? gap(1));
      const pieces = layoutShape(segments, 152);
      let left = 0;
      for (const piece of pieces) {
        expect(piece.left).toBeCloseTo(left, 6);
        expect(piece.width).toBeGreaterThan(0);
        left += piece.width;
      }
      expect(left).toBeLessThanOrEqual(152.001);
    }
  });
});
