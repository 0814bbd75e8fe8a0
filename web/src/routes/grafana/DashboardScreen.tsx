import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { configQuery } from '../../api/queries';
import { grafanaAddress } from '../../model/grafana';
import { Dashboard } from './Dashboard';
import './grafana.css';

/** The screen of `/grafana-dashboard`: the configured dashboard in the page, or what to do so that it shows. */
export function DashboardScreen() {
  const config = useQuery(configQuery);
  useEffect(() => {
    document.title = 'Grafana · Distributed Tracing';
  }, []);
  const address = grafanaAddress(config.data?.grafanaUrl ?? null);
  return (
    <main className="screen grafana">
      <h2 className="visually-hidden">Grafana dashboard</h2>
      {config.isPending ? (
        <p className="state sub" role="status">
          Loading the configuration…
        </p>
      ) : address !== null ? (
        <Dashboard key={address} address={address} />
      ) : config.isError ? (
        <div className="state">
          <h3 className="big">Failed to load configuration</h3>
          <p className="sub">So the address of the dashboard is not known: {config.error.message}. /grafana is the way that is left.</p>
          <div className="acts">
            <a className="btn primary" href="/grafana" target="_blank" rel="noopener noreferrer">
              Open /grafana
            </a>
            <button type="button" className="btn" aria-busy={config.isFetching} onClick={() => void config.refetch()}>
              Retry
            </button>
          </div>
        </div>
      ) : (
        <div className="state">
          <h3 className="big">No Grafana is configured</h3>
          <p className="sub">
            Start the server with <code className="mono opt">--grafana-url URL</code>, the address of your dashboard, and it shows here. With <code className="mono opt">--grafana-proxy URL</code>, the address of your Grafana, this server passes
            it on under <code className="mono">/grafana/</code>: then a page over https may embed a Grafana over http.
          </p>
        </div>
      )}
    </main>
  );
}
