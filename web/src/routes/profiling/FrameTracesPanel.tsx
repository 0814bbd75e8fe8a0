import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { profileTracesQuery, type ProfileAsk } from '../../api/profileQueries';
import { formatDuration, formatMoment, plural } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { formatShare, formatValue, shareOf, shortName } from '../../model/profile';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';

interface PanelProps {
  readonly ask: ProfileAsk;
  readonly unit: string;
  readonly name: string;
  readonly file: string;
  readonly now: UnixNano;
  readonly close: () => void;
}

/** The traces whose samples have a function in their stacks, those where it cost most first. */
export function FrameTracesPanel({ ask, unit, name, file, now, close }: PanelProps) {
  const traces = useQuery(profileTracesQuery(ask, name, file, now));
  return (
    <aside className="ptraces" aria-label={`Traces with ${name}`}>
      <div className="ptop">
        <h3 className="strong grow" title={name}>
          {shortName(name)}
        </h3>
        <button type="button" className="btn ghost sq" aria-label="Close the traces" title="Close (Esc)" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <p className="f3 wrap mono">
        {name}
        {file !== '' && `, ${file}`}
      </p>
      {traces.isError ? (
        <div className="box" role="alert">
          <b className="strong">Its traces can’t be loaded</b>
          <div className="f2">{traces.error.message}</div>
          <button type="button" className="btn" aria-busy={traces.isFetching} onClick={() => void traces.refetch()}>
            Retry
          </button>
        </div>
      ) : traces.data === undefined ? (
        <div aria-hidden="true">
          {[0, 1, 2].map((row) => (
            <span key={row} className="skeleton" />
          ))}
        </div>
      ) : (
        <>
          <p className="f2" role="status">
            {traces.data.count === 0
              ? `No sample with this function names a trace${traces.data.value > 0 ? `; ${formatValue(traces.data.value, unit)} were sampled outside of recorded spans` : ''}.`
              : `${plural(traces.data.count, 'trace')}${traces.data.count > traces.data.traces.length ? `, the first ${traces.data.traces.length}` : ''}; ${formatShare(shareOf(traces.data.value - traces.data.unlinked, traces.data.value))} of its ${formatValue(traces.data.value, unit)} lie in traces.`}
          </p>
          <ul>
            {traces.data.traces.map((trace) => {
              const span = trace.spanIds[0];
              const parameters = new URLSearchParams({ ...(span === undefined ? {} : { span }), tab: 'profile', pservice: ask.service, ptype: ask.type });
              return (
                <li key={trace.traceId}>
                  {trace.summary === null ? (
                    <span className="f2">
                      Trace <span className="mono">{trace.traceId}</span>, which is not stored
                    </span>
                  ) : (
                    <Link href={`/trace/${trace.traceId}?${parameters}`}>
                      <ServiceDot name={trace.summary.service} notched={false} />
                      <span className="trunc">{trace.summary.name === '' ? '(no name)' : trace.summary.name}</span>
                    </Link>
                  )}
                  <span className="num">{formatValue(trace.value, unit)}</span>
                  {trace.summary !== null && (
                    <span className="f3 num pwhen">
                      {formatMoment(trace.summary.start, now)}, took {formatDuration(trace.summary.duration)}
                      {trace.summary.errors > 0 && <span className="errt">{`, ${plural(trace.summary.errors, 'error')}`}</span>}
                    </span>
                  )}
                </li>
              );
            })}
          </ul>
        </>
      )}
    </aside>
  );
}
