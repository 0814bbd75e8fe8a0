/** The screens that the header leads to, in its order. `paths` are the addresses at which a screen counts as the one that is shown. */
export interface Screen {
  readonly name: string;
  readonly path: string;
  readonly key: string;
  readonly paths: RegExp;
}

export const screens: readonly Screen[] = [
  { name: 'Traces', path: '/', key: 'g t', paths: /^\/(search|trace\/.*)?$/ },
  { name: 'Pipeline', path: '/pipeline', key: 'g p', paths: /^\/pipeline$/ },
  { name: 'Compare', path: '/compare', key: 'g c', paths: /^\/compare$/ },
  { name: 'Grafana', path: '/grafana-dashboard', key: 'g g', paths: /^\/grafana(-dashboard)?$/ },
  { name: 'Settings', path: '/settings', key: 'g s', paths: /^\/settings$/ },
];
