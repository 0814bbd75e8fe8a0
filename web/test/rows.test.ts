import { describe, expect, it } from 'vitest';
import { changeDepth, errorRows, findSpans, isCollapsed, nextOf, positionOf, reveal, toggle, visibleRows, type Folding } from '../src/model/rows';
import { traceOf } from './support/traces';

// root(0) > a(1) > b(2) > c(3); root > d(4) > e(5)
const trace = traceOf([
  { start: 0, duration: 100, name: 'root', service: 'backend' },
  { parent: 0, start: 0, duration: 40, name: 'a', service: 'backend' },
  { parent: 1, start: 0, duration: 30, name: 'b', service: 'yolo', error: 'timeout' },
  { parent: 2, start: 0, duration: 20, name: 'c', service: 'yolo' },
  { parent: 0, start: 50, duration: 40, name: 'd', service: 'backend', wait: 'batch_window' },
  { parent: 4, start: 50, duration: 10, name: 'e', service: 'backend', error: true },
]);
const open: Folding = { depth: null, toggled: new Set() };
const rows = (folding: Folding): readonly number[] => [...visibleRows(trace.tree, folding)];

describe('which rows are seen', () => {
  it('all, when nothing is closed', () => expect(rows(open)).toEqual([0, 1, 2, 3, 4, 5]));
  it('a closed row hides its whole subtree', () => expect(rows(toggle(open, 1))).toEqual([0, 1, 4, 5]));
  it('a second toggle opens it again', () => expect(rows(toggle(toggle(open, 1), 1))).toEqual([0, 1, 2, 3, 4, 5]));
  it('a depth closes all rows at it', () => expect(rows({ depth: 1, toggled: new Set() })).toEqual([0, 1, 4]));
  it('a toggle opens one row against the depth', () => expect(rows({ depth: 1, toggled: new Set([1]) })).toEqual([0, 1, 2, 4]));
  it('a row without children is never closed', () => expect(isCollapsed(trace.tree, { depth: 0, toggled: new Set() }, 5)).toBe(false));
  it('one level less from all closes the deepest', () => expect(rows(changeDepth(trace.tree, open, -1))).toEqual([0, 1, 2, 4, 5]));
  it('one level more at the deepest is all', () => expect(changeDepth(trace.tree, { depth: 2, toggled: new Set() }, 1)).toEqual(open));
  it('depth does not go below nothing', () => expect(changeDepth(trace.tree, { depth: 0, toggled: new Set() }, -1).depth).toBe(0));
});

describe('revealing a row', () => {
  it('opens every closed ancestor and nothing else', () => expect(rows(reveal(trace, { depth: 1, toggled: new Set() }, 3))).toEqual([0, 1, 2, 3, 4]));
  it('leaves the folding as it is when the row is seen already', () => expect(reveal(trace, open, 3)).toBe(open));
});

it('a hidden row stands where the row that hides it stands', () => {
  const visible = visibleRows(trace.tree, toggle(open, 1));
  expect(positionOf(visible, 3)).toBe(1);
  expect(positionOf(visible, 5)).toBe(3);
});

describe('finding spans', () => {
  it.each([
    ['by name, whatever the case', 'ROOT', [0]],
    ['by service', 'yolo', [2, 3]],
    ['by the error beside the bar', 'timeout', [2]],
    ['by the kind of a wait', 'window', [4]],
    ['by the beginning of a span id', '0000000000000003', [3]],
    ['not by nothing', '  ', []],
    ['not where there is none', 'nowhere', []],
  ])('%s', (_, text, expected) => expect([...findSpans(trace, text)]).toEqual(expected));
  it('goes round at both ends', () => {
    const found = Int32Array.from([1, 3]);
    expect([nextOf(found, 0, 1), nextOf(found, 1, 1), nextOf(found, 3, 1), nextOf(found, 1, -1), nextOf(found, -1, 1)]).toEqual([1, 3, 1, 3, 1]);
    expect(nextOf(new Int32Array(0), 2, 1)).toBe(-1);
  });
  it('errors are those that the server marked', () => expect([...errorRows(trace)]).toEqual([2, 5]));
});
