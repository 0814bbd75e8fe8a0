import { describe, expect, it } from 'vitest';
import { chipWidth, ticks } from '../src/model/axis';
import { activityOf, findFolds, foldWidth, foldedAxis, mostFolds, panFolded, workAndFolded, workSegments, zoomFolded, type Activity } from '../src/model/foldedAxis';
import { difference, lengthOf, union, unionOf } from '../src/model/intervals';
import type { Interval } from '../src/model/trace';
import { randomFrom } from './support/random';
import { ms, traceOf, type Row } from './support/traces';

type Random = ReturnType<typeof randomFrom>;
const activity = (rows: readonly Row[]): Activity => activityOf(traceOf(rows).spans);
const foldsOf = (rows: readonly Row[]): readonly Interval[] => findFolds([activity(rows)]);
const some = (random: Random): readonly Interval[] =>
  Array.from({ length: random.below(8) }, () => {
    const from = random.below(50);
    return { from, to: from + random.below(12) };
  });
const covers = (intervals: readonly Interval[], time: number): boolean => intervals.some(({ from, to }) => time > from && time < to);

describe('intervals', () => {
  it('in union and difference cover what a look at each instant says', () => {
    const random = randomFrom(4);
    for (let i = 0; i < 500; i++) {
      const [a, b] = [some(random), some(random)];
      const [ua, ub] = [unionOf(a), unionOf(b)];
      const left = difference(ua, ub);
      for (let at = 0.5; at < 65; at++) {
        expect(covers(ua, at)).toBe(covers(a, at));
        expect(covers(left, at)).toBe(covers(a, at) && !covers(b, at));
      }
      ua.forEach((piece, index) => expect(piece.from).toBeGreaterThan(ua[index - 1]?.to ?? -1));
    }
    expect(union([], [])).toEqual([]);
  });
});

describe('what folds', () => {
  const batch: readonly Row[] = [
    { start: 0, duration: 45_000 * ms, name: 'root' },
    { parent: 0, start: 0, duration: 300 * ms, name: 'detect' },
    { parent: 0, start: 301 * ms, duration: 41_200 * ms, name: 'batch_wait', wait: 'batch_window' },
    { parent: 0, start: 41_502 * ms, duration: 3_498 * ms, name: 'analyze' },
    { parent: 3, start: 41_503 * ms, duration: 200 * ms, name: 'first' },
    { parent: 3, start: 41_703 * ms, duration: 2_000 * ms, name: 'backoff', wait: 'retry_backoff' },
    { parent: 3, start: 43_704 * ms, duration: 1_290 * ms, name: 'second' },
  ];
  it('are the waits that are long in themselves and beside the work', () =>
    expect(foldsOf(batch)).toEqual([
      { from: 301 * ms, to: 41_501 * ms },
      { from: 41_703 * ms, to: 43_703 * ms },
    ]));
  it('is no wait while another span works', () => {
    const folds = foldsOf([...batch, { parent: -1, start: 10_000 * ms, duration: 100 * ms, name: 'elsewhere' }]);
    expect(folds[0]).toEqual({ from: 301 * ms, to: 10_000 * ms });
    expect(folds[1]).toEqual({ from: 10_100 * ms, to: 41_501 * ms });
  });
  it('is no gap without a known cause: it may be work', () => {
    expect(foldsOf([{ start: 0, duration: 100 * ms }, { start: 60_000 * ms, duration: 100 * ms }])).toEqual([]);
    const silent = activity([{ start: 0, duration: 9_000 * ms }, { parent: 0, start: 0, duration: 100 * ms }, { parent: 0, start: 8_900 * ms, duration: 100 * ms }]);
    expect(silent.unexplained).toEqual([{ from: 100 * ms, to: 8_900 * ms }]);
    expect(findFolds([silent])).toEqual([]);
  });
  it('is no short wait, and none that is short beside the work', () => {
    expect(foldsOf([{ start: 0, duration: 300 * ms }, { parent: 0, start: 40 * ms, duration: 250 * ms, wait: 'queue' }])).toEqual([]);
    expect(foldsOf([{ start: 0, duration: 10_000 * ms, name: 'a' }, { start: 10_000 * ms, duration: 1_400 * ms, wait: 'queue' }])).toEqual([]);
    expect(foldsOf([{ start: 0, duration: 10_000 * ms, name: 'a' }, { start: 10_000 * ms, duration: 1_600 * ms, wait: 'queue' }])).toHaveLength(1);
  });
  it('is not the own time of a span that calls nothing but waits', () => expect(foldsOf([{ start: 0, duration: 30_000 * ms }, { parent: 0, start: 0, duration: 500 * ms, wait: 'queue' }])).toEqual([]));
  it('are at most twelve, the longest', () => {
    const folds = foldsOf(Array.from({ length: 40 }, (_, i): readonly Row[] => [{ start: i * 9_000 * ms, duration: 10 * ms }, { start: (i * 9_000 + 10) * ms, duration: (1_000 + i * 10) * ms, wait: 'queue' }]).flat());
    expect(folds).toHaveLength(mostFolds);
    expect(Math.min(...folds.map((fold) => fold.to - fold.from))).toBe((1_000 + 28 * 10) * ms);
  });
  it('on a shared axis is only where neither works', () => {
    const slow = activity(batch);
    const other = activity([{ start: 0, duration: 200 * ms }, { parent: 0, start: 100 * ms, duration: 1 * ms, name: 'x' }, { start: 30_000 * ms, duration: 800 * ms, name: 'analysis' }, { start: 200 * ms, duration: 29_800 * ms, wait: 'batch_window' }]);
    expect(findFolds([slow, other])[0]).toEqual({ from: 301 * ms, to: 30_000 * ms });
  });
});

/** Folds of any length, with opened ones among them. */
function randomParts(random: Random) {
  const folds: Interval[] = [];
  let at = random.below(3) * 1e8 * random.next();
  for (let i = random.below(13); i > 0; i--) {
    const from = at + random.next() * 3e9;
    at = from + 251e6 + 10 ** (6 + random.next() * 7);
    folds.push({ from, to: at });
  }
  const total = at + random.below(2) * random.next() * 5e9;
  return { folds, opened: new Set(folds.map((_, index) => index).filter(() => random.below(4) === 0)), total, width: 100 + random.below(2400) };
}
const randomView = (random: Random, total: number) => {
  const from = random.next() * total * 0.9;
  return { from, to: Math.min(total, from + 1000 + random.next() ** 3 * (total - from)) };
};

describe('the folded axis', () => {
  it('rises with time, takes x back to its time, and fills the width in segments without gaps', () => {
    const random = randomFrom(11);
    for (let i = 0; i < 600; i++) {
      const parts = randomParts(random);
      if (parts.total < 1e6) continue;
      const view = random.below(2) === 0 ? { from: 0, to: parts.total } : randomView(random, parts.total);
      const axis = foldedAxis({ ...parts, view });
      expect(axis.x(view.from)).toBeCloseTo(0, 4);
      expect(axis.x(view.to)).toBeCloseTo(parts.width, 4);
      let last = -Infinity;
      for (let step = 0; step <= 200; step++) {
        const x = axis.x((parts.total * step) / 200);
        expect(x, `case ${i}`).toBeGreaterThan(last);
        last = x;
      }
      for (let step = 0; step <= 40; step++) {
        const x = (parts.width * step) / 40;
        expect(Math.abs(axis.x(axis.time(x)) - x), `case ${i}`).toBeLessThan(1e-3);
      }
      expect(axis.segments[0]?.x0).toBeCloseTo(0, 4);
      expect(axis.segments.at(-1)?.x1).toBeCloseTo(parts.width, 4);
      axis.segments.forEach((segment, index) => index > 0 && expect(segment.x0).toBeCloseTo(axis.segments[index - 1]?.x1 ?? -1, 4));
    }
  });
  it('draws all work at one scale, and folds as wide as their length asks', () => {
    const folds = [{ from: 300 * ms, to: 41_500 * ms }, { from: 41_700 * ms, to: 43_700 * ms }];
    const axis = foldedAxis({ folds, total: 44_500 * ms, width: 1000 });
    for (const segment of axis.segments) {
      if (segment.kind === 'work') expect((segment.to - segment.from) / (segment.x1 - segment.x0)).toBeCloseTo(axis.perPixel, 3);
      else expect(segment.x1 - segment.x0).toBeCloseTo(foldWidth(segment.to - segment.from), 6);
    }
    expect([Math.round(foldWidth(2e9)), Math.round(foldWidth(41.2e9))]).toEqual([69, 90]);
  });
  it('gives an opened fold the common scale, but at most half the width', () => {
    const short = foldedAxis({ folds: [{ from: 1000 * ms, to: 1300 * ms }], opened: new Set([0]), total: 2000 * ms, width: 1000 });
    expect(short.x(1300 * ms) - short.x(1000 * ms)).toBeCloseTo(150, 3);
    const long = foldedAxis({ folds: [{ from: 1000 * ms, to: 41_000 * ms }, { from: 42_000 * ms, to: 44_000 * ms }], opened: new Set([0]), total: 45_000 * ms, width: 1000 });
    expect(long.x(41_000 * ms) - long.x(1000 * ms)).toBeCloseTo(500, 3);
  });
  it('labels an opened fold by its own scale, clear of the chip in its middle, and a closed one not at all', () => {
    const axis = foldedAxis({ folds: [{ from: 1000 * ms, to: 41_000 * ms }, { from: 42_000 * ms, to: 44_000 * ms }], opened: new Set([0]), total: 45_000 * ms, width: 1600 });
    const inside = (from: number, to: number) => ticks(axis).filter((tick) => tick.time >= from * ms && tick.time < to * ms && tick.label !== '');
    const opened = inside(1000, 41_000);
    expect(opened.length).toBeGreaterThan(4);
    const middle = (axis.x(1000 * ms) + axis.x(41_000 * ms)) / 2;
    expect(opened.every((tick) => tick.edge || Math.abs(tick.x - middle) > chipWidth / 2)).toBe(true);
    expect(inside(42_000, 44_000)).toEqual([]);
  });
  it('keeps half of a narrow column for work', () => {
    const folds = Array.from({ length: 12 }, (_, i) => ({ from: (i * 10_000 + 100) * ms, to: (i + 1) * 10_000 * ms }));
    const axis = foldedAxis({ folds, total: 120_100 * ms, width: 152 });
    expect(axis.segments.filter((segment) => segment.kind === 'work').reduce((sum, segment) => sum + segment.x1 - segment.x0, 0)).toBeCloseTo(76, 3);
  });
  it('is linear without folds, and where nothing but a fold is in view', () => {
    expect(foldedAxis({ folds: [], total: 1000, width: 100 }).x(500)).toBe(50);
    const inside = foldedAxis({ folds: [{ from: 1000 * ms, to: 9000 * ms }], total: 10_000 * ms, width: 100, view: { from: 2000 * ms, to: 4000 * ms } });
    expect(inside.x(3000 * ms)).toBeCloseTo(50);
  });
  it('stands with nothing in it', () => {
    expect(activity([])).toEqual({ total: 0, busy: [], waits: [], unexplained: [] });
    expect(foldedAxis({ folds: findFolds([]), total: 0, width: 0 }).time(5)).toBe(0);
    expect(workSegments({ folds: [], total: 0 })).toEqual([]);
  });
  it('tells work from what is folded in a stretch', () => {
    const axis = foldedAxis({ folds: [{ from: 300 * ms, to: 41_500 * ms }], total: 45_000 * ms, width: 1000 });
    expect(workAndFolded(axis, 200 * ms, 41_712 * ms)).toEqual({ work: 312 * ms, folded: 41_200 * ms });
    expect(workSegments({ folds: [{ from: 300 * ms, to: 41_500 * ms }], total: 45_000 * ms })).toEqual([{ from: 0, to: 300 * ms }, { from: 41_500 * ms, to: 45_000 * ms }]);
  });
});

describe('zoom and pan on a folded axis', () => {
  const folds = [{ from: 300 * ms, to: 41_500 * ms }];
  const parts = { folds, total: 45_000 * ms, width: 1000 };
  it('keep the time at the pointer, and the width of folds', () => {
    const before = foldedAxis(parts);
    const x = before.x(200 * ms);
    const after = foldedAxis({ ...parts, view: zoomFolded(parts, 0.8, before.x(42_000 * ms)) });
    expect(after.x(42_000 * ms)).toBeCloseTo(before.x(42_000 * ms), 3);
    expect(after.x(41_500 * ms) - after.x(300 * ms)).toBeCloseTo(foldWidth(41_200 * ms), 3);
    expect(x).toBeGreaterThan(0);
  });
  it('hold the edge of a fold that the pointer is in', () => {
    const before = foldedAxis(parts);
    const edge = before.x(41_500 * ms);
    const after = foldedAxis({ ...parts, view: zoomFolded(parts, 0.8, edge - 10) });
    expect(after.x(41_500 * ms)).toBeCloseTo(edge, 3);
  });
  it('there and back show the same', () => {
    const zoomed = { ...parts, view: zoomFolded(parts, 0.5, 600) };
    const right = panFolded(zoomed, 40);
    const back = panFolded({ ...parts, view: right }, -40);
    expect(back.from / ms).toBeCloseTo(zoomed.view.from / ms, 3);
    expect(back.to / ms).toBeCloseTo(zoomed.view.to / ms, 3);
    expect(zoomFolded(zoomed, 100, 500)).toEqual({ from: 0, to: parts.total });
  });
  it('never leave the trace nor turn inside out', () => {
    const random = randomFrom(12);
    for (let i = 0; i < 400; i++) {
      const any = randomParts(random);
      if (any.total < 1e6) continue;
      let view = { from: 0, to: any.total };
      for (let step = 0; step < 15; step++) {
        view = random.below(2) === 0 ? zoomFolded({ ...any, view }, 0.2 + random.next() * 2, random.next() * any.width) : panFolded({ ...any, view }, (random.next() * 2 - 1) * any.width);
        expect(view.from, `case ${i}`).toBeGreaterThanOrEqual(0);
        expect(view.to, `case ${i}`).toBeLessThanOrEqual(any.total * (1 + 1e-9));
        expect(view.to - view.from, `case ${i}`).toBeGreaterThanOrEqual(49);
      }
    }
  });
  it('count the busy time of a trace once', () => expect(lengthOf(activity([{ start: 0, duration: 100 }, { start: 50, duration: 100 }]).busy)).toBe(150));
});
