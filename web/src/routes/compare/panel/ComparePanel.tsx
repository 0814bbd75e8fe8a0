import { useMemo } from 'react';
import { causeName, signed, type Cause } from '../../../model/compareCauses';
import { structureOf } from '../../../model/compareRows';
import type { MergedTree } from '../../../model/compareTree';
import { formatCount, plural } from '../../../model/format';
import { Splitter, useKeptWidth } from '../../../ui/Splitter';
import { CauseNote } from './CauseNote';
import { Errors } from './Errors';
import { Selected } from './Selected';

const [leastWidth, mostWidth] = [280, 640];
/** Causes with a line of their own; the rest is one line, so that the list still adds up. */
const mostCauses = 6;

interface PanelProps {
  readonly tree: MergedTree;
  readonly causes: readonly Cause[];
  readonly selected: number;
  readonly goTo: (node: number) => void;
  readonly close: () => void;
}

const tone = (delta: number): string => (delta > 0 ? 'slowert' : 'fastert');

function Why({ tree, causes, goTo }: Pick<PanelProps, 'tree' | 'causes' | 'goTo'>) {
  const shown = causes.slice(0, mostCauses);
  const rest = causes.slice(mostCauses);
  const difference = tree.traceB.total - tree.traceA.total;
  return (
    <section aria-label="Causes">
      <h3>{difference === 0 && causes.length === 0 ? 'Nothing to explain' : `What explains ${signed(difference)}`}</h3>
      {causes.length === 0 ? (
        <p className="f2">Every part of both traces took the same time.</p>
      ) : (
        <ol className="why">
          {shown.map((cause, index) => (
            <li key={`${cause.only ?? ''} ${cause.service} ${cause.name} ${cause.node}`}>
              <span className="f3 num">{index + 1}</span>
              <span className="wname">
                {cause.node < 0 ? (
                  <span>{cause.name}</span>
                ) : (
                  <button type="button" className="linkish2 trunc" title={`Show ${cause.name} of ${cause.service}`} onClick={() => goTo(cause.node)}>
                    {causeName(cause)}
                  </button>
                )}
                <CauseNote tree={tree} cause={cause} />
              </span>
              <b className={`num strong ${tone(cause.delta)}`}>{signed(cause.delta)}</b>
            </li>
          ))}
          {rest.length > 0 && (
            <li>
              <span />
              <span className="f2">{plural(rest.length, 'smaller part')}</span>
              <span className="num f2">{signed(rest.reduce((sum, cause) => sum + cause.delta, 0))}</span>
            </li>
          )}
        </ol>
      )}
    </section>
  );
}

function StructureList({ tree, goTo }: Pick<PanelProps, 'tree' | 'goTo'>) {
  const structure = useMemo(() => structureOf(tree), [tree]);
  if (structure.added + structure.missing === 0) return null;
  const most = 6;
  return (
    <section aria-label="Structure">
      <h3>
        Structure <span className="f3">{[structure.added > 0 ? `${formatCount(structure.added)} only in B` : '', structure.missing > 0 ? `${formatCount(structure.missing)} only in A` : ''].filter((part) => part !== '').join(', ')}</span>
      </h3>
      <ul className="counts">
        {structure.counts.slice(0, most).map((count) => (
          <li key={count.node}>
            <button type="button" className="linkish2 trunc" title={`Show ${count.name} of ${count.service}`} onClick={() => goTo(count.node)}>
              {count.name}
            </button>
            <span className="num f2">
              {formatCount(count.a)} → {formatCount(count.b)}
              {count.retried ? ', retried' : ''}
            </span>
          </li>
        ))}
        {structure.counts.length > most && <li className="f3">{plural(structure.counts.length - most, 'more change')} of counts</li>}
      </ul>
    </section>
  );
}

/** What explains the difference, what is selected, what differs in structure and failures. */
export function ComparePanel({ tree, causes, selected, goTo, close }: PanelProps) {
  const [width, setWidth] = useKeptWidth('compare', 348, leastWidth, mostWidth);
  return (
    <aside className={selected >= 0 ? 'cside open' : 'cside'} aria-label="Differences" style={{ width }}>
      <Splitter label="Width of the differences" width={width} change={setWidth} grows="left" least={leastWidth} most={mostWidth} />
      <div className="csidescroll" tabIndex={0} role="group" aria-label="Differences in words">
        {selected >= 0 && <Selected tree={tree} node={selected} close={close} />}
        <Why tree={tree} causes={causes} goTo={goTo} />
        <Errors tree={tree} goTo={goTo} />
        <StructureList tree={tree} goTo={goTo} />
      </div>
    </aside>
  );
}
