import { Link } from 'wouter';
import { signed } from '../../../model/compareCauses';
import { isIdKey } from '../../../model/compareTags';
import { cohortCauses, formatNumber, type CohortAttribute, type Cohorts } from '../../../model/cohorts';
import { formatShare } from '../../../model/distribution';
import { isWritableKey, isWritableText } from '../../../model/filterTerm';
import { writeValue } from '../../../model/filterText';
import { none, plural } from '../../../model/format';
import { Splitter, useKeptWidth } from '../../../ui/Splitter';
import { listAddress, type CohortState } from './url';

const [leastWidth, mostWidth] = [280, 640];
const mostCauses = 6;
/** Values whose shares differ by less say nothing beside the first. */
const leastShown = 0.01;

interface PanelProps {
  readonly cohorts: Cohorts;
  readonly state: CohortState;
  readonly goTo: (node: number) => void;
}

function Why({ cohorts, goTo }: Omit<PanelProps, 'state'>) {
  const causes = cohortCauses(cohorts);
  const [shown, rest] = [causes.slice(0, mostCauses), causes.slice(mostCauses)];
  return (
    <section aria-label="Causes">
      <h3>{`What explains ${signed(cohorts.b.mean - cohorts.a.mean)} on average`}</h3>
      {causes.length === 0 ? (
        <p className="f2">Every part takes both the same time.</p>
      ) : (
        <ol className="why">
          {shown.map((cause, index) => (
            <li key={cause.node}>
              <span className="f3 num">{index + 1}</span>
              <span className="wname">
                {cause.node < 0 ? (
                  <span>{cause.name}</span>
                ) : (
                  <button type="button" className="linkish2 trunc" title={`Show ${cause.name} of ${cause.service}`} onClick={() => goTo(cause.node)}>
                    {cause.name}
                  </button>
                )}
                <span className="f3 wnote">{cause.node < 0 ? 'no span on the way accounts for it' : `${cause.wait ? 'wait of ' : ''}${cause.service}`}</span>
              </span>
              <b className={`num strong ${cause.delta > 0 ? 'slowert' : 'fastert'}`}>{signed(cause.delta)}</b>
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

/** The shares of both cohorts as two bars on one scale. */
function Shares({ a, b }: { readonly a: number; readonly b: number }) {
  return (
    <>
      <span className="num right f2">{formatShare(a)}</span>
      <span className="num right strong">{formatShare(b)}</span>
      <span className="cohbars" aria-hidden="true">
        <i className="ofa" style={{ width: `${a * 100}%` }} />
        <i className="ofb" style={{ width: `${b * 100}%` }} />
      </span>
    </>
  );
}

function Attribute({ attribute, cohorts, state }: { readonly attribute: CohortAttribute; readonly cohorts: Cohorts; readonly state: CohortState }) {
  const [ofA, ofB] = [Math.max(1, cohorts.a.looked), Math.max(1, cohorts.b.looked)];
  const { medians } = attribute;
  return (
    <li>
      <h4 className="trunc" title={attribute.key}>
        {attribute.key}
        {attribute.a / ofA + attribute.b / ofB < 2 && <span className="f3">{`in ${formatShare(attribute.a / ofA)} of A, ${formatShare(attribute.b / ofB)} of B`}</span>}
      </h4>
      {medians !== null ? (
        <div className="cohvalue">
          <span className="f3">median</span>
          <span className="num right f2">{medians[0] === null ? none : formatNumber(medians[0])}</span>
          <span className="num right strong">{medians[1] === null ? none : formatNumber(medians[1])}</span>
        </div>
      ) : (
        attribute.values.filter(({ a, b }, index) => index === 0 || Math.abs(a / ofA - b / ofB) >= leastShown).map(({ value, a, b }) => (
          <div key={value} className="cohvalue">
            {!isWritableText(value) || !isWritableKey(attribute.key) ? (
              <span className="trunc" title={value}>
                {value === '' ? '(empty)' : value}
              </span>
            ) : (
              <Link className="trunc" href={listAddress(state, [`${attribute.key}=${writeValue(value)}`], b / ofB >= a / ofA)} title={`Show the traces with ${attribute.key}=${value}`}>
                {value === '' ? '(empty)' : value}
              </Link>
            )}
            <Shares a={a / ofA} b={b / ofB} />
          </div>
        ))
      )}
    </li>
  );
}

/** What explains the difference, and which attributes tell the cohorts apart. */
export function CohortPanel({ cohorts, state, goTo }: PanelProps) {
  const [width, setWidth] = useKeptWidth('compare', 348, leastWidth, mostWidth);
  const { looked, differ, all } = cohorts.keys;
  const ids = cohorts.attributes.filter(({ key }) => isIdKey(key));
  return (
    <aside className="cside" aria-label="Differences" style={{ width }}>
      <Splitter label="Width of the differences" width={width} change={setWidth} grows="left" least={leastWidth} most={mostWidth} />
      <div className="csidescroll" tabIndex={0} role="group" aria-label="Differences in words">
        <Why cohorts={cohorts} goTo={goTo} />
        <section aria-label="Attributes">
          <h3>
            Attributes that differ <span className="f3">{`${differ} of ${all ? '' : 'at least '}${plural(looked, 'key')}, more than chance would have it`}</span>
          </h3>
          {cohorts.attributes.length === 0 ? (
            <p className="f2">No attribute tells B from A by more than chance would. A larger or another B may.</p>
          ) : (
            <>
              <div className="cohvalue cohhead" aria-hidden="true">
                <span />
                <span className="right">A</span>
                <span className="right">B</span>
              </div>
              <ol className="cohattrs">
                {cohorts.attributes.filter(({ key }) => !isIdKey(key)).map((attribute) => (
                  <Attribute key={attribute.key} attribute={attribute} cohorts={cohorts} state={state} />
                ))}
              </ol>
              {ids.length > 0 && (
                <details>
                  <summary>{plural(ids.length, 'id or address differs', 'ids and addresses differ')}, too</summary>
                  <ol className="cohattrs">
                    {ids.map((attribute) => (
                      <Attribute key={attribute.key} attribute={attribute} cohorts={cohorts} state={state} />
                    ))}
                  </ol>
                </details>
              )}
              {differ > cohorts.attributes.length && <p className="f3">{plural(differ - cohorts.attributes.length, 'more key differs', 'more keys differ')} less.</p>}
            </>
          )}
        </section>
      </div>
    </aside>
  );
}
