import { useMemo } from 'react';
import { newFailures } from '../../../model/compareCauses';
import type { MergedTree } from '../../../model/compareTree';
import { plural } from '../../../model/format';
import { labelOf, nameOf, serviceOf } from '../../../model/trace';
import { Icon } from '../../../ui/Icon';

const most = 5;

/** What fails in one trace and not in the other: the spans that no failed child explains. */
export function Errors({ tree, goTo }: { readonly tree: MergedTree; readonly goTo: (node: number) => void }) {
  const found = useMemo(() => newFailures(tree), [tree]);
  if (found.a.length + found.b.length === 0) return null;
  const list = [...found.b.map((node) => ({ node, side: 'B' as const })), ...found.a.map((node) => ({ node, side: 'A' as const }))];
  return (
    <section aria-label="Errors">
      <h3>
        Errors <span className="f3">that only one has</span>
      </h3>
      <ul className="errs">
        {list.slice(0, most).map(({ node, side }) => {
          const [trace, row] = side === 'B' ? [tree.traceB, tree.b[node] ?? -1] : [tree.traceA, tree.a[node] ?? -1];
          return (
            <li key={`${side} ${node}`}>
              <Icon name="error" className="errt" strokeWidth={1.8} />
              <button type="button" className="linkish2 trunc" title={`Show ${nameOf(trace, row)} of ${serviceOf(trace, row)}`} onClick={() => goTo(node)}>
                {nameOf(trace, row)}
              </button>
              <span className="trunc errt">{labelOf(trace, row) ?? 'error'}</span>
              <span className="f3">only in {side}</span>
            </li>
          );
        })}
        {list.length > most && <li className="f3">{plural(list.length - most, 'more failure')}</li>}
      </ul>
    </section>
  );
}
