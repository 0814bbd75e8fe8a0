import { memo } from 'react';
import { changeOf, differenceOf, errorDiffers, standIn, timeOf, type Measure, type MergedTree } from '../../model/compareTree';
import { isError, labelOf, nameOf, serviceOf, waitKindOf } from '../../model/trace';
import { Icon } from '../../ui/Icon';
import { Caret, Mark, Times } from './treeParts';

export const mergedRowHeight = 24;
export const mergedRowId = (node: number): string => `node-${node}`;

interface RowProps {
  readonly tree: MergedTree;
  readonly node: number;
  readonly position: number;
  readonly top: number;
  readonly measure: Measure;
  readonly largest: number;
  readonly unit: number;
  readonly selected: boolean;
  readonly match: boolean;
  readonly closed: boolean;
  readonly notched: ReadonlySet<string>;
  readonly select: (node: number) => void;
  readonly toggle: (node: number) => void;
}

/** In which trace the node fails, and how; null when in neither. */
function failureOf(tree: MergedTree, node: number): { readonly where: string; readonly title: string } | null {
  const of = (trace: MergedTree['traceA'], row: number): string | null => (row >= 0 && isError(trace, row) ? (labelOf(trace, row) ?? 'error') : null);
  const [a, b] = [of(tree.traceA, tree.a[node] ?? -1), of(tree.traceB, tree.b[node] ?? -1)];
  if (a === null && b === null) return null;
  if (a !== null && b !== null) return { where: a === b ? 'A and B' : 'A, B', title: a === b ? `Fails in both: ${a}` : `Fails in A: ${a}; in B: ${b}` };
  return a === null ? { where: 'B', title: `Fails in B: ${b ?? ''}` } : { where: 'A', title: `Fails in A: ${a}` };
}

/** One node of the merged tree: times of both, the difference as a figure, as a bar left or right of the line, and in a word. */
export const MergedRow = memo(function MergedRow({ tree, node, position, top, measure, largest, unit, selected, match, closed, notched, select, toggle }: RowProps) {
  const { trace, row } = standIn(tree, node);
  const [a, b] = [timeOf(tree.traceA, tree.a[node] ?? -1, measure), timeOf(tree.traceB, tree.b[node] ?? -1, measure)];
  const change = changeOf(tree, node, measure);
  const delta = differenceOf(tree, node, measure);
  const service = serviceOf(trace, row);
  const name = nameOf(trace, row) === '' ? '(no name)' : nameOf(trace, row);
  const kind = waitKindOf(trace, row);
  const failure = failureOf(tree, node);
  const depth = tree.depth[node] ?? 0;
  const parent = (tree.children[node] ?? 0) > 0;
  const hidden = (tree.end[node] ?? node + 1) - node - 1;
  const above = tree.parent[node] ?? -1;
  const outer = above < 0 ? null : standIn(tree, above);
  const crosses = outer === null || serviceOf(outer.trace, outer.row) !== service;
  const verdict = change === 'same' && errorDiffers(tree, node) ? 'error differs' : tree.repeated[node] === 1 ? `${change}, repeated` : change;
  return (
    <div
      role="row"
      id={mergedRowId(node)}
      data-node={node}
      aria-level={depth + 1}
      aria-rowindex={position + 1}
      aria-selected={selected}
      aria-expanded={parent ? !closed : undefined}
      className={`cr ${change}${selected ? ' sel' : ''}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => select(node)}
    >
      <div role="gridcell" className="cname" title={`${name} · ${service}`}>
        {depth > 0 && <i className="cind" style={{ width: depth * 12 }} />}
        <Caret name={name} parent={parent} closed={closed} toggle={() => toggle(node)} />
        <Mark service={service} wait={kind} notched={notched} />
        <span className={match ? 'trunc hit2' : 'trunc'}>{name}</span>
        {crosses && kind === null && <span className="cat trunc">{service}</span>}
        {failure !== null && (
          <span className="cfail" title={failure.title}>
            <Icon name="error" strokeWidth={1.8} />
            <span className="visually-hidden">fails in </span>
            {failure.where}
          </span>
        )}
        {closed && <span className="cmore num">+{hidden}</span>}
      </div>
      <Times a={a} b={b} delta={delta} unit={unit} largest={largest} />
      <div role="gridcell" className="cverdict">
        {verdict}
      </div>
    </div>
  );
});
