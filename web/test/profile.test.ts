import { describe, expect, it } from 'vitest';
import { formatShare, formatShift, formatValue, frameKey, frameOfKey, framesOf, hitsOf, isRuntime, orderedTypes, shiftOf, shortName, sortedFunctions, valueOfHits, type FlameColumns } from '../src/model/profile';
import { readProfiling, comparedRange, writeProfiling } from '../src/routes/profiling/url';
import { unixNano } from '../src/model/nano';

const columns: FlameColumns = {
  names: ['main', 'slow', 'fast', 'step'],
  files: ['app.dll', 'app.dll', '', 'lib.dll'],
  function: [0, 1, 3, 2],
  depth: [0, 1, 2, 1],
  self: [10, 40, 20, 30],
  total: [100, 60, 20, 30],
  baseSelf: [50, 0, 0, 50],
  baseTotal: [100, 0, 0, 50],
};

describe('frames', () => {
  const graph = framesOf(columns, 100, null);
  it('lie side by side from where their parent begins', () => {
    expect(graph.frames.map(({ name, parent, depth, end, from, total }) => [name, parent, depth, end, from, total])).toEqual([
      ['main', -1, 0, 4, 0, 100], ['slow', 0, 1, 3, 0, 60], ['step', 1, 2, 3, 0, 20], ['fast', 0, 1, 4, 60, 30],
    ]);
    expect([graph.total, graph.depth]).toEqual([100, 3]);
  });
  it('are as wide as the mean of both shares in a comparison', () => {
    expect(framesOf(columns, 100, 100).frames.map(({ from, total }) => [from, total])).toEqual([[0, 1], [0, 0.3], [0, 0.1], [0.3, 0.4]]);
  });
  it('are found by a key that names their way from the top', () => {
    const keys = graph.frames.map((_, i) => frameKey(graph, i));
    expect(new Set(keys).size).toBe(4);
    expect(keys.map((key) => frameOfKey(graph, key))).toEqual([0, 1, 2, 3]);
    expect([frameOfKey(graph, ''), frameOfKey(graph, 'ffffffff')]).toEqual([-1, -1]);
  });
  it('that are found count once where one lies below another', () => {
    expect(hitsOf(graph, ' ')).toBeNull();
    const hits = hitsOf(graph, 'S');
    expect([...(hits ?? [])]).toEqual([0, 1, 1, 1]);
    expect(valueOfHits(graph, hits ?? new Uint8Array())).toBe(90);
    expect(valueOfHits(graph, hitsOf(graph, 'LIB.DLL') ?? new Uint8Array())).toBe(20);
  });
});

it('writes values in their unit, shares with a digit where they are small, and shifts with their sign', () => {
  expect([formatValue(1_500_000, 'nanoseconds'), formatValue(2048, 'bytes'), formatValue(1234, 'count'), formatValue(3, 'samples')]).toEqual(['1.50\u2009ms', '2.05\u2009kB', '1,234', '3 samples']);
  expect([0, 0.0001, 0.0123, 0.0996, 0.34, 1].map(formatShare)).toEqual(['0 %', '< 0.1 %', '1.2 %', '10 %', '34 %', '100 %']);
  expect([0, 0.034, -0.5].map(formatShift)).toEqual(['±0 pts', '+3.4 pts', '−50 pts']);
  expect(shiftOf(50, 100, 0, 0)).toBe(0.5);
});

it('tells code of the runtime from the service’s own, and shortens names', () => {
  expect([{ name: 'System.String.Concat', file: 'x.dll' }, { name: 'Run', file: 'Microsoft.ML.dll' }, { name: 'Hsi.Detect', file: 'hsi.dll' }, { name: 'main', file: '' }].map(isRuntime)).toEqual([true, true, false, false]);
  expect(['A.B.C.D', 'A.B.C.D(Int32)', 'main', 'net/http.(*conn).serve'].map(shortName)).toEqual(['C.D', 'C.D(Int32)', 'main', 'net/http.(*conn).serve']);
});

it('orders functions and types', () => {
  const sum = { value: 100, windows: 1, first: null, last: null };
  const functions = [{ name: 'a', file: '', self: 1, total: 90, baseSelf: 0, baseTotal: 50 }, { name: 'b', file: 'lib', self: 5, total: 10, baseSelf: 0, baseTotal: 50 }, { name: 'c', file: '', self: 5, total: 5, baseSelf: 0, baseTotal: 0 }];
  const costs = { count: 3, functions, sum, base: sum, truncated: null };
  const names = (by: 'name' | 'self' | 'total' | 'change', descending: boolean, text = ''): readonly string[] => sortedFunctions(costs, text, by, descending).map((one) => one.name);
  expect([names('self', true), names('total', false), names('change', true), names('name', true), names('self', true, 'LIB')]).toEqual([['b', 'c', 'a'], ['c', 'b', 'a'], ['a', 'c', 'b'], ['c', 'b', 'a'], ['b']]);
  const type = { unit: 'x', windows: 1, first: unixNano(1n), last: unixNano(2n), matchedBy: 'range', value: null } as const;
  expect(orderedTypes(['samples', 'mutex', 'wall', 'cpu'].map((one) => ({ ...type, type: one }))).map((one) => one.type)).toEqual(['cpu', 'wall', 'mutex', 'samples']);
});

describe('the address', () => {
  it('keeps all that is shown', () => {
    for (const search of ['', 'range=6h&service=a&type=wall&compare=day&view=table&find=x&zoom=0123abcd&sort=self&direction=asc&function=f&file=m', 'from=5&to=9&baseFrom=1&baseTo=3', 'range=all&sort=total'])
      expect(writeProfiling(readProfiling(search))).toBe(search === '' ? '/profiling' : `/profiling?${search}`);
  });
  it('leaves out what can’t be', () => {
    expect(readProfiling('from=9&to=5&compare=never&sort=change&zoom=nope')).toMatchObject({ range: { kind: 'last', preset: '1h' }, compared: { kind: 'none' }, by: 'self', zoom: '' });
  });
  it('finds the range that is compared with', () => {
    const [from, to] = [unixNano(100n), unixNano(130n)];
    expect(comparedRange({ kind: 'earlier', by: 'before' }, from, to)).toEqual({ from: 70n, to: 100n });
    expect(comparedRange({ kind: 'earlier', by: 'day' }, from, to)).toBeNull();
    expect(comparedRange({ kind: 'none' }, from, to)).toBeNull();
  });
});
