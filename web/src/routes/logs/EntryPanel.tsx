import { Link } from 'wouter';
import { formatMoment } from '../../model/format';
import type { LogEntry } from '../../model/logs';
import { after, type UnixNano } from '../../model/nano';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import { Splitter, useKeptWidth } from '../../ui/Splitter';
import { serviceTerm, spanAddress } from '../shell/logs/address';
import { LevelMark } from '../shell/logs/LevelMark';
import { LogDetail, type FindBy } from '../shell/logs/LogDetail';

const [leastWidth, mostWidth] = [300, 900];
/** How far around an entry without trace its service's traces are looked for. */
const aroundNanos = 30e9;

/** Where an entry leads: to its span, to its trace, or, when it names none, to the traces of its service around its time. */
function Ways({ entry }: { readonly entry: LogEntry }) {
  const address = spanAddress(entry);
  if (address === null) {
    const parameters = new URLSearchParams({ q: serviceTerm(entry.resource.service), from: String(after(entry.at, -aroundNanos)), to: String(after(entry.at, aroundNanos)) });
    return (
      <>
        <Link className="btn" href={`/search?${parameters}`}>
          <Icon name="arrow" />
          Traces of the service around it
        </Link>
        <p className="f3">It carries no trace id: only its service and time connect it with traces.</p>
      </>
    );
  }
  return (
    <>
      <Link className="btn primary" href={address}>
        {entry.spanId === null ? 'Open its trace' : 'Open its span'}
      </Link>
      {entry.traceId !== null && (
        <Link className="btn" href={`/trace/${entry.traceId}?tab=logs`}>
          Logs of the trace
        </Link>
      )}
    </>
  );
}

export function EntryPanel({ entry, missing, close, find, now }: { readonly entry: LogEntry | null; readonly missing: boolean; readonly close: () => void; readonly find: FindBy; readonly now: UnixNano }) {
  const [width, setWidth] = useKeptWidth('log', 420, leastWidth, mostWidth);
  return (
    <aside className="lpanel" aria-label="Log entry" style={{ width }}>
      <Splitter label="Width of the log entry" width={width} change={setWidth} grows="left" least={leastWidth} most={mostWidth} />
      <div className="lpscroll" tabIndex={0} role="group" aria-label="Details of the log entry">
        <div className="lptop">
          {entry !== null && (
            <>
              <LevelMark level={entry.level} text={entry.severityText} />
              <ServiceDot name={entry.resource.service} notched={false} />
              <h3 className="strong trunc">{entry.resource.service}</h3>
              <span className="f2 num trunc">{formatMoment(entry.at, now)}</span>
            </>
          )}
          <span className="grow" />
          <button type="button" className="btn ghost sq" aria-label="Close the log entry" title="Close (Esc)" onClick={close}>
            <Icon name="close" />
          </button>
        </div>
        {entry === null ? (
          <p className="f2 lpnote">{missing ? 'This entry is not stored any more, or never was.' : 'Loading the entry'}</p>
        ) : (
          <>
            <div className="lpways">
              <Ways entry={entry} />
            </div>
            <LogDetail entry={entry} find={find} />
          </>
        )}
      </div>
    </aside>
  );
}
