import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { spanQuery } from '../../../api/queries';
import { attributeOf, groupAttributes } from '../../../model/attribute';
import { formatClock, formatCount, formatDay, formatDuration, formatExact, formatOffset, needsDay, none } from '../../../model/format';
import type { LogView } from '../../../model/logView';
import { after, unixNanoFromMillis } from '../../../model/nano';
import { serviceColor } from '../../../model/serviceColor';
import { adviceFor, type SpanDetail } from '../../../model/spanDetail';
import { durationOf, isError, isRunning, kindOf, nameOf, serviceOf, shiftOf, startOf, waitKindOf, waitName, type Generation, type Trace } from '../../../model/trace';
import { copyText } from '../../../ui/copy';
import { Icon } from '../../../ui/Icon';
import { Splitter, useKeptWidth } from '../../../ui/Splitter';
import { useToasts } from '../../../ui/toasts';
import { useDelayed } from '../../../ui/useDelayed';
import { AttributeList, Tags } from './Attributes';
import { Events } from './Events';
import { Exceptions } from './Exceptions';
import { Links } from './Links';
import { Section } from './Section';

const SpanLogs = lazy(() => import('../logs/SpanLogs').then((module) => ({ default: module.SpanLogs })));

const [leastWidth, mostWidth] = [280, 720];

interface PanelProps {
  readonly trace: Trace;
  readonly row: number;
  readonly goTo: (row: number) => void;
  readonly showSent: (asSent: boolean) => void;
  /** Which of its logs are shown; empty for none. */
  readonly logs: LogView | '';
  readonly showLogs: (view: LogView | '') => void;
}

/** What a model read and wrote, and how fast. */
function Tokens({ generation, duration }: { readonly generation: Generation; readonly duration: number }) {
  const { inputTokens, outputTokens, firstToken } = generation;
  // Tokens come from the first on: what is before is reading.
  const writing = (duration - (firstToken ?? 0)) / 1e9;
  return (
    <>
      {(inputTokens !== null || outputTokens !== null) && (
        <>
          <dt>Tokens</dt>
          <dd title="Read and written">{`${inputTokens === null ? none : formatCount(inputTokens)} + ${outputTokens === null ? none : formatCount(outputTokens)}`}</dd>
        </>
      )}
      {outputTokens !== null && outputTokens > 1 && writing > 0 && (
        <>
          <dt>Pace</dt>
          <dd title={firstToken === null ? 'Tokens written in the whole of the span' : 'Tokens written after the first'}>{`${((outputTokens - (firstToken === null ? 0 : 1)) / writing).toPrecision(3)} a second`}</dd>
        </>
      )}
      {firstToken !== null && (
        <>
          <dt>First token</dt>
          <dd>{`after ${formatDuration(firstToken)}`}</dd>
        </>
      )}
    </>
  );
}

/** A span of a clock that is off, in words: where it was sent, and the way there. */
function Moved({ trace, row, showSent }: Pick<PanelProps, 'trace' | 'row' | 'showSent'>) {
  const shift = shiftOf(trace, row);
  if (shift === 0 && !trace.asSent) return null;
  return (
    <div className="box w moved">
      {trace.asSent ? (
        <div>{'Times are shown as they were sent. Some clocks disagree.'}</div>
      ) : (
        <>
          <div>{`The clock of ${serviceOf(trace, row)} is off: the span is moved by ${formatOffset(shift)} to fit its caller.`}</div>
          <div className="f2 num">{`As it was sent: ${formatClock(after(trace.start, startOf(trace, row) - shift))}, ${formatOffset(startOf(trace, row) - shift)} in the trace. Compare the clocks’ NTP offsets.`}</div>
        </>
      )}
      <button type="button" className="linkish" onClick={() => showSent(!trace.asSent)}>
        {trace.asSent ? 'Show them mended' : 'Show all times as they were sent'}
      </button>
    </div>
  );
}

function Warnings({ detail }: { readonly detail: SpanDetail }) {
  if (detail.warnings.length === 0) return null;
  return (
    <Section title="Warnings" note={detail.warnings.length}>
      {detail.warnings.map((warning, index) => (
        <div key={index} className="box w">
          <div>{warning.message}</div>
          <div className="f2">{adviceFor(warning.code)}</div>
        </div>
      ))}
    </Section>
  );
}

function Origin({ detail }: { readonly detail: SpanDetail }) {
  const { resource, scope } = detail;
  const facts = [
    [detail.service, attributeOf(resource.attributes, 'service.version')].filter((part) => part !== null).join(' '),
    ...(['host', 'process.pid'] as const).map((key) => {
      const value = key === 'host' ? attributeOf(resource.attributes, 'host.name') : attributeOf(resource.attributes, key);
      return value === null ? '' : `${key === 'host' ? 'host' : 'pid'} ${value}`;
    }),
  ].filter((part) => part !== '');
  return (
    <>
      <Section title="Resource" note={facts.join(' · ')} initiallyOpen={false}>
        {groupAttributes(resource.attributes).map((group) => (
          <div key={group.name} role="group" aria-label={`Resource, ${group.name}`}>
            <div className="lbl kvgroup">{group.name}</div>
            <AttributeList attributes={group.attributes} scope="resource" />
          </div>
        ))}
        {resource.schemaUrl !== '' && <p className="f3 wrap">Schema {resource.schemaUrl}</p>}
        {resource.droppedAttributes > 0 && <p className="warnt">The sender dropped {resource.droppedAttributes} more.</p>}
      </Section>
      <Section title="Scope" note={[scope.name, scope.version].filter((part) => part !== '').join(' ')} initiallyOpen={false}>
        {scope.attributes.length === 0 ? <p className="f3">{scope.name === '' ? 'The sender named no instrumentation scope.' : 'The scope has no attributes.'}</p> : <AttributeList attributes={scope.attributes} />}
        {scope.schemaUrl !== '' && <p className="f3 wrap">Schema {scope.schemaUrl}</p>}
      </Section>
    </>
  );
}

function Identity({ detail }: { readonly detail: SpanDetail }) {
  const toasts = useToasts();
  const rows: readonly (readonly [string, string])[] = [
    ['Span id', detail.spanId],
    ['Parent', detail.parentSpanId ?? 'none: a root'],
    ['Start', formatExact(detail.start)],
    ['End', formatExact(detail.end)],
    ...(detail.traceState === '' ? [] : ([['Trace state', detail.traceState]] satisfies [string, string][])),
    ['Flags', `0x${detail.flags.toString(16)}`],
    ['Status', detail.status.message === '' ? detail.status.code : `${detail.status.code}, ${detail.status.message}`],
  ];
  return (
    <Section title="Identity" note={detail.spanId} initiallyOpen={false}>
      <dl className="kv">
        {rows.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd className="num">
              {value}
              <button type="button" className="copy" aria-label={`Copy ${key}`} title="Copy the value" onClick={() => void copyText(value, `${key} copied.`, toasts)}>
                <Icon name="copy" />
              </button>
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Detail({ trace, row, detail, goTo, shared }: Omit<PanelProps, 'showSent' | 'logs' | 'showLogs'> & { readonly detail: SpanDetail; readonly shared: string | null }) {
  return (
    <>
      {shared !== null && <p className="warnt sharednote">{shared}</p>}
      <Exceptions detail={detail} />
      <Warnings detail={detail} />
      <Events detail={detail} />
      <Tags attributes={detail.attributes} dropped={detail.droppedAttributes} />
      <Links trace={trace} row={row} detail={detail} goTo={goTo} />
      <Origin detail={detail} />
      <Identity detail={detail} />
    </>
  );
}

/** Everything about the selected span. What the columns know shows at once; the rest is fetched and keeps its place until the next has come. */
export function SidePanel({ trace, row, close, goTo, share, showSent, logs, showLogs, profile }: PanelProps & { readonly close: () => void; readonly share: () => void; readonly profile: () => void }) {
  const [width, setWidth] = useKeptWidth('panel', 348, leastWidth, mostWidth);
  const [now] = useState(() => unixNanoFromMillis(Date.now()));
  const spanId = trace.spans.spanId[row] ?? '';
  const running = isRunning(trace, row);
  const query = useQuery({ ...spanQuery(trace.traceId, spanId), placeholderData: keepPreviousData, enabled: !running });
  const generation = trace.generations.find((one) => one.row === row);
  const late = useDelayed(query.isFetching, 120);
  const start = after(trace.start, startOf(trace, row));
  const wait = waitKindOf(trace, row);
  const current = query.isPlaceholderData ? undefined : query.data;
  return (
    <aside className="side" aria-label="Span details" style={{ width }}>
      <Splitter label="Width of the span details" width={width} change={setWidth} grows="left" least={leastWidth} most={mostWidth} />
      {late && <div className="progress" />}
      <div className="sidescroll" tabIndex={0} role="group" aria-label={`Details of ${nameOf(trace, row)}`}>
        <div className="sidetop">
          <div className="line">
            {wait === null ? <i className="sv big" style={{ backgroundColor: serviceColor(serviceOf(trace, row)) }} /> : <i className="sv hatch big" />}
            <h3 className="m strong name">{nameOf(trace, row) === '' ? '(no name)' : nameOf(trace, row)}</h3>
            {isError(trace, row) && (
              <span className="tag err">
                <Icon name="error" strokeWidth={1.6} />
                error
              </span>
            )}
            <span className="grow" />
            <button type="button" className="btn ghost sq" aria-label="Close the span details" title="Close (Esc)" onClick={close}>
              <Icon name="close" />
            </button>
          </div>
          <div className="f2 what">
            {serviceOf(trace, row)} · {kindOf(trace, row)}
            {wait !== null && ` · waits: ${waitName(wait)}`}
          </div>
          <dl className="figures num">
            <dt>Duration</dt>
            <dd className="strong">{formatDuration(durationOf(trace, row))}</dd>
            <dt>Self</dt>
            <dd>{(trace.spans.omitted?.[row] ?? 0) > 0 ? '–' : formatDuration(trace.tree.self[row] ?? 0)}</dd>
            <dt>Start</dt>
            <dd title={formatExact(start)}>{!needsDay(start, now) ? formatClock(start) : `${formatDay(start, now)} ${formatClock(start)}`}</dd>
            <dt>In trace</dt>
            <dd>{formatOffset(startOf(trace, row))}</dd>
            {generation !== undefined && <Tokens generation={generation} duration={durationOf(trace, row)} />}
          </dl>
          <Moved trace={trace} row={row} showSent={showSent} />
          <div className="line acts">
            <button type="button" className="btn" aria-pressed={logs !== ''} title="What was logged around this span (v)" onClick={() => showLogs(logs === '' ? 'span' : '')}>
              View logs
            </button>
            <button type="button" className="btn" onClick={share}>
              <Icon name="link" />
              Copy link
            </button>
            <button type="button" className="btn" title="Which code paths used the time of this span and those below it" onClick={profile}>
              Profile
            </button>
          </div>
        </div>
        {logs !== '' && (
          <Suspense fallback={null}>
            <SpanLogs trace={trace} row={row} view={logs} choose={showLogs} close={() => showLogs('')} />
          </Suspense>
        )}
        {running ? (
          <section>
            <div className="box w">
              <div>This span has not arrived yet.</div>
              <div className="f2">{`Its id is ${spanId}: others name it as their parent. A span is sent when it ends, so it may be running still; what is shown reaches from its first child to when the trace was read.`}</div>
            </div>
          </section>
        ) : query.isError ? (
          <section>
            <div className="box" role="alert">
              <b className="strong">The span’s details can’t be loaded</b>
              <div className="f2">{query.error.message}</div>
              <div className="line again">
                <button type="button" className="btn" aria-busy={query.isFetching} onClick={() => void query.refetch()}>
                  Retry
                </button>
              </div>
            </div>
          </section>
        ) : current === undefined ? (
          late && (
            <section aria-label="Loading">
              {[62, 48, 70, 55].map((share_) => (
                <i key={share_} className="skeleton" style={{ width: `${share_}%` }} />
              ))}
            </section>
          )
        ) : (
          current.map((detail, index) => (
            <Detail key={`${spanId}-${index}`} trace={trace} row={row} detail={detail} goTo={goTo} shared={current.length > 1 ? `${index + 1} of ${current.length} spans with this id` : null} />
          ))
        )}
      </div>
    </aside>
  );
}
