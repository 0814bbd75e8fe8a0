import { describe, expect, it } from 'vitest';
import { causesOf, compareStory, newFailures, signed } from '../src/model/compareCauses';
import { wallTimeOf } from '../src/model/compareTime';
import { changeOf, differenceOf, errorDiffers, mergeTraces, type MergedTree } from '../src/model/compareTree';
import { nameOf, type Trace } from '../src/model/trace';
import { randomFrom } from './support/random';
import { ms, traceOf, type Row } from './support/traces';

const names = ['handle', 'query', 'call', 'wait'];
/** A trace of any form: several roots, overlapping, children that outlive their parents or start before them. */
function anyTrace(random: ReturnType<typeof randomFrom>, most = 40): Trace {
  const rows: Row[] = [];
  for (let i = 0, count = 1 + random.below(most); i < count; i++) {
    const parent = i === 0 || random.below(10) === 0 ? -1 : random.below(i);
    const name = names[random.below(names.length)] ?? '';
    rows.push({
      parent: parent === -1 && i > 0 && random.below(2) === 0 ? -2 : parent,
      service: random.below(2) === 0 ? 'backend' : 'nemotron',
      name,
      start: random.below(1000) * ms,
      duration: random.below(5) === 0 ? 0 : random.below(400) * ms,
      ...(random.below(6) === 0 ? { error: 'timeout' } : {}),
      ...(name === 'wait' ? { wait: 'queue' } : {}),
    });
  }
  const first = Math.min(...rows.map((row) => row.start));
  return traceOf(rows.map((row) => ({ ...row, start: row.start - first })));
}

const pairsOf = (tree: MergedTree): readonly string[] => Array.from(tree.a, (a, node) => `${a} ${tree.b[node] ?? -1}`);
const text = (tree: MergedTree): string =>
  compareStory(tree, causesOf(tree))
    .map((phrase) => phrase.text)
    .join('')
    .replaceAll('\u2009', ' ');

describe('any two traces', () => {
  const seeds = Array.from({ length: 150 }, (_, seed) => seed);
  it.each(seeds)('seed %i: every span is in the tree once, below the pair of its parent', (seed) => {
    const random = randomFrom(seed);
    const [a, b] = [anyTrace(random), anyTrace(random)];
    const tree = mergeTraces(a, b);
    expect([...tree.a].filter((row) => row >= 0).sort((x, y) => x - y)).toEqual(Array.from({ length: a.tree.count }, (_, row) => row));
    expect([...tree.b].filter((row) => row >= 0).sort((x, y) => x - y)).toEqual(Array.from({ length: b.tree.count }, (_, row) => row));
    for (let node = 0; node < tree.count; node++) {
      const above = tree.parent[node] ?? -1;
      for (const [trace, rows] of [[a, tree.a], [b, tree.b]] as const) {
        const row = rows[node] ?? -1;
        if (row >= 0) expect(Math.max(-1, trace.spans.parent[row] ?? -1)).toBe(above < 0 ? -1 : rows[above]);
      }
      expect(tree.depth[node]).toBe(above < 0 ? 0 : (tree.depth[above] ?? 0) + 1);
      if (above >= 0) expect(node > above && (tree.end[node] ?? 0) <= (tree.end[above] ?? 0)).toBe(true);
    }
  });
  it.each(seeds)('seed %i: each instant of a trace is given to one span, and causes add up to the difference', (seed) => {
    const random = randomFrom(seed);
    const [a, b] = [anyTrace(random), anyTrace(random)];
    for (const trace of [a, b]) {
      const wall = wallTimeOf(trace);
      expect(wall.rows.reduce((sum, value) => sum + value, wall.between)).toBe(trace.total);
      expect(wall.rows.every((value, row) => value >= 0 && value <= (trace.spans.duration[row] ?? 0))).toBe(true);
    }
    expect(causesOf(mergeTraces(a, b)).reduce((sum, cause) => sum + cause.delta, 0)).toBe(b.total - a.total);
  });
  it.each(seeds)('seed %i: swapped, the same pairs meet and every difference turns round', (seed) => {
    const random = randomFrom(seed);
    const [a, b] = [anyTrace(random), anyTrace(random)];
    const [tree, mirror] = [mergeTraces(a, b), mergeTraces(b, a)];
    const turned = Array.from(mirror.a, (row, node) => `${mirror.b[node] ?? -1} ${row}`);
    expect([...pairsOf(tree)].sort()).toEqual([...turned].sort());
    const seen = new Map(turned.map((pair, node) => [pair, node]));
    const opposite = { same: 'same', slower: 'faster', faster: 'slower', added: 'missing', missing: 'added' } as const;
    pairsOf(tree).forEach((pair, node) => {
      const other = seen.get(pair) ?? -1;
      expect(differenceOf(mirror, other, 'duration')).toBe(0 - differenceOf(tree, node, 'duration'));
      expect(changeOf(mirror, other, 'self')).toBe(opposite[changeOf(tree, node, 'self')]);
      expect([errorDiffers(mirror, other), mirror.repeated[other]]).toEqual([errorDiffers(tree, node), tree.repeated[node]]);
    });
    const sums = (causes: ReturnType<typeof causesOf>, sign: 1 | -1): readonly string[] => causes.map((cause) => `${cause.service} ${cause.name} ${cause.wait} ${cause.delta * sign}`).sort();
    expect(sums(causesOf(tree), 1)).toEqual(sums(causesOf(mirror), -1));
  });
  it.each(seeds.slice(0, 40))('seed %i: a trace equals itself', (seed) => {
    const trace = anyTrace(randomFrom(seed));
    const tree = mergeTraces(trace, trace);
    expect(tree.count).toBe(trace.tree.count);
    expect([...tree.a]).toEqual([...tree.b]);
    for (let node = 0; node < tree.count; node++) expect([changeOf(tree, node, 'duration'), changeOf(tree, node, 'self'), errorDiffers(tree, node)]).toEqual(['same', 'same', false]);
    expect(causesOf(tree)).toEqual([]);
    expect(newFailures(tree)).toEqual({ a: [], b: [] });
    expect(text(tree)).toBe('A and B took the same time.');
  });
});

const good = traceOf([
  { name: 'handle', start: 0, duration: 30 * ms },
  { parent: 0, name: 'batch_wait', wait: 'batch_window', start: 30 * ms, duration: 29_800 * ms },
  { parent: 0, name: 'analyze', start: 29_830 * ms, duration: 700 * ms },
  { parent: 2, name: 'request', start: 29_830 * ms, duration: 690 * ms },
  { parent: 3, name: 'llm', service: 'nemotron', start: 29_840 * ms, duration: 670 * ms },
]);
const retried = traceOf([
  { name: 'handle', start: 0, duration: 30 * ms },
  { parent: 0, name: 'batch_wait', wait: 'batch_window', start: 30 * ms, duration: 41_200 * ms },
  { parent: 0, name: 'analyze', start: 41_230 * ms, duration: 2820 * ms },
  { parent: 2, name: 'request', start: 41_230 * ms, duration: 220 * ms, error: '503' },
  { parent: 3, name: 'llm', service: 'nemotron', start: 41_240 * ms, duration: 200 * ms, error: 'out_of_memory' },
  { parent: 2, name: 'retry_backoff', wait: 'backoff', start: 41_450 * ms, duration: 2000 * ms },
  { parent: 2, name: 'request', start: 43_450 * ms, duration: 600 * ms },
  { parent: 6, name: 'llm', service: 'nemotron', start: 43_460 * ms, duration: 580 * ms },
]);

describe('a retried request beside one that went well', () => {
  const tree = mergeTraces(good, retried);
  it('the attempt that succeeded meets the only one, the failed one is added', () => {
    expect(pairsOf(tree)).toEqual(['0 0', '1 1', '2 2', '-1 3', '-1 4', '-1 5', '3 6', '4 7']);
    expect([...tree.repeated]).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
  });
  it('ranks what explains the difference, and names what only one has by its topmost span', () => {
    expect(causesOf(tree).map((cause) => [cause.name, cause.only, signed(cause.delta).replace('\u2009', ' ')])).toEqual([
      ['batch_wait', null, '+11.4 s'],
      ['retry_backoff', 'b', '+2.00 s'],
      ['request', 'b', '+220 ms'],
      ['llm', null, '−90.0 ms'],
      ['analyze', null, '−10.0 ms'],
    ]);
  });
  it('says so in a sentence', () =>
    expect(text(tree)).toBe('B took 13.5 s longer: 11.4 s more in batch window, 2.00 s in backoff, which A does not have. B fails in llm with out_of_memory; A does not.'));
  it('and the other way round', () => expect(text(mergeTraces(retried, good))).toBe('B took 13.5 s less: 11.4 s less in batch window, 2.00 s in backoff, which B does not have. A fails in llm with out_of_memory; B does not.'));
  it('only the cause of a failure is told', () => expect(newFailures(tree).b.map((node) => nameOf(retried, tree.b[node] ?? 0))).toEqual(['llm']));
});

describe('repeated siblings', () => {
  const calls = (durations: readonly (number | string)[]): Trace =>
    traceOf([{ name: 'handle', start: 0, duration: 1000 * ms }, ...durations.map((what, index): Row => ({ parent: 0, name: 'call', start: index * 100 * ms, duration: (typeof what === 'number' ? what : 10) * ms, ...(typeof what === 'string' ? { error: what } : {}) }))]);
  const meet = (a: Trace, b: Trace): readonly string[] => pairsOf(mergeTraces(a, b)).slice(1);
  it('as many on both sides meet in order', () => expect(meet(calls([10, 20, 30]), calls([30, 20, 10]))).toEqual(['1 1', '2 2', '3 3']));
  it('one more at the end is added there', () => expect(meet(calls([10, 10]), calls([10, 10, 10]))).toEqual(['1 1', '2 2', '-1 3']));
  it('one more in between is found by what it took', () => expect(meet(calls([10, 80]), calls([10, 40, 80]))).toEqual(['1 1', '-1 2', '2 3']));
  it('those that failed meet, the earlier at a tie', () => expect(meet(calls(['x', 10]), calls([10, 'x', 'x', 10]))).toEqual(['-1 1', '1 2', '-1 3', '2 4']));
  it('another order of other work keeps both', () => {
    const of = (order: readonly string[]): Trace => traceOf([{ name: 'handle', start: 0, duration: 90 }, ...order.map((name, index): Row => ({ parent: 0, name, start: index, duration: 1 }))]);
    expect(meet(of(['x', 'y', 'z']), of(['z', 'x', 'w']))).toEqual(['1 2', '2 -1', '3 1', '-1 3']);
  });
});

it('traces of different operations have nothing in common, and are said to', () => {
  const tree = mergeTraces(traceOf([{ name: 'x', start: 0, duration: 5 * ms }]), traceOf([{ name: 'y', start: 0, duration: 9 * ms }]));
  expect(text(tree)).toBe('The traces have no span in common: they do not begin with the same operation. B took 9.00 ms, A 5.00 ms.');
});

describe('large traces', () => {
  const wide = (count: number): Trace => traceOf([{ name: 'root', start: 0, duration: count * 1000 }, ...Array.from({ length: count }, (_, i): Row => ({ parent: 0, name: `step ${i % 7}`, start: i * 1000, duration: 900 }))]);
  const deep = (count: number): Trace => traceOf(Array.from({ length: count }, (_, i): Row => ({ parent: i - 1, name: 'level', start: i, duration: 2 * count - 2 * i })));
  it('of fifty thousand siblings are compared whole', () => {
    const tree = mergeTraces(wide(50_000), wide(49_000));
    expect(tree.count).toBe(50_001);
    expect(causesOf(tree).reduce((sum, cause) => sum + cause.delta, 0)).toBe(-1_000_000);
  });
  it('of twenty thousand levels are compared whole', () => {
    const tree = mergeTraces(deep(20_000), deep(19_000));
    expect([tree.count, tree.maxDepth]).toEqual([20_000, 19_999]);
    expect(causesOf(tree).reduce((sum, cause) => sum + cause.delta, 0)).toBe(-2000);
  });
});
