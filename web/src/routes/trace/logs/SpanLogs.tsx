import { useRef, useState, type KeyboardEvent } from 'react';
import { Link } from 'wouter';
import { mostOfTrace } from '../../../api/logQueries';
import { formatCount, formatDuration, formatExact, formatOffset, plural } from '../../../model/format';
import { isGrave, lineOf, type LogEntry } from '../../../model/logs';
import { aroundOf, logViewNames, logViews, offsetOf, timeOf, type LogView } from '../../../model/logView';
import { serviceOf, type Trace } from '../../../model/trace';
import { Icon } from '../../../ui/Icon';
import { useDelayed } from '../../../ui/useDelayed';
import { logsAddress, serviceTerm } from '../../shell/logs/address';
import { HowToSendLogs } from '../../shell/logs/HowToSendLogs';
import { LevelMark } from '../../shell/logs/LevelMark';
import { LogDetail } from '../../shell/logs/LogDetail';
import '../../shell/logs/logs.css';
import { useLogStory } from './useTraceLogs';
import './traceLogs.css';

/** Lines that the panel shows before it asks. */
const shownAtFirst = 100;

function Line({ trace, entry, spanId, withService }: { readonly trace: Trace; readonly entry: LogEntry; readonly spanId: string; readonly withService: boolean }) {
  const [open, setOpen] = useState(false);
  const own = entry.spanId === spanId;
  const kind = isGrave(entry.level) ? ' grave' : entry.level === 'warn' ? ' warn' : '';
  return (
    <li className={`sl${kind}`}>
      <button type="button" className="slhead" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="num f3" title={formatExact(entry.at)}>
          {formatOffset(offsetOf(trace, entry))}
        </span>
        <LevelMark level={entry.level} text={entry.severityText} />
        <span className="sltext">
          {withService && <span className="f3">{entry.resource.service} </span>}
          {lineOf(entry).slice(0, 400)}
          {own && <span className="slown">this span</span>}
          {entry.traceId === null && <span className="slown near">by service and time</span>}
          {entry.traceId !== null && entry.traceId !== trace.traceId && <span className="slown near">another trace</span>}
        </span>
      </button>
      {open && (
        <>
          {entry.traceId !== null && entry.traceId !== trace.traceId && (
            <Link className="btn slto" href={entry.spanId === null ? `/trace/${entry.traceId}?tab=logs` : `/trace/${entry.traceId}?span=${entry.spanId}`}>
              Open its trace
            </Link>
          )}
          <LogDetail entry={entry} find={(term) => logsAddress({ text: term })} />
        </>
      )}
    </li>
  );
}

function Choice({ view, choose }: { readonly view: LogView; readonly choose: (view: LogView) => void }) {
  const group = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = logViews[(logViews.indexOf(view) + by + logViews.length) % logViews.length] ?? 'span';
    choose(next);
    group.current?.querySelector<HTMLElement>(`[data-view="${next}"]`)?.focus();
  };
  return (
    <div ref={group} className="seg slchoice" role="radiogroup" aria-label="Which logs" onKeyDown={move}>
      {logViews.map((one) => (
        <button key={one} type="button" role="radio" data-view={one} aria-checked={one === view} tabIndex={one === view ? 0 : -1} onClick={() => choose(one)}>
          {logViewNames[one]}
        </button>
      ))}
    </div>
  );
}

/** What a view is of, in words. */
function Of({ trace, row, view }: { readonly trace: Trace; readonly row: number; readonly view: LogView }) {
  const service = serviceOf(trace, row);
  if (view === 'span') return <>Entries of the trace while the span ran.</>;
  if (view === 'trace') return <>All entries of the trace.</>;
  return (
    <>
      All entries of {service}, {formatDuration(aroundOf(trace, row))} around the span, of whatever trace.
    </>
  );
}

/** View Logs: what was logged around a span, in one of three widths. */
export function SpanLogs({ trace, row, view, choose, close }: { readonly trace: Trace; readonly row: number; readonly view: LogView; readonly choose: (view: LogView) => void; readonly close: () => void }) {
  const story = useLogStory(trace, row, view, true);
  const late = useDelayed(story.pending, 120);
  const [all, setAll] = useState(false);
  const spanId = trace.spans.spanId[row] ?? '';
  const near = story.entries.filter((entry) => entry.traceId === null).length;
  const shown = all ? story.entries : story.entries.slice(0, shownAtFirst);
  const time = timeOf(trace, row, view);
  const text = view === 'service' ? serviceTerm(serviceOf(trace, row)) : `trace=${trace.traceId}`;
  return (
    <section aria-label="Logs" className="slogs">
      <div className="line">
        <h3 className="strong grow">Logs {!story.pending && story.error === null && <span className="f3 num">{formatCount(story.entries.length)}{story.cut ? '+' : ''}</span>}</h3>
        <Link className="btn ghost" href={logsAddress(time === null ? { text } : { text, ...time })}>
          Open in Logs
        </Link>
        <button type="button" className="btn ghost sq" aria-label="Close the logs" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <Choice view={view} choose={choose} />
      <p className="f3 slof">
        <Of trace={trace} row={row} view={view} />
        {view !== 'service' && near > 0 && ` ${plural(near, 'entry', 'entries')} without a trace id, matched by service and time.`}
      </p>
      {story.error !== null ? (
        <div className="box" role="alert">
          <b className="strong">The logs can’t be loaded</b>
          <div className="f2">{story.error.message}</div>
          <div className="line again">
            <button type="button" className="btn" aria-busy={story.fetching} onClick={story.retry}>
              Retry
            </button>
          </div>
        </div>
      ) : story.pending ? (
        late && [62, 48, 70].map((share) => <i key={share} className="skeleton" style={{ width: `${share}%` }} />)
      ) : story.entries.length === 0 ? (
        <>
          <p>{view === 'service' ? `${serviceOf(trace, row)} logged nothing around this time.` : view === 'trace' ? 'No entry names this trace.' : 'Nothing was logged while the span ran.'}</p>
          {view !== 'trace' && (
            <button type="button" className="linkish" onClick={() => choose(view === 'span' ? 'trace' : 'span')}>
              {view === 'span' ? 'Look at the whole trace' : 'Look at the span’s time'}
            </button>
          )}
          {view === 'trace' && <HowToSendLogs />}
        </>
      ) : (
        <ol>
          {shown.map((entry) => (
            <Line key={String(entry.sequence)} trace={trace} entry={entry} spanId={spanId} withService={view !== 'service'} />
          ))}
        </ol>
      )}
      {story.entries.length > shown.length && (
        <button type="button" className="linkish" onClick={() => setAll(true)}>
          {formatCount(story.entries.length - shown.length)} more
        </button>
      )}
      {story.cut && <p className="warnt">The first {formatCount(mostOfTrace)} are loaded; “Open in Logs” has all.</p>}
      {story.notes.map((note) => (
        <p key={note} className="warnt">
          {note}
        </p>
      ))}
    </section>
  );
}
