import { Link } from 'wouter';
import { attributeText } from '../../../model/attribute';
import { signed } from '../../../model/compareCauses';
import { changeOf, standIn, timeOf, type MergedTree } from '../../../model/compareTree';
import type { TagPair } from '../../../model/compareTags';
import { formatDuration, formatOffset, none, plural } from '../../../model/format';
import type { SpanDetail } from '../../../model/spanDetail';
import { kindOf, nameOf, serviceOf, startOf, waitKindOf, waitName, type Trace } from '../../../model/trace';
import { Icon } from '../../../ui/Icon';
import { useTags } from './useTags';

const words = { same: 'same', slower: 'slower in B', faster: 'faster in B', added: 'only in B', missing: 'only in A' } as const;

function Figures({ tree, node }: { readonly tree: MergedTree; readonly node: number }) {
  const [a, b] = [tree.a[node] ?? -1, tree.b[node] ?? -1];
  const lines = [
    ['Duration', timeOf(tree.traceA, a, 'duration'), timeOf(tree.traceB, b, 'duration')],
    ['Self time', timeOf(tree.traceA, a, 'self'), timeOf(tree.traceB, b, 'self')],
  ] as const;
  const offset = (trace: Trace, row: number): string => (row < 0 ? none : formatOffset(startOf(trace, row)));
  return (
    <table className="cfig num">
      <thead>
        <tr>
          <td />
          <th scope="col">A</th>
          <th scope="col">B</th>
          <th scope="col">Δ</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(([name, ofA, ofB]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{ofA === null ? none : formatDuration(ofA)}</td>
            <td>{ofB === null ? none : formatDuration(ofB)}</td>
            <td className="strong">{signed((ofB ?? 0) - (ofA ?? 0))}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">Starts at</th>
          <td>{offset(tree.traceA, a)}</td>
          <td>{offset(tree.traceB, b)}</td>
          <td>{a >= 0 && b >= 0 ? signed(startOf(tree.traceB, b) - startOf(tree.traceA, a)) : none}</td>
        </tr>
      </tbody>
    </table>
  );
}

function Pairs({ pairs }: { readonly pairs: readonly TagPair[] }) {
  return (
    <table className="tagpairs">
      <thead>
        <tr>
          <th scope="col">Tag</th>
          <th scope="col">A</th>
          <th scope="col">B</th>
        </tr>
      </thead>
      <tbody>
        {pairs.map((pair) => (
          <tr key={pair.key}>
            <th scope="row" title={pair.key}>
              {pair.key}
            </th>
            <td title={pair.a ?? undefined}>{pair.a ?? none}</td>
            <td title={pair.b ?? undefined} className="strong">
              {pair.b ?? none}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Alone({ detail }: { readonly detail: SpanDetail }) {
  return (
    <dl className="onlytags">
      {detail.attributes.map((attribute, index) => (
        <div key={`${attribute.key} ${index}`}>
          <dt title={attribute.key}>{attribute.key}</dt>
          <dd title={attributeText(attribute)}>{attributeText(attribute)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The selected node: its times in both, the ways to its spans, and what of their tags differs. Ids always differ and are folded away. */
export function Selected({ tree, node, close }: { readonly tree: MergedTree; readonly node: number; readonly close: () => void }) {
  const tags = useTags(tree, node);
  const { trace, row } = standIn(tree, node);
  const kind = waitKindOf(trace, row);
  const [a, b] = [tree.a[node] ?? -1, tree.b[node] ?? -1];
  const alone = tags.a === null ? tags.b : tags.b === null ? tags.a : null;
  const { difference } = tags;
  return (
    <section aria-label="The selected span" className="csel">
      <div className="line">
        <h3 className="grow wrap2">
          {nameOf(trace, row) === '' ? '(no name)' : nameOf(trace, row)} <span className="f3">{words[changeOf(tree, node, 'duration')]}</span>
        </h3>
        <button type="button" className="btn ghost sq" aria-label="Let the selection go" title="Let the selection go (Esc)" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <p className="f2 wrap2">
        {serviceOf(trace, row)} · {kindOf(trace, row)}
        {kind === null ? '' : ` · waits: ${waitName(kind)}`}
      </p>
      <Figures tree={tree} node={node} />
      <p className="line ways">
        {a >= 0 && <Link href={`/trace/${tree.traceA.traceId}?span=${tree.traceA.spans.spanId[a] ?? ''}`}>Show in trace A</Link>}
        {b >= 0 && <Link href={`/trace/${tree.traceB.traceId}?span=${tree.traceB.spans.spanId[b] ?? ''}`}>Show in trace B</Link>}
      </p>
      {tags.failed !== null ? (
        <div className="box" role="alert">
          <b className="strong">The tags can’t be loaded</b>
          <div className="f2">{tags.failed.message}</div>
          <button type="button" className="btn" onClick={tags.retry}>
            Retry
          </button>
        </div>
      ) : tags.pending ? (
        <i className="skeleton" />
      ) : difference === null ? (
        alone !== null && (
          <>
            <h4>
              Tags <span className="f3">{alone.attributes.length === 0 ? 'none' : alone.attributes.length}</span>
            </h4>
            <Alone detail={alone} />
          </>
        )
      ) : (
        <>
          <h4>
            Tags that differ <span className="f3">{difference.differ.length === 0 ? 'none' : `${difference.differ.length} of ${difference.differ.length + difference.ids.length + difference.equal.length}`}</span>
          </h4>
          {difference.differ.length > 0 && <Pairs pairs={difference.differ} />}
          {difference.ids.length > 0 && (
            <details>
              <summary>{plural(difference.ids.length, 'id or time', 'ids and times')}, which always differ</summary>
              <Pairs pairs={difference.ids} />
            </details>
          )}
          {difference.equal.length > 0 && (
            <details>
              <summary>{plural(difference.equal.length, 'equal tag')}</summary>
              <Pairs pairs={difference.equal} />
            </details>
          )}
        </>
      )}
    </section>
  );
}
