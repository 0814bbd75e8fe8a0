import { useCallback, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { causesOf, compareStory } from '../../model/compareCauses';
import { differenceFlags, findNodes, isClosed, nodeOf, revealNode, visibleNodes } from '../../model/compareRows';
import type { MergedTree } from '../../model/compareTree';
import { nextOf, positionOf } from '../../model/rows';
import type { Interval } from '../../model/trace';
import { copyText } from '../../ui/copy';
import { useKeys } from '../../ui/keys';
import { useToasts } from '../../ui/toasts';
import { CompareTitle } from './CompareTitle';
import { CompareTools } from './CompareTools';
import { Lanes } from './Lanes';
import { MergedTable, type MergedTableHandle } from './MergedTable';
import { ComparePanel } from './panel/ComparePanel';
import { compareAddress, writeCompareState, type ComparedIds } from './url';
import { useCompareState } from './useCompareState';

/** Arrow keys move in the tree only when it has the focus. */
const inTree = (event: KeyboardEvent): boolean => event.target instanceof Element && event.target.getAttribute('role') === 'treegrid';

/** The comparison of two traces that are there. It owns what is shown; the parts below draw it. */
export function CompareView({ tree, ids }: { readonly tree: MergedTree; readonly ids: ComparedIds }) {
  const [state, change] = useCompareState(tree, ids);
  const [, navigate] = useLocation();
  const toasts = useToasts();
  const table = useRef<MergedTableHandle>(null);
  const finder = useRef<HTMLInputElement>(null);
  const causes = useMemo(() => causesOf(tree), [tree]);
  const story = useMemo(() => compareStory(tree, causes), [tree, causes]);
  const flags = useMemo(() => differenceFlags(tree, state.measure), [tree, state.measure]);
  const { toggled, onlyDifferent, selected } = state;
  const folding = useMemo(() => ({ toggled, onlyDifferent }), [toggled, onlyDifferent]);
  const visible = useMemo(() => visibleNodes(tree, flags, folding), [tree, flags, folding]);
  const found = useMemo(() => findNodes(tree, state.text), [tree, state.text]);
  const differing = useMemo(() => {
    const nodes: number[] = [];
    flags.forEach((flag, node) => (flag & 1) === 1 && nodes.push(node));
    return Int32Array.from(nodes);
  }, [flags]);
  const [jump, setJump] = useState(() => ({ node: state.selected }));

  const select = useCallback((node: number) => change((old) => ({ ...old, selected: node })), [change]);
  const toggle = useCallback(
    (node: number) =>
      change((old) => {
        const next = new Set(old.toggled);
        if (!next.delete(node)) next.add(node);
        return { ...old, toggled: next };
      }),
    [change],
  );
  const goTo = useCallback(
    (node: number) => {
      if (node < 0) return;
      change((old) => {
        const shown = revealNode(tree, flags, { toggled: old.toggled, onlyDifferent: old.onlyDifferent }, node);
        return { ...old, ...shown, selected: node };
      });
      setJump({ node });
    },
    [change, tree, flags],
  );
  const goToRow = useCallback((side: 'a' | 'b', row: number) => goTo(nodeOf(tree, side, row)), [goTo, tree]);
  const step = (by: 1 | -1): void => {
    const position = positionOf(visible, selected);
    goTo(visible[selected < 0 ? 0 : Math.min(visible.length - 1, Math.max(0, position + by))] ?? -1);
    table.current?.focus();
  };
  const close = (): void => {
    if (selected < 0) return;
    if ((tree.children[selected] ?? 0) === 0 || isClosed(tree, flags, folding, selected)) goTo(tree.parent[selected] ?? -1);
    else toggle(selected);
  };
  const open = (): void => {
    if (selected < 0 || (tree.children[selected] ?? 0) === 0) return;
    if (isClosed(tree, flags, folding, selected)) toggle(selected);
    else goTo(visible[positionOf(visible, selected) + 1] ?? selected);
  };
  const swap = (): void => {
    const turned = { a: ids.b, b: ids.a };
    // The selected span keeps its id; its side turns with the traces.
    const query = new URLSearchParams(writeCompareState(state, tree, ids));
    for (const key of ['span', 'toggled']) {
      const value = query.get(key);
      if (value !== null) query.set(key, value.replaceAll(/(^|,)([ab])\./g, (_, before: string, side: string) => `${before}${side === 'a' ? 'b' : 'a'}.`));
    }
    query.set('a', turned.a);
    query.set('b', turned.b);
    navigate(`/compare?${query.toString().replaceAll('%2C', ',')}`);
  };
  const alignable = (tree.a[selected] ?? -1) >= 0 && (tree.b[selected] ?? -1) >= 0;
  const toggleFold = useCallback(
    (fold: Interval) =>
      change((old) => {
        const rest = old.opened.filter((time) => time < fold.from || time >= fold.to);
        return { ...old, opened: rest.length < old.opened.length ? rest : [...rest, Math.ceil(fold.from)] };
      }),
    [change],
  );
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: (event: KeyboardEvent) => (inTree(event) ? step(1) : false),
    ArrowUp: (event: KeyboardEvent) => (inTree(event) ? step(-1) : false),
    h: close,
    l: open,
    ArrowLeft: (event: KeyboardEvent) => (inTree(event) ? close() : false),
    ArrowRight: (event: KeyboardEvent) => (inTree(event) ? open() : false),
    Home: (event: KeyboardEvent) => (inTree(event) ? goTo(visible[0] ?? -1) : false),
    End: (event: KeyboardEvent) => (inTree(event) ? goTo(visible.at(-1) ?? -1) : false),
    d: () => goTo(nextOf(differing, selected, 1)),
    D: () => goTo(nextOf(differing, selected, -1)),
    n: () => goTo(nextOf(found, selected, 1)),
    N: () => goTo(nextOf(found, selected, -1)),
    o: () => change((old) => ({ ...old, onlyDifferent: !old.onlyDifferent })),
    x: swap,
    a: () => alignable && change((old) => ({ ...old, aligned: !old.aligned })),
    '/': () => finder.current?.focus(),
    Escape: () => {
      if (selected >= 0) select(-1);
      else if (state.text !== '') change((old) => ({ ...old, text: '' }));
    },
  } as const;
  useKeys(keys);
  const share = (): void => void copyText(`${location.origin}${compareAddress(ids).split('?')[0] ?? ''}?${writeCompareState(state, tree, ids)}`, 'Link copied.', toasts);
  return (
    <>
      <CompareTitle tree={tree} ids={ids} story={story} swap={swap} share={share} />
      <div className="cmain">
        <div className="cleft">
          <Lanes tree={tree} selected={selected} aligned={state.aligned ? selected : -1} opened={state.opened} toggleFold={toggleFold} goToRow={goToRow} />
          <CompareTools state={state} change={change} found={found} differing={differing} finder={finder} leave={() => table.current?.focus()} alignable={alignable} next={(nodes, direction) => goTo(nextOf(nodes, selected, direction))} />
          <MergedTable tree={tree} flags={flags} folding={folding} visible={visible} state={state} found={found} jump={jump} select={select} toggle={toggle} handle={table} />
        </div>
        <ComparePanel tree={tree} causes={causes} selected={selected} goTo={goTo} close={() => select(-1)} />
      </div>
    </>
  );
}
