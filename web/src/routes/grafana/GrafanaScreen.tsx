import { useQuery } from '@tanstack/react-query';
import { configQuery } from '../../api/queries';
import { grafanaAddress } from '../../model/grafana';

/** Where Open in Grafana leads when the configuration could not be loaded: the way on, or what to set. */
export function GrafanaScreen() {
  const config = useQuery(configQuery);
  const address = grafanaAddress(config.data?.grafanaUrl ?? null);
  return (
    <main className="screen">
      <div className="state">
        {config.isPending ? (
          <p className="sub">Loading the configuration…</p>
        ) : address !== null ? (
          <>
            <h2 className="big">Grafana is at {address}</h2>
            <p className="sub">It opens in a tab of its own.</p>
            <div className="acts">
              <a className="btn primary" href={address} target="_blank" rel="noopener noreferrer">
                Open in Grafana
              </a>
            </div>
          </>
        ) : config.isError ? (
          <>
            <h2 className="big">Where Grafana is could not be learned</h2>
            <p className="sub">{config.error.message}</p>
            <div className="acts">
              <button type="button" className="btn primary" onClick={() => void config.refetch()}>
                Retry
              </button>
            </div>
          </>
        ) : (
          <>
            <h2 className="big">No Grafana is configured</h2>
            <p className="sub">
              Start the server with <code className="mono opt">--grafana-url URL</code>, the address of your dashboard, and this page leads there.
            </p>
          </>
        )}
      </div>
    </main>
  );
}
