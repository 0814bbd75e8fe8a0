import { nodeOf } from '../../model/compareRows';
import type { Measure, MergedTree } from '../../model/compareTree';
import { rowOfSpan } from '../../model/trace';

/** Which traces are compared; empty for one that is yet to be picked. */
export interface ComparedIds {
  readonly a: string;
  readonly b: string;
}

/** What of the comparison is shown; all of it is in the address. Nodes are written as span ids with the side that they are of. */
export interface CompareState {
  /** The selected node, -1 for none. */
  readonly selected: number;
  readonly measure: Measure;
  readonly onlyDifferent: boolean;
  readonly toggled: ReadonlySet<number>;
  readonly text: string;
  /** Whether the two traces lie so that the selected span begins at one place in both. */
  readonly aligned: boolean;
  /** Folds of the common axis that are opened all the same, each by a time inside it. */
  readonly opened: readonly number[];
}

const clean = (id: string | null): string => (id ?? '').trim().toLowerCase();

export function readIds(search: string): ComparedIds {
  const parameters = new URLSearchParams(search);
  return { a: clean(parameters.get('a')), b: clean(parameters.get('b')) };
}

export function compareAddress({ a, b }: ComparedIds): string {
  const parameters = new URLSearchParams();
  if (a !== '') parameters.set('a', a);
  if (b !== '') parameters.set('b', b);
  const query = parameters.toString();
  return query === '' ? '/compare' : `/compare?${query}`;
}

const place = (tree: MergedTree, node: number): string | null => {
  const [a, b] = [tree.a[node] ?? -1, tree.b[node] ?? -1];
  return b >= 0 ? `b.${tree.traceB.spans.spanId[b] ?? ''}` : a >= 0 ? `a.${tree.traceA.spans.spanId[a] ?? ''}` : null;
};

function nodeAt(tree: MergedTree, text: string): number {
  const match = /^([ab])\.([0-9a-f]{16})$/.exec(text);
  if (match === null) return -1;
  const side = match[1] === 'a' ? 'a' : 'b';
  return nodeOf(tree, side, rowOfSpan(side === 'a' ? tree.traceA : tree.traceB, match[2] ?? ''));
}

export function readCompareState(search: string, tree: MergedTree): CompareState {
  const parameters = new URLSearchParams(search);
  const toggled = (parameters.get('toggled') ?? '').split(',').map((text) => nodeAt(tree, text));
  return {
    selected: nodeAt(tree, parameters.get('span') ?? ''),
    measure: parameters.get('time') === 'self' ? 'self' : 'duration',
    onlyDifferent: parameters.get('only') === 'different',
    toggled: new Set(toggled.filter((node) => node >= 0)),
    text: parameters.get('find') ?? '',
    aligned: parameters.get('align') === 'span',
    opened: (parameters.get('unfold') ?? '').split(',').flatMap((text) => (/^\d{1,18}$/.test(text) ? [Number(text)] : [])),
  };
}

/** Without the question mark, the ids included. */
export function writeCompareState(state: CompareState, tree: MergedTree, ids: ComparedIds): string {
  const parameters = new URLSearchParams();
  parameters.set('a', ids.a);
  parameters.set('b', ids.b);
  const selected = place(tree, state.selected);
  if (selected !== null) parameters.set('span', selected);
  if (state.measure === 'self') parameters.set('time', 'self');
  if (state.onlyDifferent) parameters.set('only', 'different');
  if (state.toggled.size > 0) parameters.set('toggled', [...state.toggled].map((node) => place(tree, node) ?? '').join(','));
  if (state.text !== '') parameters.set('find', state.text);
  if (state.aligned) parameters.set('align', 'span');
  if (state.opened.length > 0) parameters.set('unfold', state.opened.join(','));
  return parameters.toString().replaceAll('%2C', ',');
}
