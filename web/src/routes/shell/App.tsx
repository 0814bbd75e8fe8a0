import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation, useSearch } from 'wouter';
import { currentTheme, setTheme } from '../../ui/theme';
import { HelpDialog } from '../../ui/HelpDialog';
import { useKeys } from '../../ui/keys';
import { ToastArea } from '../../ui/ToastArea';
import { TracesScreen } from '../traces/TracesScreen';
import { ConfigNotice } from './ConfigNotice';
import { Header } from './Header';
import { HealthNotices } from './HealthNotices';
import { useRemembered } from './lastList';
import { RefreshContext } from './refresh';
import { ScreenBoundary } from './ScreenBoundary';
import { entrance, screens } from './screens';

const GrafanaScreen = lazy(async () => ({ default: (await import('../grafana/GrafanaScreen')).GrafanaScreen }));
const DashboardScreen = lazy(async () => ({ default: (await import('../grafana/DashboardScreen')).DashboardScreen }));
const PipelineScreen = lazy(async () => ({ default: (await import('../pipeline/PipelineScreen')).PipelineScreen }));
const LogsScreen = lazy(async () => ({ default: (await import('../logs/LogsScreen')).LogsScreen }));
const ProfilingScreen = lazy(async () => ({ default: (await import('../profiling/ProfilingScreen')).ProfilingScreen }));
const SettingsScreen = lazy(async () => ({ default: (await import('../settings/SettingsScreen')).SettingsScreen }));
const CompareScreen = lazy(async () => ({ default: (await import('../compare/CompareScreen')).CompareScreen }));
const EventsScreen = lazy(async () => ({ default: (await import('../events/EventsScreen')).EventsScreen }));
const GalleryScreen = lazy(async () => ({ default: (await import('../gallery/GalleryScreen')).GalleryScreen }));
const TraceScreen = lazy(async () => ({ default: (await import('../trace/TraceScreen')).TraceScreen }));

/** What is asked for anew when the user asks for fresh data; searches and figures hang on the moment of that instead. */
const asOfNow: ReadonlySet<unknown> = new Set(['trace', 'span', 'config', 'status', 'health', 'settings', 'grafana-check', 'event', 'events-of-trace']);

function NotFound() {
  return (
    <main className="screen">
      <div className="state">
        <h2 className="big">This page does not exist</h2>
        <p className="sub">The address names no screen of this page.</p>
        <div className="acts">
          <Link className="btn primary" href="/">
            Go to the traces
          </Link>
        </div>
      </div>
    </main>
  );
}

/** The name of the list in the header, where its address is expected: the list, with what was asked for. */
function ToList() {
  const search = useSearch();
  return <Redirect replace to={search === '' ? '/search' : `/search?${search}`} />;
}

export function App() {
  const client = useQueryClient();
  const [place, navigate] = useLocation();
  const [help, setHelp] = useState(false);
  const [tick, setTick] = useState(0);
  const refresh = useCallback(() => {
    setTick((old) => old + 1);
    void client.invalidateQueries({ predicate: ({ queryKey: [kind] }) => asOfNow.has(kind) });
  }, [client]);
  const value = useMemo(() => ({ tick, refresh }), [tick, refresh]);
  const visited = useRemembered();
  useKeys({
    '?': () => setHelp(true),
    t: () => setTheme(currentTheme() === 'dark' ? 'light' : 'dark'),
    r: refresh,
    ...Object.fromEntries(screens.map((screen) => [screen.key, () => navigate(entrance(screen, visited))])),
  });
  return (
    <RefreshContext value={value}>
      <ToastArea>
        <Header help={() => setHelp(true)} />
        <ConfigNotice />
        <HealthNotices />
        <ScreenBoundary place={place}>
          <Suspense fallback={<main className="screen" aria-busy="true" />}>
            <Switch>
              <Route path="/trace/:id">{({ id }) => <TraceScreen key={id} traceId={id} />}</Route>
              <Route path="/compare">
                <CompareScreen />
              </Route>
              <Route path="/events">
                <EventsScreen />
              </Route>
              <Route path="/gallery">
                <GalleryScreen />
              </Route>
              <Route path="/grafana">
                <GrafanaScreen />
              </Route>
              <Route path="/grafana-dashboard">
                <DashboardScreen />
              </Route>
              <Route path="/pipeline">
                <PipelineScreen />
              </Route>
              <Route path="/logs">
                <LogsScreen />
              </Route>
              <Route path="/profiling">
                <ProfilingScreen />
              </Route>
              <Route path="/settings">
                <SettingsScreen />
              </Route>
              <Route path="/search">
                <TracesScreen />
              </Route>
              <Route path="/traces">
                <ToList />
              </Route>
              <Route path="/">
                <TracesScreen />
              </Route>
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </Suspense>
        </ScreenBoundary>
        <HelpDialog open={help} close={() => setHelp(false)} />
      </ToastArea>
    </RefreshContext>
  );
}
