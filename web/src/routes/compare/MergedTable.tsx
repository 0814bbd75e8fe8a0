import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useImperativeHandle, useMemo, useRef, type Ref } from 'react';
import { isClosed, type MergedFolding } from '../../model/compareRows';
import { differenceOf, leastDifference, type MergedTree } from '../../model/compareTree';
import { positionOf } from '../../model/rows';
import { notchedServices } from '../../model/serviceColor';
import { MergedRow, mergedRowHeight, mergedRowId } from './MergedRow';
import { TreeHead } from './treeParts';
import type { CompareState } from './url';

export interface MergedTableHandle {
  focus(): void;
}

interface TableProps {
  readonly tree: MergedTree;
  readonly flags: Uint8Array;
  readonly folding: MergedFolding;
  readonly visible: Int32Array;
  readonly state: CompareState;
  readonly found: Int32Array;
  /** What was jumped to; a new object each time. */
  readonly jump: { readonly node: number };
  readonly select: (node: number) => void;
  readonly toggle: (node: number) => void;
  readonly handle: Ref<MergedTableHandle>;
}

/** The merged tree as a treegrid with one tab stop; only rows in view are in the document. */
export function MergedTable({ tree, flags, folding, visible, state, found, jump, select, toggle, handle }: TableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const getItemKey = useCallback((index: number) => visible[index] ?? index, [visible]);
  const rows = useVirtualizer({ count: visible.length, getScrollElement: () => scroller.current, estimateSize: () => mergedRowHeight, overscan: 10, getItemKey });
  const items = rows.getVirtualItems();
  const position = positionOf(visible, state.selected);
  const notched = useMemo(() => notchedServices([...tree.traceA.services, ...tree.traceB.services]), [tree]);
  const hits = useMemo(() => new Set(found), [found]);
  const largest = useMemo(() => {
    let most = 1;
    for (let node = 0; node < tree.count; node++) most = Math.max(most, Math.abs(differenceOf(tree, node, state.measure)));
    return most;
  }, [tree, state.measure]);
  // A log scale: what is just too small to count is a fifth of the first step.
  const unit = Math.max(1, leastDifference(tree) / 5);
  useImperativeHandle(handle, () => ({ focus: () => scroller.current?.focus({ preventScroll: true }) }));
  useEffect(() => {
    const index = positionOf(visible, jump.node);
    if (jump.node >= 0 && index >= 0) rows.scrollToIndex(index, { align: 'auto' });
    // Only a new jump scrolls: opening or closing a row must not move what the reader looks at.
  }, [jump]);
  return (
    <div className="ctable">
      <TreeHead title="Merged tree: A matched with B by parent, name and order" verdict="Verdict" />
      <div
        ref={scroller}
        className="crows"
        role="treegrid"
        aria-label="Merged tree of both traces"
        aria-rowcount={visible.length}
        aria-colcount={6}
        tabIndex={0}
        aria-activedescendant={state.selected >= 0 && items.some((item) => item.index === position) ? mergedRowId(visible[position] ?? 0) : undefined}
      >
        {visible.length === 0 && <p className="cnone f2">Nothing differs.</p>}
        <div className="sizer" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {items.map((item) => {
            const node = visible[item.index] ?? 0;
            return (
              <MergedRow
                key={node}
                tree={tree}
                node={node}
                position={item.index}
                top={item.start}
                measure={state.measure}
                largest={largest}
                unit={unit}
                selected={node === state.selected}
                match={hits.has(node)}
                closed={isClosed(tree, flags, folding, node)}
                notched={notched}
                select={select}
                toggle={toggle}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
