import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { Link, useSearch } from 'wouter';
import { traceQuery } from '../../api/queries';
import { ApiProblem } from '../../api/problem';
import { mergeTraces } from '../../model/compareTree';
import { plural } from '../../model/format';
import type { Trace } from '../../model/trace';
import { useDelayed } from '../../ui/useDelayed';
import { CompareView } from './CompareView';
import { CohortsScreen } from './cohorts/CohortsScreen';
import { isCohorts } from './cohorts/url';
import { Picker } from './Picker';
import { compareAddress, readIds, type ComparedIds } from './url';
import './compare.css';

type Side = 'a' | 'b';

/** A trace that can't be shown: why, and the ways on. */
export function Failed({ side, ids, problem, retry, busy }: { readonly side: Side; readonly ids: ComparedIds; readonly problem: Error; readonly retry: () => void; readonly busy: boolean }) {
  const absent = problem instanceof ApiProblem && (problem.kind === 'not-found' || (problem.kind === 'refused' && problem.parameter === 'id'));
  const malformed = absent && !/^[0-9a-f]{32}$/.test(ids[side]);
  const name = side.toUpperCase();
  return (
    <div className="state" role="alert">
      <h2 className="big">{absent ? `Trace ${name} was not found` : `Trace ${name} can’t be loaded`}</h2>
      <p className="sub">
        {malformed ? (
          <>
            <code className="mono">{ids[side]}</code> has not the form of a trace id: it has {plural(ids[side].length, 'character')}, and a trace id has 32 hexadecimal digits. Look for a cut-off link.
          </>
        ) : absent ? (
          <>
            No span of <code className="mono">{ids[side]}</code> is stored here. It may not have arrived yet, or retention has removed it.
          </>
        ) : (
          problem.message
        )}
      </p>
      <div className="acts">
        {!malformed && (
          <button type="button" className="btn primary" aria-busy={busy} onClick={retry}>
            {absent ? 'Look again' : 'Retry'}
          </button>
        )}
        <Link className={malformed ? 'btn primary' : 'btn'} href={compareAddress({ ...ids, [side]: '' })}>
          Pick another {name}
        </Link>
        {ids[side === 'a' ? 'b' : 'a'] !== '' && (
          <Link className="btn" href={`/trace/${ids[side === 'a' ? 'b' : 'a']}`}>
            Open trace {side === 'a' ? 'B' : 'A'} alone
          </Link>
        )}
      </div>
    </div>
  );
}

function Loading({ visible }: { readonly visible: boolean }) {
  return (
    <div className="cmpskel" role="status" aria-label="Loading the traces">
      <div className="ctitle">{visible && [520, 300, 300].map((width, index) => <i key={index} className="skeleton" style={{ width }} />)}</div>
      <div className="axisbox" />
      <div className="skrows2">{visible && [0, 1, 2, 2, 1, 1, 2, 3].map((indent, row) => <i key={row} className="skeleton" style={{ marginLeft: 16 + indent * 12, width: 260 - indent * 20 }} />)}</div>
    </div>
  );
}

/** A trace with too many spans is not compared whole. */
function PartNotice({ name, trace, spans }: { readonly name: string; readonly trace: Trace; readonly spans: number }) {
  return (
    <div className="notice" role="status">
      <span className="f2">
        <b className="strong">{plural(trace.tree.count, 'span')}</b> of the {plural(spans, 'span')} of {name} are compared: what failed and what took longest. Spans that only one trace has may be among those that were not loaded.
      </span>
    </div>
  );
}

function Loaded({ ids }: { readonly ids: ComparedIds }) {
  const [a, b] = [useQuery(traceQuery(ids.a)), useQuery(traceQuery(ids.b))];
  const late = useDelayed(a.isPending || b.isPending, 120);
  const tree = useMemo(() => (a.data === undefined || b.data === undefined ? null : mergeTraces(a.data, b.data)), [a.data, b.data]);
  if (tree !== null)
    return (
      <>
        {(a.error ?? b.error) !== null && (
          <div className="notice box" role="alert">
            <span className="grow">
              <b className="strong">The traces can’t be loaded again.</b> <span className="f2">{(a.error ?? b.error)?.message} What is shown is from before.</span>
            </span>
          </div>
        )}
        {[a.data, b.data].map((trace, side) => trace?.excerpt != null && <PartNotice key={side} name={side === 0 ? 'A' : 'B'} trace={trace} spans={trace.excerpt.spans} />)}
        <CompareView tree={tree} ids={ids} />
      </>
    );
  if (a.error !== null && a.data === undefined) return <Failed side="a" ids={ids} problem={a.error} retry={() => void a.refetch()} busy={a.isFetching} />;
  if (b.error !== null && b.data === undefined) return <Failed side="b" ids={ids} problem={b.error} retry={() => void b.refetch()} busy={b.isFetching} />;
  return <Loading visible={late} />;
}

/** Two traces beside each other (`/compare?a=&b=`), or two cohorts (`/compare?cohorts=1&bq=`). */
export function CompareScreen() {
  const search = useSearch();
  const { a, b } = readIds(search);
  const ids = useMemo(() => ({ a, b }), [a, b]);
  useEffect(() => {
    document.title = 'Compare · Distributed Tracing';
  }, []);
  if (isCohorts(search))
    return (
      <main className="screen">
        <CohortsScreen />
      </main>
    );
  // A swap keeps what is there, and the focus with it.
  const pair = [a, b].toSorted().join(' ');
  return <main className="screen">{a === '' || b === '' || a === b ? <Picker ids={ids} /> : <Loaded key={pair} ids={ids} />}</main>;
}
