import { describe, expect, it } from 'vitest';
import { causesOf, compareStory, newFailures, signed } from '../src/model/compareCauses';
import type { Attribute } from '../src/model/attribute';
import { laneServices, lanesOf, rowAt, waitRuns } from '../src/model/compareLanes';
import { differenceFlags, findNodes, revealNode, structureOf, visibleNodes, type MergedFolding } from '../src/model/compareRows';
import { compareTags, tagNote } from '../src/model/compareTags';
import { wallTimeOf } from '../src/model/compareTime';
import { changeOf, differenceOf, errorDiffers, mergeTraces, type MergedTree } from '../src/model/compareTree';
import { durationNano, unixNano } from '../src/model/nano';
import type { SpanDetail } from '../src/model/spanDetail';
import { nameOf, startOf, type Trace } from '../src/model/trace';
import { typicalReason } from '../src/model/typicalReason';
import { compareAxisOf, movedLanes } from '../src/model/compareAxis';
import { readCompareState, readIds, writeCompareState, type CompareState } from '../src/routes/compare/url';
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

describe('the merged tree on the page', () => {
  const tree = mergeTraces(good, retried);
  const flags = differenceFlags(tree, 'duration');
  const all: MergedFolding = { toggled: new Set(), onlyDifferent: false };
  it('closes what is equal below, and leaves it out on request', () => {
    const same = mergeTraces(good, good);
    const none = differenceFlags(same, 'duration');
    expect([...visibleNodes(same, none, all)]).toEqual([0]);
    expect([...visibleNodes(same, none, { toggled: new Set([0]), onlyDifferent: false })]).toEqual([0, 1, 2]);
    expect([...visibleNodes(same, none, { ...all, onlyDifferent: true })]).toEqual([]);
    expect([...visibleNodes(tree, flags, all)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
  it('shows a node that is jumped to, whatever hides it', () => {
    const same = mergeTraces(good, good);
    const none = differenceFlags(same, 'duration');
    for (const onlyDifferent of [false, true]) expect([...visibleNodes(same, none, revealNode(same, none, { toggled: new Set(), onlyDifferent }, 4))]).toContain(4);
  });
  it('counts what is there more often', () => expect(structureOf(tree)).toEqual({ added: 3, missing: 0, counts: [{ node: 3, service: 'backend', name: 'request', a: 1, b: 2, retried: true }] }));
  it('finds by the name and the error of either trace', () => expect([[...findNodes(tree, 'OUT_of')], [...findNodes(tree, 'nemotron')], [...findNodes(tree, '')]]).toEqual([[4], [4, 7], []]));
  it('is the same when its address is read again', () => {
    const ids = { a: good.traceId, b: retried.traceId };
    const random = randomFrom(5);
    for (let i = 0; i < 200; i++) {
      const state: CompareState = {
        selected: random.below(tree.count + 1) - 1,
        measure: random.below(2) === 0 ? 'self' : 'duration',
        onlyDifferent: random.below(2) === 0,
        toggled: new Set(Array.from({ length: random.below(3) }, () => random.below(tree.count))),
        text: ['', 'a b', 'x,&=%'][random.below(3)] ?? '',
        aligned: random.below(2) === 0,
        opened: Array.from({ length: random.below(3) }, () => random.below(1e9)),
      };
      const search = writeCompareState(state, tree, ids);
      expect(readIds(search)).toEqual(ids);
      expect(readCompareState(search, tree)).toEqual(state);
    }
  });
  it.each(['?span=c.0000000000000000', '?span=b.ffffffffffffffff', '?time=never&only=x', '?toggled=,,b.zz'])('with nonsense (%s) is the default', (search) =>
    expect(readCompareState(search, tree)).toEqual({ selected: -1, measure: 'duration', onlyDifferent: false, toggled: new Set(), text: '', aligned: false, opened: [] }));
});

describe('the common axis', () => {
  it('begins with both traces, and lasts as long as the longer one', () => {
    const { offsets, total } = compareAxisOf(mergeTraces(good, retried), -1);
    expect([offsets, total]).toEqual([{ a: 0, b: 0 }, Math.max(good.total, retried.total)]);
  });
  it('aligns the traces at any span that both have, and never folds where one of them works', () => {
    const tree = mergeTraces(good, retried);
    for (let node = 0; node < tree.count; node++) {
      const [a, b] = [tree.a[node] ?? -1, tree.b[node] ?? -1];
      const { offsets, total, folds } = compareAxisOf(tree, node);
      if (a >= 0 && b >= 0) expect(startOf(good, a) + offsets.a).toBe(startOf(retried, b) + offsets.b);
      else expect(offsets).toEqual({ a: 0, b: 0 });
      expect(Math.min(offsets.a, offsets.b)).toBe(0);
      expect(total).toBe(Math.max(good.total + offsets.a, retried.total + offsets.b));
      for (const lane of [...movedLanes(good, good.services, offsets.a), ...movedLanes(retried, retried.services, offsets.b)])
        for (const busy of lane.busy) for (const fold of folds) expect(Math.min(busy.to, fold.to) - Math.max(busy.from, fold.from)).toBeLessThanOrEqual(1);
    }
  });
});

describe('lanes', () => {
  const [lane] = lanesOf(retried, ['nemotron']);
  it('show the work, the failures and the waits of a service', () => {
    expect(lane?.busy).toEqual([{ from: 41_240 * ms, to: 41_440 * ms }, { from: 43_460 * ms, to: 44_040 * ms }]);
    expect(lane?.failed).toEqual([{ from: 41_240 * ms, to: 41_440 * ms }]);
    expect(lanesOf(retried, ['backend'])[0]?.waits.map((wait) => [wait.kind, wait.warn])).toEqual([['batch_window', false], ['backoff', true]]);
  });
  it('join waits that touch to runs, with how long each kind of them holds', () => {
    const wait = (row: number, kind: string, from: number, to: number) => ({ row, kind, from, to, warn: false });
    const runs = waitRuns([wait(3, 'backoff', 5000, 6000), wait(0, 'batch_window', 0, 994), wait(2, 'batch_window', 100, 994), wait(1, 'analysis', 995, 1858)], 2);
    expect(runs.map((run) => [run.from, run.to, run.parts])).toEqual([
      [0, 1858, [{ kind: 'batch_window', length: 994 }, { kind: 'analysis', length: 863 }]],
      [5000, 6000, [{ kind: 'backoff', length: 1000 }]],
    ]);
    expect(waitRuns([], 1)).toEqual([]);
  });
  it('come in the order in which the services begin', () => expect(laneServices(good, retried, 6)).toEqual(['backend', 'nemotron']));
  it('lead to the shortest span at a place', () => expect([rowAt(retried, 'nemotron', 43_500 * ms, 0), rowAt(retried, 'nemotron', 0, 0)]).toEqual([7, -1]));
});

describe('tags of matched spans', () => {
  const detail = (attributes: Readonly<Record<string, string>>): SpanDetail => ({
    traceId: '', spanId: '', parentSpanId: null, traceState: '', flags: 0, name: 'work', kind: 'internal', start: unixNano(0n), end: unixNano(1n), duration: durationNano(1n),
    status: { code: 'unset', message: '' }, service: 'backend', attributes: Object.entries(attributes).map(([key, value]): Attribute => ({ key, type: 'string', value })), droppedAttributes: 0,
    events: [], droppedEvents: 0, links: [], droppedLinks: 0, resource: { attributes: [], droppedAttributes: 0, schemaUrl: '' }, scope: { name: '', version: '', attributes: [], droppedAttributes: 0, schemaUrl: '' }, warnings: [],
  });
  const tags = compareTags(
    detail({ 'batch.size': '3', 'batch.id': 'b-1', reason: 'window', same: 'x', checksum: 'a'.repeat(32), 'image.size': '76192', gone: '1', rate: '0.008326295' }),
    detail({ 'batch.size': '7', 'batch.id': 'b-2', reason: 'idle', same: 'x', checksum: 'b'.repeat(32), 'image.size': '77371', rate: '0.0166' }),
  );
  it('ids are kept apart from what may explain', () => expect([tags.differ, tags.ids, tags.equal].map((pairs) => pairs.map((pair) => pair.key))).toEqual([['batch.size', 'gone', 'image.size', 'rate', 'reason'], ['batch.id', 'checksum'], ['same', 'status']]));
  it('an id that only one has is told', () => expect(compareTags(detail({ 'user.id': 'u' }), detail({})).differ).toEqual([{ key: 'user.id', a: 'u', b: null }]));
  it('the largest differences make the note', () => expect(tagNote(tags)).toBe('reason window → idle, batch.size 3 → 7'));
  it('small differences make none', () => expect(tagNote(compareTags(detail({ 'image.size': '76192' }), detail({ 'image.size': '77371' })))).toBe(''));
});

describe('why a trace is typical', () => {
  const of = (exact: boolean, hours: bigint | null, sameServices = true): string =>
    typicalReason({ trace: null, among: { value: 342, exact }, sameServices, median: durationNano(30_800_000_000n), from: hours === null ? null : unixNano(0n), to: hours === null ? null : unixNano(hours * 3_600_000_000_000n) }).replaceAll('\u2009', ' ');
  it.each([
    [of(true, 1n), 'Near the median (30.8 s) of 342 successful traces within 30 minutes of it.'],
    [of(false, 12n), 'Near the median (30.8 s) of at least 342 successful traces within 6 hours of it.'],
    [of(true, 96n), 'Near the median (30.8 s) of 342 successful traces within 2 days of it.'],
    [of(true, null, false), 'Near the median (30.8 s) of 342 successful traces of all times; none has the same services.'],
  ])('%s', (said, expected) => expect(said).toBe(expected));
});
