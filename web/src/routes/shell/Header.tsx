import { useIsFetching, useQuery } from '@tanstack/react-query';
import { Link, useLocation, useSearch } from 'wouter';
import { configQuery } from '../../api/queries';
import { grafanaAddress } from '../../model/grafana';
import { Icon } from '../../ui/Icon';
import { setTheme, useTheme } from '../../ui/theme';
import { useToasts } from '../../ui/toasts';
import { useDelayed } from '../../ui/useDelayed';
import { jaegerAddress } from './jaeger';
import { useVisited } from './lastList';
import { Navigation } from './Navigation';
import { useRefresh } from './refresh';
import './shell.css';

const noGrafana = 'No Grafana is configured. Start the server with --grafana-url URL.';
const noJaeger = 'No Jaeger is configured (--jaeger-url URL), so this leads to Throughline’s own list of traces, as you left it.';

function OpenGrafana() {
  const config = useQuery(configQuery);
  const toasts = useToasts();
  // The backend's configuration names it; when that can't be loaded the page's own /grafana is the way that is left.
  const address = config.isError ? '/grafana' : grafanaAddress(config.data?.grafanaUrl ?? null);
  if (address !== null)
    return (
      <a className="btn" href={address} target="_blank" rel="noopener noreferrer">
        <span>
          <span className="wide">Open in </span>Grafana
        </span>
        <Icon name="external" />
      </a>
    );
  return (
    <button type="button" className="btn" aria-disabled="true" title={config.isPending ? 'Loading the configuration' : noGrafana} onClick={() => !config.isPending && toasts.fail(noGrafana)}>
      <span>
        <span className="wide">Open in </span>Grafana
      </span>
      <Icon name="external" />
    </button>
  );
}

function OpenJaeger() {
  const config = useQuery(configQuery);
  const toasts = useToasts();
  const [pathname, navigate] = useLocation();
  const search = useSearch();
  const visited = useVisited();
  const address = config.data?.jaegerUrl == null ? null : jaegerAddress(config.data.jaegerUrl, { pathname, search });
  if (address !== null)
    return (
      <a className="btn" href={address} target="_blank" rel="noopener noreferrer">
        <span>
          <span className="wide">Open </span>Jaeger
        </span>
        <Icon name="external" />
      </a>
    );
  const own = (): void => {
    if (pathname !== '/search') navigate(visited.list === '' ? '/search' : `/search?${visited.list}`);
    toasts.say(noJaeger);
  };
  return (
    <button type="button" className="btn" title={noJaeger} onClick={own}>
      <span>
        <span className="wide">Open </span>Jaeger
      </span>
      <Icon name="external" />
    </button>
  );
}

export function Header({ help }: { readonly help: () => void }) {
  const theme = useTheme();
  const { refresh } = useRefresh();
  const fetching = useDelayed(useIsFetching() > 0, 120);
  return (
    <header className="hd">
      <Link href="/" aria-label="Distributed Tracing, to the traces">
        <Icon name="activity" className="logo" strokeWidth={1.6} />
      </Link>
      <h1>Distributed Tracing</h1>
      <Navigation />
      <span className="grow" />
      <button type="button" className="btn ghost sq keyhelp" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={help}>
        <Icon name="keys" />
      </button>
      <button type="button" className="btn ghost sq" aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'} title={`${theme === 'dark' ? 'Light' : 'Dark'} theme (t)`} onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}>
        <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
      </button>
      <OpenGrafana />
      <OpenJaeger />
      <button type="button" className="btn" aria-busy={fetching} title="Refresh (r)" aria-label="Refresh" onClick={refresh}>
        <Icon name="refresh" />
        <span className="wide">Refresh</span>
      </button>
    </header>
  );
}
