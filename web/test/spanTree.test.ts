import { describe, expect, it } from 'vitest';
import { arrange, buildTree, isPreOrder, warning } from '../src/model/spanTree';
import { uncovered } from '../src/model/trace';
import { randomFrom } from './support/random';
import { columnsOf, traceOf, type Row } from './support/traces';

/** Parents that are wrong in every way: missing, later, circular, out of range; times with ties, zero lengths and far apart. */
function oddRows(seed: number): readonly Row[] {
  const random = randomFrom(seed);
  const count = 1 + random.below(60);
  return Array.from({ length: count }, () => ({
    parent: [-1, -2, random.below(count), random.below(count), random.below(count), count + 5, -9][random.below(7)] ?? -1,
    start: random.below(4) === 0 ? 0 : random.below(1000),
    duration: random.below(3) === 0 ? 0 : random.below(500),
  }));
}

describe('any spans at all', () => {
  it.each(Array.from({ length: 300 }, (_, seed) => seed))('become a tree that holds each once (seed %i)', (seed) => {
    const rows = oddRows(seed);
    const { columns } = columnsOf(rows);
    const arranged = arrange(columns);
    const tree = buildTree(arranged.columns);
    expect([...arranged.columns.spanId].sort()).toEqual([...columns.spanId].sort());
    expect(isPreOrder(arranged.columns.parent, arranged.columns.start)).toBe(true);
    for (let row = 0; row < tree.count; row++) {
      const parent = arranged.columns.parent[row] ?? -1;
      expect(parent).toBeLessThan(row);
      expect(tree.depth[row]).toBe(parent < 0 ? 0 : (tree.depth[parent] ?? 0) + 1);
      expect(tree.end[row]).toBeGreaterThan(row);
      if (parent >= 0) expect(tree.end[parent]).toBeGreaterThanOrEqual(tree.end[row] ?? 0);
      // A row's parent stays the one that was named, unless that was impossible.
      const before = columns.spanId.indexOf(arranged.columns.spanId[row] ?? '');
      const named = rows[before]?.parent ?? -1;
      if (parent >= 0) expect(arranged.columns.spanId[parent]).toBe(columns.spanId[named]);
      else if (named >= 0) expect((arranged.columns.warnings[row] ?? 0) & warning.cycle).toBe(warning.cycle);
    }
  });

  it.each(Array.from({ length: 100 }, (_, seed) => seed))('have the self time that a count of every instant gives (seed %i)', (seed) => {
    const { columns } = arrange(columnsOf(oddRows(seed)).columns);
    const tree = buildTree(columns);
    for (let row = 0; row < tree.count; row++) {
      const [from, length] = [columns.start[row] ?? 0, columns.duration[row] ?? 0];
      let own = 0;
      for (let at = from; at < from + length; at++) {
        let covered = false;
        for (let below = row + 1; below < (tree.end[row] ?? 0); below++)
          if ((columns.start[below] ?? 0) <= at && at < (columns.start[below] ?? 0) + (columns.duration[below] ?? 0)) covered = true;
        if (!covered) own++;
      }
      expect(tree.self[row]).toBe(own);
    }
  });

  it.each(Array.from({ length: 100 }, (_, seed) => seed))('have the gaps that a count of every instant gives (seed %i)', (seed) => {
    const rows = oddRows(seed).filter((row) => row.duration > 0);
    if (rows.length === 0) return;
    const gaps = uncovered(Float64Array.from(rows, (row) => row.start), Float64Array.from(rows, (row) => row.duration));
    const first = Math.min(...rows.map((row) => row.start));
    const last = Math.max(...rows.map((row) => row.start + row.duration));
    const empty = (at: number): boolean => !rows.some((row) => row.start <= at && at < row.start + row.duration);
    for (let at = first; at < last; at++) expect(gaps.some((gap) => gap.from <= at && at < gap.to)).toBe(empty(at));
  });
});

it('what the server sends in order is left as it is', () => {
  const { columns } = columnsOf([{ start: 0, duration: 10 }, { parent: 0, start: 1, duration: 2 }, { parent: 1, start: 1, duration: 1 }, { parent: 0, start: 4, duration: 2 }]);
  expect(arrange(columns)).toEqual({ columns, rowOf: null });
});

it('siblings stand by start even when they were sent otherwise', () => {
  const trace = traceOf([{ start: 0, duration: 10, name: 'root' }, { parent: 0, start: 5, duration: 1, name: 'late' }, { parent: 0, start: 1, duration: 1, name: 'early' }]);
  expect([...trace.spans.name].map((name) => trace.names[name])).toEqual(['root', 'early', 'late']);
});

it('links follow their rows when rows move', () => {
  const trace = traceOf([{ start: 0, duration: 10 }, { parent: 0, start: 5, duration: 1 }, { parent: 0, start: 1, duration: 1 }], { links: [{ row: 1, traceId: 'a', spanId: 'b', toRow: 2 }] });
  expect(trace.links).toEqual([{ row: 2, traceId: 'a', spanId: 'b', toRow: 1 }]);
});

it('a chain of 50,000 spans is built without a stack of that depth', () => {
  const rows = Array.from({ length: 50_000 }, (_, row): Row => ({ parent: row - 1, start: row, duration: 100_000 - row }));
  const { columns } = columnsOf(rows.toReversed().map((row, index) => ({ ...row, parent: index === rows.length - 1 ? -1 : index + 1 })));
  const arranged = arrange(columns).columns;
  expect(buildTree(arranged).maxDepth).toBe(49_999);
});
