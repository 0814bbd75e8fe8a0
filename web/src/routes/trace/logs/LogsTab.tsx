import { useMemo } from 'react';
import { Link } from 'wouter';
import { mostOfTrace } from '../../../api/logQueries';
import { formatCount, formatExact, formatOffset, plural } from '../../../model/format';
import { isGrave, lineOf, placeOf, type LogEntry } from '../../../model/logs';
import { offsetOf } from '../../../model/logView';
import { nameOf, rowOfSpan, serviceOf } from '../../../model/trace';
import { Icon } from '../../../ui/Icon';
import { useDelayed } from '../../../ui/useDelayed';
import { logsAddress } from '../../shell/logs/address';
import { HowToSendLogs } from '../../shell/logs/HowToSendLogs';
import { LogDetail } from '../../shell/logs/LogDetail';
import { LogRows, type RowForm } from '../../shell/logs/LogRows';
import type { TabProps } from '../OtherTab';
import { useLogStory } from './useTraceLogs';
import './traceLogs.css';

const nearTitle = 'It carries no trace id. It was written by a service of this trace while the trace ran, and may belong to another.';

/** The trace told by its logs, oldest first. A line leads to its span on the timeline. */
export function LogsTab({ trace, state, changeTab }: TabProps) {
  const { logsNear, logsText, logsGrave, logEntry } = state.tabs;
  const story = useLogStory(trace, null, 'trace', logsNear);
  const late = useDelayed(story.fetching, 120);
  const { services } = state;
  const shown = useMemo(() => {
    const wanted = logsText.trim().toLowerCase();
    return story.entries.filter(
      (entry) => (!logsGrave || isGrave(entry.level) || entry.level === 'warn') && (services.size === 0 || services.has(entry.resource.service)) && (wanted === '' || lineOf(entry).toLowerCase().includes(wanted) || entry.attributes.some((attribute) => typeof attribute.value === 'string' && attribute.value.toLowerCase().includes(wanted))),
    );
  }, [story.entries, logsText, logsGrave, services]);
  const near = story.entries.filter((entry) => entry.traceId === null).length;
  const open = shown.find((entry) => placeOf(entry) === logEntry) ?? null;
  const form = useMemo(
    (): RowForm => ({
      at: (entry) => ({ text: formatOffset(offsetOf(trace, entry)), title: formatExact(entry.at) }),
      to: (entry) => {
        const row = entry.spanId === null || entry.traceId !== trace.traceId ? -1 : rowOfSpan(trace, entry.spanId);
        return row < 0 ? null : { address: `/trace/${trace.traceId}?span=${entry.spanId ?? ''}`, text: nameOf(trace, row) === '' ? 'Span' : nameOf(trace, row), title: `Show ${nameOf(trace, row)} of ${serviceOf(trace, row)} on the timeline` };
      },
      note: (entry) => (entry.traceId === null ? { text: 'by service and time', title: nearTitle } : entry.spanId !== null && rowOfSpan(trace, entry.spanId) < 0 ? { text: 'span not here', title: `Its span ${entry.spanId} is not among the spans that are loaded of this trace.` } : null),
    }),
    [trace],
  );
  const pick = (entry: LogEntry | null): void => changeTab({ logEntry: entry === null ? '' : placeOf(entry) });
  return (
    <div className="tlogs">
      <div className="tools" role="toolbar" aria-label="Logs">
        <div className="input find">
          <Icon name="search" />
          <input type="search" aria-label="Find in the logs" placeholder="Find in these logs" value={logsText} onChange={(event) => changeTab({ logsText: event.target.value })} />
          {(logsText !== '' || logsGrave) && <span className="f3 num xs">{formatCount(shown.length)}</span>}
        </div>
        <button type="button" className="btn" aria-pressed={logsGrave} title="Only warnings and errors" onClick={() => changeTab({ logsGrave: !logsGrave })}>
          <Icon name="warning" />
          Warnings and errors
        </button>
        <button type="button" className="btn" aria-pressed={logsNear} title={`Entries without a trace id that the trace’s services wrote while it ran${near > 0 ? `: ${formatCount(near)}` : ''}`} onClick={() => changeTab({ logsNear: !logsNear })}>
          <Icon name="clock" />
          By service and time
        </button>
        <span className="grow" />
        <span className="f2 num">{story.pending ? '' : `${plural(story.entries.length - near, 'entry', 'entries')}${near > 0 ? ` and ${formatCount(near)} by service and time` : ''}`}</span>
        <Link className="btn" href={logsAddress({ text: `trace=${trace.traceId}` })}>
          Open in Logs
          <Icon name="arrow" />
        </Link>
      </div>
      {late && <div className="progress" />}
      {story.error !== null ? (
        <div className="state" role="alert">
          <div className="box">
            <b className="strong">The logs can’t be loaded</b>
            <div className="f2">{story.error.message}</div>
            <div className="line again">
              <button type="button" className="btn" aria-busy={story.fetching} onClick={story.retry}>
                Retry
              </button>
            </div>
          </div>
        </div>
      ) : story.entries.length === 0 ? (
        !story.pending && (
          <div className="state">
            <h3 className="big">No log entry belongs to this trace</h3>
            <p className="sub">None names the trace {trace.traceId.slice(0, 16)}, and none without a trace id was written by its services while it ran.</p>
            <HowToSendLogs />
          </div>
        )
      ) : (
        <div className="tlmain">
          <LogRows
            entries={shown}
            label="Logs of the trace"
            heads={['In trace', 'Span']}
            form={form}
            kind="offsets"
            active={logEntry === '' ? null : logEntry}
            open={pick}
            end={
              <>
                {shown.length === 0 && <p className="end f3">No entry matches.</p>}
                {story.cut && <p className="note warnt">The first {formatCount(mostOfTrace)} are shown; “Open in Logs” has all.</p>}
                {story.notes.map((note) => (
                  <p key={note} className="note warnt">
                    {note}
                  </p>
                ))}
              </>
            }
          />
          {open !== null && (
            <aside className="tlentry" aria-label="Log entry">
              <button type="button" className="btn ghost sq" aria-label="Close the log entry" onClick={() => pick(null)}>
                <Icon name="close" />
              </button>
              <LogDetail entry={open} find={(term) => logsAddress({ text: term })} />
            </aside>
          )}
        </div>
      )}
    </div>
  );
}
