import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Cohorts } from '../../model/cohorts';
import type { CountedFacet } from '../../model/facets';
import { quoted } from '../../model/filterTerm';
import { formatCount, formatDuration, plural } from '../../model/format';
import type { RedOperation } from '../../model/pipeline';
import { errorKinds, longSpans, type Device } from '../../model/pipelineStory';
import type { TimeRange } from '../../model/timeRange';
import { isBackoff, waitName } from '../../model/trace';
import { waitPlaces } from '../../model/waitKinds';
import { ServiceDot } from '../../ui/Service';
import { tracesAddress } from './url';

function Block({ title, note, children }: { readonly title: string; readonly note: string; readonly children: ReactNode }) {
  return (
    <section className="hint" aria-label={title}>
      <h3 className="ph">
        {title} <span className="f3">{note}</span>
      </h3>
      {children}
    </section>
  );
}

/** The commonest kinds of errors, with how many traces have each; of those that are known, why that is likely so, and what helps. */
export function ErrorHints({ types, range, device, problem }: { readonly types: CountedFacet | undefined; readonly range: TimeRange; readonly device: Device; readonly problem: string | null }) {
  const found = errorKinds(types?.values ?? [], types?.distinct.value ?? 0, device);
  return (
    <Block title="What fails" note="kinds of errors, traces with each">
      {problem !== null ? (
        <p className="hp errt" role="alert">
          {problem}
        </p>
      ) : types === undefined ? (
        <p className="hp">
          <span className="skeleton" />
        </p>
      ) : (
        <>
          {found.kinds.map(({ type, traces, pattern, text }) => (
            <div key={type} className="hrow">
              <Link className="right strong errt num" href={tracesAddress(range, { text })}>
                {formatCount(traces)}
              </Link>
              <span className="htext">
                <b className="strong">{type}</b> {pattern !== null && pattern.where !== '' && <span className="f3">typical of {pattern.where}</span>}
                {pattern !== null && <span className="f2">{pattern.hint}</span>}
              </span>
            </div>
          ))}
          <p className="hp f2">
            {types.total.value === 0 ? (
              'No trace failed.'
            ) : (
              <>
                {found.more > 0 && `${types.distinct.exact ? '' : 'At least '}${plural(found.more, 'more kind')}. `}
                <Link href={tracesAddress(range, { failed: true })}>
                  {types.total.exact ? '' : 'At least '}
                  {plural(types.total.value, 'failed trace')}
                </Link>{' '}
                in all{found.kinds.length === 0 ? ', none with a type of its error' : ''}; a trace may have several kinds.
              </>
            )}
          </p>
        </>
      )}
    </Block>
  );
}

function Row({ operation, range, notched, children }: { readonly operation: RedOperation; readonly range: TimeRange; readonly notched: ReadonlySet<string>; readonly children: ReactNode }) {
  return (
    <div className="hrow">
      <Link className="right num" href={tracesAddress(range, { service: operation.service, name: operation.name, kind: operation.kind, atLeast: operation.p95 * 0.984 })} title="The slowest twentieth">
        {formatDuration(operation.p95)}
      </Link>
      <span className="htext">
        <span className="line">
          <ServiceDot name={operation.service} notched={notched.has(operation.service)} />
          <b className="strong">{operation.name}</b> <span className="f3 trunc">{operation.service}</span>
        </span>
        <span className="f2">{children}</span>
      </span>
    </div>
  );
}

/** Spans that are usually the long ones, with why and what helps. */
export function LongSpans({ operations, range, device, notched }: { readonly operations: readonly RedOperation[]; readonly range: TimeRange; readonly device: Device; readonly notched: ReadonlySet<string> }) {
  const found = longSpans(device).flatMap(([name, cause, remedy]) => {
    const operation = operations.filter((candidate) => candidate.name === name).toSorted((a, b) => b.total - a.total)[0];
    return operation === undefined ? [] : [{ operation, cause, remedy }];
  });
  if (found.length === 0) return null;
  return (
    <Block title="If these are long" note="p95, likely cause and remedy">
      {found.map(({ operation, cause, remedy }) => (
        <Row key={operation.name} operation={operation} range={range} notched={notched}>
          {cause}. {remedy}.
        </Row>
      ))}
    </Block>
  );
}

/** What is waited for, and in which stage: of traces that were looked at, all or a fair sample. */
export function WaitKinds({ cohorts, range }: { readonly cohorts: Cohorts; readonly range: TimeRange }) {
  const { looked, total } = cohorts.b;
  const places = waitPlaces(cohorts);
  return (
    <Block title="Where work waits" note={`p50; ${looked === total.value && total.exact ? `all ${plural(looked, 'trace')}` : `${formatCount(looked)} of ${total.exact ? '' : 'at least '}${plural(total.value, 'trace')} at random`}`}>
      {places.slice(0, 7).map((place, index) => (
        <div key={index} className="hrow">
          <Link className="right num" href={tracesAddress(range, { service: place.service, name: place.name, text: `wait.kind=${quoted(place.kind)}` })} title="The traces that wait so">
            {formatDuration(place.p50)}
          </Link>
          <span className="htext">
            <span className="line">
              <i className={isBackoff(place.kind) ? 'dot hatch square warn' : 'dot hatch square'} />
              <b className="strong">{waitName(place.kind)}</b> <span className="f3 trunc">{`in ${place.stage}, ${place.service}`}</span>
            </span>
            <span className="f2">{`${place.traces === looked ? 'Every trace waits' : `${formatCount(place.traces)} of ${formatCount(looked)} traces wait`} here, ${formatDuration(place.mean)} a trace on average.`}</span>
          </span>
        </div>
      ))}
      {places.length > 7 && <p className="hp f3">{plural(places.length - 7, 'more wait')}</p>}
    </Block>
  );
}

/** What waits, beside the stages, where no span says what it waits for. */
export function Waits({ waits, range, notched }: { readonly waits: readonly RedOperation[]; readonly range: TimeRange; readonly notched: ReadonlySet<string> }) {
  if (waits.length === 0) return null;
  return (
    <Block title="Where work waits" note="p95; operations that are called a wait">
      {waits.slice(0, 5).map((operation) => (
        <Row key={`${operation.service} ${operation.name} ${operation.kind}`} operation={operation} range={range} notched={notched}>
          {plural(operation.spans, 'wait')}, p50 {formatDuration(operation.p50)}, {formatDuration(operation.total)} in sum.
        </Row>
      ))}
    </Block>
  );
}
