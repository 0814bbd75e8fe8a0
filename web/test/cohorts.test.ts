import { describe, expect, it } from 'vitest';
import { cohortCauses, cohortSample, cohortStory, cohortTree, visibleCohortNodes, type Cohort, type CohortNode, type Cohorts, type CohortSide } from '../src/model/cohorts';
import { readCohorts, writeCohorts, listAddress } from '../src/routes/compare/cohorts/url';
import { brushedAgainstRest } from '../src/routes/shell/cohorts';
import { unixNano } from '../src/model/nano';

const side = (wall: number, more: Partial<CohortSide> = {}): CohortSide => ({ traces: 10, spans: 10, errors: 0, wall, self: wall, p50: wall, ...more });
const absent = side(0, { traces: 0, spans: 0, p50: null });
const node = (parent: number, name: string, a: CohortSide, b: CohortSide, wait: string | null = null): CohortNode => ({ parent, service: 'api', name, kind: 'internal', wait, a, b });
const cohort = (mean: number, more: Partial<Cohort> = {}): Cohort => ({ total: { value: 10, exact: true }, looked: 10, errors: 0, mean, p50: mean, waiting: 0, between: 0, ...more });
const of = (nodes: readonly CohortNode[], a: Cohort, b: Cohort, more: Partial<Cohorts> = {}): Cohorts => ({ a, b, nodes, attributes: [], keys: { looked: 3, differ: 0, all: true }, leftOut: 0, unplaced: 0, truncated: null, ...more });
const text = (cohorts: Cohorts): string => cohortStory(cohorts).map((phrase) => phrase.text).join('').replaceAll('\u2009', ' ');
const ms = 1e6;

const slow = of(
  [
    node(-1, 'root', side(100 * ms), side(100 * ms)),
    node(0, 'window', side(500 * ms), side(2500 * ms), 'batch_window'),
    node(0, 'llm', side(400 * ms), side(900 * ms)),
    node(2, 'decode', side(0), side(0)),
    node(0, 'retry', absent, side(50 * ms)),
  ],
  cohort(1000 * ms),
  cohort(3550 * ms),
);

describe('cohorts', () => {
  it('explain the difference of the means by parts that add up to it', () => {
    const causes = cohortCauses(slow);
    expect(causes.map(({ name, delta }) => [name, delta / ms])).toEqual([['batch window', 2000], ['llm', 500], ['retry', 50]]);
    expect(causes.reduce((sum, { delta }) => sum + delta, 0)).toBe(slow.b.mean - slow.a.mean);
  });

  it('count time between spans as a part of the difference', () => {
    expect(cohortCauses(of([], cohort(10, { between: 10 }), cohort(30, { between: 30 })))).toEqual([{ node: -1, name: 'time between spans', service: '', wait: false, delta: 20 }]);
  });

  it('are told in a sentence, with what tells them apart', () => {
    expect(text(slow)).toBe('B takes 2.55 s longer on average: 2.00 s more in batch window, 500 ms more in llm.');
    const id = { key: 'resource.service.instance.id', score: 0.9, a: 10, b: 10, medians: null, values: [{ value: 'x', a: 0, b: 10 }] };
    const attribute = { key: 'camera', score: 0.8, a: 10, b: 10, medians: null, values: [{ value: 'front', a: 1, b: 9 }] };
    expect(text({ ...slow, b: { ...slow.b, errors: 10 }, attributes: [id, attribute] })).toContain('All of B have errors, 0 % of A. camera=front is in 90 % of B and 10 % of A.');
  });

  it('say what is missing where there is nothing to compare', () => {
    const none = { total: { value: 0, exact: true }, looked: 0 };
    expect(text(of([], cohort(10), cohort(0, none)))).toMatch(/^No trace is in B:/);
    expect(text(of([], cohort(0, none), cohort(10)))).toMatch(/^Every trace is in B:/);
  });

  it('say how much was looked at', () => {
    expect(cohortSample(slow)).toBe('Looked at all 10 traces of A and all 10 traces of B.');
    expect(cohortSample({ ...slow, a: cohort(1, { total: { value: 2300, exact: false }, looked: 100 }) })).toBe('Looked at 100 of at least 2,300 traces of A and all 10 traces of B, drawn at random.');
  });

  it('hide what is below a closed place, and what does not differ with nothing below that does', () => {
    const tree = cohortTree(slow.nodes);
    expect([...tree.depth]).toEqual([0, 1, 1, 2, 1]);
    expect([...tree.end]).toEqual([5, 2, 4, 4, 5]);
    expect(visibleCohortNodes(slow, tree, 'wall', new Set([tree.keys[2] ?? '']), false)).toEqual([0, 1, 2, 4]);
    expect(visibleCohortNodes(slow, tree, 'wall', new Set(), true)).toEqual([0, 1, 2, 4]);
    expect(visibleCohortNodes(of(slow.nodes.slice(0, 1), slow.a, slow.b), tree, 'wall', new Set(), true)).toEqual([]);
  });

  it('name places so that they are found in the next answer, wherever they stand', () => {
    const [first] = slow.nodes;
    const moved = [...slow.nodes.slice(0, 1), node(0, 'new', side(1), side(1)), ...slow.nodes.slice(1).map((each) => (each.parent === 2 ? { ...each, parent: 3 } : each))];
    const [before, after] = [cohortTree(slow.nodes).keys, cohortTree(moved).keys];
    expect(first).toBeDefined();
    expect(after.filter((_, index) => index !== 1)).toEqual(before);
    expect(new Set(after).size).toBe(after.length);
  });
});

describe('the address of a comparison of cohorts', () => {
  it('holds all that is shown', () => {
    const address = '/compare?cohorts=1&q=name%3Dpay&bq=error%3Dtrue&bfrom=5&bto=9&from=1&to=20&time=self&only=different&at=abc&closed=k1%2Ck2';
    const state = readCohorts(address.split('?')[1] ?? '');
    expect(state).toMatchObject({ text: 'name=pay', chosen: 'error=true', from: 5n, to: 9n, measure: 'self', onlyDifferent: true, selected: 'abc' });
    expect(writeCohorts(state)).toBe(address);
  });

  it('leaves out what it can’t mean', () => {
    expect(writeCohorts(readCohorts('cohorts=1&bfrom=9&bto=5&time=x&closed=%3Cb%3E&range=zz'))).toBe('/compare?cohorts=1');
  });

  it('is made from a mark on the chart, and leads back to the list', () => {
    const brush = { from: unixNano(5n), to: unixNano(9n), durations: { shortest: 2n, longest: 4n } };
    const address = brushedAgainstRest('name=pay', { kind: 'all' }, brush);
    const state = readCohorts(address.split('?')[1] ?? '');
    expect(state).toMatchObject({ text: 'name=pay', chosen: 'duration>=2ns duration<=4ns', from: 5n, to: 9n, range: { kind: 'all' } });
    expect(listAddress(state, ['camera=front'], true)).toBe(`/search?${new URLSearchParams([['range', 'all'], ['q', 'name=pay duration>=2ns duration<=4ns camera=front'], ['brush', '5-9']])}`);
    expect(listAddress(state, [], false)).toBe(`/search?${new URLSearchParams([['range', 'all'], ['q', 'name=pay']])}`);
  });
});
