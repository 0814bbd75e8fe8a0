import { describe, expect, it } from 'vitest';
import { linearAxis } from '../src/model/axis';
import { criticalPath, timeOnPath } from '../src/model/criticalPath';
import { linkArrows, pathJoints, pathLines } from '../src/model/overlay';
import { visibleRows } from '../src/model/rows';
import { unionLength } from '../src/model/trace';
import { randomFrom } from './support/random';
import { ms, traceOf, type Row } from './support/traces';

const all = { depth: null, toggled: new Set<number>() };
const pieces = (rows: readonly Row[]): readonly (readonly [number, number, number])[] => {
  const path = criticalPath(traceOf(rows));
  return [...path.row].map((row, i) => [row, path.from[i] ?? 0, path.to[i] ?? 0]);
};

describe('the critical path', () => {
  it('goes from the end backwards through what ended last', () =>
    expect(
      pieces([
        { start: 0, duration: 100, name: 'root' },
        { parent: 0, start: 10, duration: 30, name: 'short of two at once' },
        { parent: 0, start: 10, duration: 40, name: 'long of two at once' },
        { parent: 0, start: 60, duration: 30, name: 'next' },
        { parent: 3, start: 65, duration: 20, name: 'inner' },
      ]),
    ).toEqual([[0, 0, 10], [2, 10, 50], [0, 50, 60], [3, 60, 65], [4, 65, 85], [3, 85, 90], [0, 90, 100]]));
  it('goes through waits, and leaves out what ran on past the end of the span that it is of', () =>
    expect(pieces([{ start: 0, duration: 50 }, { parent: 0, start: 0, duration: 45, wait: 'queue' }, { parent: 0, start: 46, duration: 4, name: 'a' }, { parent: 0, start: 48, duration: 1, name: 'b' }])).toEqual([[1, 0, 45], [0, 45, 46], [2, 46, 50]]));
  it('follows children that outlive their parent', () =>
    expect(pieces([{ start: 0, duration: 10 }, { parent: 0, start: 2, duration: 30, name: 'late' }])).toEqual([[0, 0, 2], [1, 2, 32]]));
  it('follows a span whose own end held up what came next, though its children ran on', () =>
    expect(pieces([{ start: 0, duration: 100, name: 'root' }, { parent: 0, start: 0, duration: 40, name: 'answered' }, { parent: 1, start: 10, duration: 60, name: 'goes on' }, { parent: 0, start: 40, duration: 60, name: 'next' }])).toEqual([[1, 0, 40], [3, 40, 100]]));
  it('follows a called service whose clock is a little late', () => expect(pieces([{ start: 0, duration: 200 }, { parent: 0, start: 0, duration: 100, name: 'client' }, { parent: 1, start: 2, duration: 99, name: 'server' }, { parent: 0, start: 100, duration: 100, name: 'next' }])).toEqual([[1, 0, 2], [2, 2, 100], [3, 100, 200]]));
  it('has no piece where no span is', () => expect(pieces([{ start: 0, duration: 10 }, { start: 50, duration: 10 }])).toEqual([[0, 0, 10], [1, 50, 60]]));
  it('of nothing is nothing', () => expect(pieces([])).toEqual([]));
  it('goes back to who ran meanwhile when what it follows was begun after its parent had ended', () =>
    expect(pieces([{ start: 0, duration: 100, name: 'root' }, { parent: 0, start: 0, duration: 10, name: 'answered' }, { parent: 1, start: 50, duration: 10, name: 'later' }])).toEqual([[1, 0, 10], [0, 10, 50], [2, 50, 60], [0, 60, 100]]));
  it('goes from one root to another that overlaps it', () => expect(pieces([{ start: 0, duration: 40 }, { start: 30, duration: 70 }])).toEqual([[0, 0, 30], [1, 30, 100]]));
  it('has a piece for every moment in which any span of any trace runs, and never two', () => {
    const random = randomFrom(21);
    for (let i = 0; i < 500; i++) {
      const rows: Row[] = [{ start: 0, duration: random.below(200) }];
      for (let n = random.below(30); n > 0; n--) {
        const parent = random.below(5) === 0 ? -1 : random.below(rows.length);
        const above = rows[parent] ?? { start: 0, duration: 300 };
        // Most begin while their parent runs; some before it, and some after its end.
        const start = Math.max(0, above.start + random.below(Math.round(above.duration * 1.3) + 2) - random.below(4));
        rows.push({ parent, start, duration: random.below(120), ...(random.below(4) === 0 ? { wait: 'queue' } : {}) });
      }
      const trace = traceOf(rows);
      const path = criticalPath(trace);
      let [last, sum] = [0, 0];
      path.row.forEach((row, piece) => {
        const [from, to] = [path.from[piece] ?? 0, path.to[piece] ?? 0];
        expect(from, `case ${i}`).toBeGreaterThanOrEqual(last);
        expect(from).toBeGreaterThanOrEqual(trace.spans.start[row] ?? 0);
        expect(to).toBeLessThanOrEqual((trace.spans.start[row] ?? 0) + (trace.spans.duration[row] ?? 0));
        last = to;
        sum += to - from;
      });
      const running = unionLength(rows.map(({ start, duration }) => ({ from: start, to: start + duration })));
      expect(sum, `case ${i}`).toBe(running);
      const gaps = trace.waits.filter((wait) => wait.row < 0);
      // The trace's clock begins at 0, whenever its first span does.
      const before = Math.min(...rows.map(({ start }) => start));
      expect(sum + unionLength(gaps) + before, `case ${i}`).toBe(trace.total);
    }
  });
  it('never overlaps itself, lies inside its spans, and adds up to the length of a root that all is in', () => {
    const random = randomFrom(8);
    for (let i = 0; i < 200; i++) {
      const rows: Row[] = [{ start: 0, duration: 1000 }];
      for (let n = 1 + random.below(40); n > 0; n--) {
        const parent = random.below(rows.length);
        const above = rows[parent] ?? { start: 0, duration: 0 };
        const start = above.start + random.below(above.duration + 1);
        rows.push({ parent, start, duration: random.below(above.start + above.duration - start + 1) });
      }
      const trace = traceOf(rows);
      const path = criticalPath(trace);
      let [last, sum] = [0, 0];
      path.row.forEach((row, piece) => {
        const [from, to] = [path.from[piece] ?? 0, path.to[piece] ?? 0];
        expect(from, `case ${i}`).toBeGreaterThanOrEqual(last);
        expect(to).toBeGreaterThan(from);
        expect(from).toBeGreaterThanOrEqual(trace.spans.start[row] ?? 0);
        expect(to).toBeLessThanOrEqual((trace.spans.start[row] ?? 0) + (trace.spans.duration[row] ?? 0));
        expect(path.on[row]).toBe(1);
        last = to;
        sum += to - from;
      });
      expect(sum, `case ${i}`).toBe(1000);
      expect(timeOnPath(path, trace.tree.count).reduce((a, b) => a + b, 0)).toBe(1000);
    }
  });
  it('is found in a chain of 100,000 spans', () => {
    const rows = Array.from({ length: 100_000 }, (_, i): Row => ({ parent: i - 1, start: i, duration: 200_001 - 2 * i }));
    expect(criticalPath(traceOf(rows)).row.length).toBe(199_999);
  });
});

const rounded = <T extends object>(items: readonly T[]): readonly unknown[] => items.map((item) => Object.fromEntries(Object.entries(item).map(([key, value]: [string, unknown]) => [key, typeof value === 'number' ? Math.round(value) : value])));

describe('what is drawn of the path', () => {
  const trace = traceOf([{ start: 0, duration: 100 * ms }, { parent: 0, start: 10 * ms, duration: 40 * ms, name: 'a' }, { parent: 1, start: 20 * ms, duration: 10 * ms, name: 'b' }, { parent: 0, start: 60 * ms, duration: 0.1 * ms, name: 'thin' }]);
  const path = criticalPath(trace);
  const axis = linearAxis(0, 100 * ms, 1000);
  it('is the row’s own pieces, and the subtree’s as one where it is closed', () => {
    expect(rounded(pathLines(path, axis, 1, 2))).toEqual([{ left: 100, width: 100 }, { left: 300, width: 200 }]);
    expect(rounded(pathLines(path, axis, 1, 3))).toEqual([{ left: 100, width: 400 }]);
  });
  it('leaves out what is thinner than 1.5 px', () => expect(pathLines(path, axis, 3, 4)).toEqual([]));
  it('has a joint where it changes rows, none to a closed row’s own children', () => {
    expect(pathJoints(path, axis, visibleRows(trace.tree, all))).toEqual([{ x: 100, top: 0, bottom: 1 }, { x: 200, top: 1, bottom: 2 }, { x: 300, top: 1, bottom: 2 }, { x: 500, top: 0, bottom: 1 }]);
    expect(pathJoints(path, axis, visibleRows(trace.tree, { depth: 0, toggled: new Set() }))).toEqual([]);
  });
  it('is one line where joints fall on one pixel', () => {
    const chain = traceOf(Array.from({ length: 20 }, (_, i) => ({ parent: i - 1, start: i * 1000, duration: 100 * ms - i * 1000 })));
    const joints = pathJoints(criticalPath(chain), linearAxis(0, 100 * ms, 1000), visibleRows(chain.tree, all));
    expect(new Set(joints.map((joint) => joint.x)).size).toBe(joints.length);
  });
});

describe('arrows of links', () => {
  const rows: readonly Row[] = [{ start: 0, duration: 100 * ms }, { parent: 0, start: 0, duration: 10 * ms, name: 'member' }, { parent: 0, start: 50 * ms, duration: 10 * ms, name: 'batch' }];
  const trace = traceOf(rows, { links: [{ row: 2, traceId: '1', spanId: 'a', toRow: 1 }, { row: 2, traceId: '2', spanId: 'b', toRow: -1 }] });
  const axis = linearAxis(0, 100 * ms, 1000);
  it('go from the earlier span to the later, within the trace only', () => expect(rounded(linkArrows(trace, axis, visibleRows(trace.tree, all), 0, 9))).toEqual([{ key: '2-a', fromPosition: 1, fromX: 100, toPosition: 2, toX: 500 }]));
  it('are left out when neither end is in view, or both are in one closed row', () => {
    expect(linkArrows(trace, axis, visibleRows(trace.tree, all), 5, 9)).toEqual([]);
    expect(linkArrows(trace, axis, visibleRows(trace.tree, { depth: 0, toggled: new Set() }), 0, 9)).toEqual([]);
  });
});
