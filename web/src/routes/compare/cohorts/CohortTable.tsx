import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useImperativeHandle, useMemo, useRef, type Ref } from 'react';
import { cohortChange, cohortDelta, cohortNodeName, cohortTime, leastCohortDelta, type CohortMeasure, type Cohorts, type CohortTree } from '../../../model/cohorts';
import { formatShare } from '../../../model/distribution';
import { notchedServices } from '../../../model/serviceColor';
import { Icon } from '../../../ui/Icon';
import { mergedRowHeight } from '../MergedRow';
import { Caret, Mark, Times, TreeHead } from '../treeParts';

export interface CohortTableHandle {
  focus(): void;
}

interface TableProps {
  readonly cohorts: Cohorts;
  readonly tree: CohortTree;
  readonly visible: readonly number[];
  readonly measure: CohortMeasure;
  readonly selected: number;
  readonly closed: ReadonlySet<string>;
  readonly select: (node: number) => void;
  readonly toggle: (node: number) => void;
  readonly handle: Ref<CohortTableHandle>;
}

const words = { same: 'same', slower: 'slower', faster: 'faster', added: 'only in B', missing: 'only in A' } as const;
const rowId = (node: number): string => `place-${node}`;

/** Both cohorts as one tree, a row an operation in its place. One tab stop; only rows in view are in the document. */
export function CohortTable({ cohorts, tree, visible, measure, selected, closed, select, toggle, handle }: TableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: visible.length, getScrollElement: () => scroller.current, estimateSize: () => mergedRowHeight, overscan: 10 });
  const items = rows.getVirtualItems();
  const notched = useMemo(() => notchedServices(cohorts.nodes.map((node) => node.service)), [cohorts]);
  const largest = useMemo(() => cohorts.nodes.reduce((most, node) => Math.max(most, Math.abs(cohortDelta(node, measure))), 1), [cohorts, measure]);
  const unit = Math.max(1, leastCohortDelta(cohorts) / 5);
  useImperativeHandle(handle, () => ({ focus: () => scroller.current?.focus({ preventScroll: true }) }));
  useEffect(() => {
    const position = visible.indexOf(selected);
    if (position >= 0) rows.scrollToIndex(position, { align: 'auto' });
    // Only a new selection scrolls.
  }, [selected]);
  const what = measure === 'wall' ? 'Time on the way' : measure === 'self' ? 'Self time' : 'Median of the spans';
  return (
    <div className="ctable">
      <TreeHead title={`${what}, by operation and what called it${measure === 'p50' ? '' : '; means'}`} verdict="In traces of A, B" />
      <div
        ref={scroller}
        className="crows"
        role="treegrid"
        aria-label="Operations of both cohorts"
        aria-rowcount={visible.length}
        aria-colcount={6}
        tabIndex={0}
        aria-activedescendant={items.some((item) => visible[item.index] === selected) ? rowId(selected) : undefined}
      >
        {visible.length === 0 && <p className="cnone f2">Nothing differs.</p>}
        <div className="sizer" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {items.map((item) => {
            const index = visible[item.index] ?? 0;
            const node = cohorts.nodes[index];
            if (node === undefined) return null;
            const [a, b, delta, change] = [cohortTime(node.a, measure), cohortTime(node.b, measure), cohortDelta(node, measure), cohortChange(cohorts, node, measure)];
            const depth = tree.depth[index] ?? 0;
            const inner = (tree.end[index] ?? index + 1) - index - 1;
            const isClosed = closed.has(tree.keys[index] ?? '');
            const name = cohortNodeName(node);
            const crosses = node.parent < 0 || cohorts.nodes[node.parent]?.service !== node.service;
            const failing = node.a.errors + node.b.errors > 0;
            return (
              <div
                key={index}
                role="row"
                id={rowId(index)}
                aria-level={depth + 1}
                aria-rowindex={item.index + 1}
                aria-selected={index === selected}
                aria-expanded={inner > 0 ? !isClosed : undefined}
                className={`cr ${change}${index === selected ? ' sel' : ''}`}
                style={{ transform: `translateY(${item.start}px)` }}
                onClick={() => select(index)}
              >
                <div role="gridcell" className="cname" title={`${name} · ${node.service}`}>
                  {depth > 0 && <i className="cind" style={{ width: depth * 12 }} />}
                  <Caret name={name} parent={inner > 0} closed={isClosed} toggle={() => toggle(index)} />
                  <Mark service={node.service} wait={node.wait} notched={notched} />
                  <span className="trunc">{name}</span>
                  {crosses && node.wait === null && <span className="cat trunc">{node.service}</span>}
                  {failing && (
                    <span className="cfail" title={`Spans that failed: ${node.a.errors} of ${node.a.spans} in A, ${node.b.errors} of ${node.b.spans} in B`}>
                      <Icon name="error" strokeWidth={1.8} />
                      <span className="visually-hidden">fails in </span>
                      {node.a.errors > 0 && node.b.errors > 0 ? 'A, B' : node.b.errors > 0 ? 'B' : 'A'}
                    </span>
                  )}
                  {isClosed && inner > 0 && <span className="cmore num">+{inner}</span>}
                </div>
                <Times a={a} b={b} delta={delta} unit={unit} largest={largest} />
                <div role="gridcell" className="cverdict num" title={words[change]}>
                  {change === 'added' || change === 'missing' ? words[change] : `${formatShare(node.a.traces / Math.max(1, cohorts.a.looked))}, ${formatShare(node.b.traces / Math.max(1, cohorts.b.looked))}`}
                </div>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
