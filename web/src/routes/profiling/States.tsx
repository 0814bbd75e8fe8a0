import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { profiledServicesQuery } from '../../api/profileQueries';
import { configQuery } from '../../api/queries';
import { formatMoment } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import type { ProfiledService } from '../../model/profile';
import { rangeName, rangePhrase, wider, type TimeRange } from '../../model/timeRange';
import type { ProfilingState } from './url';

/** The final geometry while the first answer is under way. */
export function ProfilingSkeleton() {
  return (
    <div className="pbones" aria-hidden="true">
      {[100, 96, 71, 64, 40, 33, 18].map((width) => (
        <span key={width} className="skeleton" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** No window in the range: whether there are any at other times, and how profiles come here. */
export function EmptyProfiling({ range, now, widen }: { readonly range: TimeRange; readonly now: UnixNano; readonly widen: (range: TimeRange) => void }) {
  const all = useQuery(profiledServicesQuery({ from: null, to: null }, now));
  const config = useQuery(configQuery);
  const types = all.data?.services.flatMap((service) => service.types) ?? [];
  const last = types.reduce<UnixNano | null>((latest, type) => (latest === null || type.last > latest ? type.last : latest), null);
  const next = wider(range);
  return (
    <div className="state">
      <h3 className="big">{last === null ? 'No profile has arrived yet' : `No profiles ${rangePhrase(range)}`}</h3>
      {last !== null ? (
        <>
          <p className="sub">{`The last window ended ${formatMoment(last, now)}.`}</p>
          <div className="acts">
            <button type="button" className="btn primary" onClick={() => widen(next)}>
              {rangeName(next)}
            </button>
          </div>
        </>
      ) : (
        <>
          <p className="sub">
            A .NET service sends windows of itself with <code className="mono">{`Telemetry__Profiles__Endpoint=${config.data?.otlpHttp ?? 'http://127.0.0.1:4318'}`}</code>. Pyroscope’s libraries send theirs to the same address. Any pprof profile can be sent by hand:
          </p>
          <pre className="mono pcode">{`curl --data-binary @cpu.pb.gz '${config.data?.otlpHttp ?? 'http://127.0.0.1:4318'}/api/v1/profiles?service=NAME'`}</pre>
          <div className="acts">
            <Link className="btn" href="/settings">
              Check what is received
            </Link>
          </div>
        </>
      )}
    </div>
  );
}

/** The service of the address has no profiles here; others have. */
export function NoProfiles({ service, services, change }: { readonly service: string; readonly services: readonly ProfiledService[]; readonly change: (next: Partial<ProfilingState>) => void }) {
  return (
    <div className="state">
      <h3 className="big">{`${service} has no profiles in this time range`}</h3>
      <p className="sub">These services have:</p>
      <div className="acts">
        {services.map((one) => (
          <button key={one.service} type="button" className="btn" onClick={() => change({ service: one.service })}>
            {one.service}
          </button>
        ))}
      </div>
    </div>
  );
}
