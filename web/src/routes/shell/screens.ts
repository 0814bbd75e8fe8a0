/** The screens that the header leads to, in its order. `paths` are the addresses at which a screen counts as the one that is shown. */
export interface Screen {
  readonly name: string;
  readonly path: string;
  readonly key: string;
  readonly paths: RegExp;
}

export const screens: readonly Screen[] = [
  { name: 'Traces', path: '/', key: 'g t', paths: /^\/(search|trace\/.*)?$/ },
  { name: 'Logs', path: '/logs', key: 'g l', paths: /^\/logs$/ },
  { name: 'Pipeline', path: '/pipeline', key: 'g p', paths: /^\/pipeline$/ },
  { name: 'Compare', path: '/compare', key: 'g c', paths: /^\/compare$/ },
  { name: 'Profiling', path: '/profiling', key: 'g f', paths: /^\/profiling$/ },
  { name: 'Events', path: '/events', key: 'g e', paths: /^\/events$/ },
  { name: 'Grafana', path: '/grafana-dashboard', key: 'g g', paths: /^\/grafana(-dashboard)?$/ },
  { name: 'Settings', path: '/settings', key: 'g s', paths: /^\/settings$/ },
];

/** What the screens with a time range showed last, each as the search of its address. */
export interface Visited {
  readonly list: string;
  readonly pipeline: string;
  readonly logs: string;
}

const rangeNames = ['range', 'from', 'to'];

/** The search with the time range of another one; what was marked in the range before goes with it. */
function inRangeOf(search: string, other: string): string {
  const [parameters, source] = [new URLSearchParams(search), new URLSearchParams(other)];
  if (rangeNames.every((name) => parameters.get(name) === source.get(name))) return search;
  for (const name of [...rangeNames, 'brush', 'entry']) parameters.delete(name);
  for (const name of rangeNames) {
    const value = source.get(name);
    if (value !== null) parameters.set(name, value);
  }
  return parameters.toString();
}

/** What is to be remembered after a visit: the screen's own state, and its time range for the others. */
export function visitedAfter(visited: Visited, path: string, search: string): Visited {
  const others: Visited = { list: inRangeOf(visited.list, search), pipeline: inRangeOf(visited.pipeline, search), logs: inRangeOf(visited.logs, search) };
  if (path === '/' || path === '/search') return { ...others, list: search };
  if (path === '/pipeline') return { ...others, pipeline: search };
  if (path === '/logs') return { ...others, logs: search };
  return visited;
}

/** Where a screen is entered: as it was left. */
export function entrance(screen: Screen, visited: Visited): string {
  const search = screen.path === '/' ? visited.list : screen.path === '/pipeline' ? visited.pipeline : screen.path === '/logs' ? visited.logs : '';
  return search === '' ? screen.path : `${screen.path}?${search}`;
}
