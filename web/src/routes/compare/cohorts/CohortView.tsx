import { useMemo, useRef } from 'react';
import { cohortChange, cohortTree, visibleCohortNodes, type CohortMeasure, type Cohorts } from '../../../model/cohorts';
import { formatCount } from '../../../model/format';
import { frozen } from '../../../model/timeRange';
import type { UnixNano } from '../../../model/nano';
import { copyText } from '../../../ui/copy';
import { Icon } from '../../../ui/Icon';
import { useKeys } from '../../../ui/keys';
import { useToasts } from '../../../ui/toasts';
import { CohortPanel } from './CohortPanel';
import { CohortTable, type CohortTableHandle } from './CohortTable';
import { CohortTitle } from './CohortTitle';
import { writeCohorts, type CohortState } from './url';

const inTree = (event: KeyboardEvent): boolean => event.target instanceof Element && event.target.getAttribute('role') === 'treegrid';
const measures: readonly (readonly [id: CohortMeasure, name: string, title: string])[] = [
  ['wall', 'On the way', 'Of the traces’ length, what was spent here: all of it adds up to the mean length'],
  ['self', 'Self time', 'Less what runs below it'],
  ['p50', 'Median', 'The median of the spans’ durations'],
];

/** Two cohorts that were laid over each other. */
export function CohortView({ cohorts, state, now, change }: { readonly cohorts: Cohorts; readonly state: CohortState; readonly now: UnixNano; readonly change: (next: CohortState, replace?: boolean) => void }) {
  const toasts = useToasts();
  const table = useRef<CohortTableHandle>(null);
  const tree = useMemo(() => cohortTree(cohorts.nodes), [cohorts]);
  const { measure, closed, onlyDifferent } = state;
  const visible = useMemo(() => visibleCohortNodes(cohorts, tree, measure, closed, onlyDifferent), [cohorts, tree, measure, closed, onlyDifferent]);
  const differing = useMemo(() => cohorts.nodes.flatMap((node, index) => (cohortChange(cohorts, node, measure) === 'same' ? [] : [index])), [cohorts, measure]);
  const selected = state.selected === '' ? -1 : tree.keys.indexOf(state.selected);
  const select = (node: number): void => change({ ...state, selected: tree.keys[node] ?? '' }, true);
  const goTo = (node: number): void => {
    if (node < 0) return;
    const open = new Set(state.closed);
    for (let above = cohorts.nodes[node]?.parent ?? -1; above >= 0; above = cohorts.nodes[above]?.parent ?? -1) open.delete(tree.keys[above] ?? '');
    const hidden = onlyDifferent && !differing.some((index) => index >= node && index < (tree.end[node] ?? node + 1));
    change({ ...state, selected: tree.keys[node] ?? '', closed: open, onlyDifferent: onlyDifferent && !hidden }, true);
  };
  const toggle = (node: number): void => {
    const next = new Set(state.closed);
    const key = tree.keys[node] ?? '';
    if (!next.delete(key)) next.add(key);
    change({ ...state, closed: next }, true);
  };
  const step = (by: 1 | -1): void => {
    const at = visible.indexOf(selected);
    goTo(visible[at < 0 ? 0 : Math.min(visible.length - 1, Math.max(0, at + by))] ?? -1);
    table.current?.focus();
  };
  const next = (by: 1 | -1): void => goTo((by > 0 ? (differing.find((node) => node > selected) ?? differing[0]) : (differing.findLast((node) => node < selected) ?? differing.at(-1))) ?? -1);
  const isParent = selected >= 0 && (tree.end[selected] ?? 0) > selected + 1;
  const close = (): void => {
    if (selected < 0) return;
    if (isParent && !closed.has(state.selected)) toggle(selected);
    else goTo(cohorts.nodes[selected]?.parent ?? -1);
  };
  const open = (): void => {
    if (!isParent) return;
    if (closed.has(state.selected)) toggle(selected);
    else step(1);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    h: close,
    l: open,
    ArrowDown: (event) => (inTree(event) ? step(1) : false),
    ArrowUp: (event) => (inTree(event) ? step(-1) : false),
    ArrowLeft: (event) => (inTree(event) ? close() : false),
    ArrowRight: (event) => (inTree(event) ? open() : false),
    d: () => next(1),
    D: () => next(-1),
    o: () => change({ ...state, onlyDifferent: !onlyDifferent }, true),
    Escape: () => (selected >= 0 ? select(-1) : false),
  });
  const share = (): void => void copyText(`${location.origin}${writeCohorts({ ...state, range: frozen(state.range, now) })}`, 'Link copied. It holds the time range as it is now.', toasts);
  return (
    <>
      <CohortTitle cohorts={cohorts} state={state} share={share} />
      <div className="cmain">
        <div className="cleft">
          <div className="ctools" role="toolbar" aria-label="Operations">
            <button type="button" className="btn" aria-pressed={onlyDifferent} title="Leave out what is equal (o)" onClick={() => change({ ...state, onlyDifferent: !onlyDifferent }, true)}>
              Only differences <span className="num f3">{formatCount(differing.length)}</span>
            </button>
            <span className="seg" role="group" aria-label="Difference">
              <button type="button" className="btn ghost sq" aria-label="Previous difference (D)" title="Previous difference (D)" disabled={differing.length === 0} onClick={() => next(-1)}>
                <Icon name="up" />
              </button>
              <button type="button" className="btn ghost sq" aria-label="Next difference (d)" title="Next difference (d)" disabled={differing.length === 0} onClick={() => next(1)}>
                <Icon name="down" />
              </button>
            </span>
            <span className="grow" />
            <span className="seg" role="group" aria-label="Times">
              {measures.map(([id, name, title]) => (
                <button key={id} type="button" aria-pressed={measure === id} title={title} onClick={() => change({ ...state, measure: id }, true)}>
                  {name}
                </button>
              ))}
            </span>
          </div>
          <CohortTable cohorts={cohorts} tree={tree} visible={visible} measure={measure} selected={selected} closed={closed} select={select} toggle={toggle} handle={table} />
        </div>
        <CohortPanel cohorts={cohorts} state={state} goTo={goTo} />
      </div>
    </>
  );
}
