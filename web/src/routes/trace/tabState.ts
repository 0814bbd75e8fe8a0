import { logViews, type LogView } from '../../model/logView';
import { groupings, statisticColumns, type Grouping, type StatisticColumn } from '../../model/statistics';

export const tabs = [
  { id: 'timeline', name: 'Timeline' },
  { id: 'flame', name: 'Flame graph' },
  { id: 'statistics', name: 'Statistics' },
  { id: 'logs', name: 'Logs' },
  { id: 'profile', name: 'Profile' },
  { id: 'flow', name: 'Flow' },
  { id: 'raw', name: 'Raw' },
] as const;
export type TabId = (typeof tabs)[number]['id'];

/** Which tab of a trace is open and what it shows; a part of the address like the rest of the trace's state. */
export interface TabState {
  readonly tab: TabId;
  /** Times as they were sent, where a view would shift them to mend clocks. */
  readonly asSent: boolean;
  readonly grouping: Grouping;
  readonly sort: StatisticColumn;
  readonly descending: boolean;
  /** The first span of the frame that the flame graph is zoomed to; empty for all. */
  readonly flame: string;
  readonly flameWaits: boolean;
  readonly flameTable: boolean;
  readonly rawText: string;
  /** Which logs the panel of the selected span shows; empty for none. */
  readonly spanLogs: LogView | '';
  /** What is looked for in the tab of the logs, whether only warnings and errors show, whether it has entries that only service and time connect with the trace, and which entry is open, by its place. */
  readonly logsText: string;
  readonly logsGrave: boolean;
  readonly logsNear: boolean;
  readonly logEntry: string;
  readonly profile: ProfileTabState;
}

/** Whose profile is shown: a service and a type (empty: the first), a span (empty: the whole trace), and the frame that is zoomed to, by its key. */
export interface ProfileTabState {
  readonly service: string;
  readonly type: string;
  readonly span: string;
  readonly zoom: string;
  readonly table: boolean;
}

export const firstTab: TabState = {
  tab: 'timeline', asSent: false, grouping: 'both', sort: 'self', descending: true, flame: '', flameWaits: true, flameTable: false, rawText: '',
  spanLogs: '', logsText: '', logsGrave: false, logsNear: true, logEntry: '',
  profile: { service: '', type: '', span: '', zoom: '', table: false },
};

const oneOf = <T extends string>(values: readonly T[], text: string | null, otherwise: T): T => values.find((value) => value === text) ?? otherwise;

export function readTabState(parameters: URLSearchParams): TabState {
  return {
    tab: oneOf(tabs.map((tab) => tab.id), parameters.get('tab'), firstTab.tab),
    asSent: parameters.get('times') === 'sent',
    grouping: oneOf(groupings, parameters.get('by'), firstTab.grouping),
    sort: oneOf(statisticColumns, parameters.get('sort'), firstTab.sort),
    descending: parameters.get('direction') !== 'asc',
    flame: parameters.get('flame') ?? '',
    flameWaits: parameters.get('waits') !== 'out',
    flameTable: parameters.get('as') === 'table',
    rawText: parameters.get('raw') ?? '',
    spanLogs: logViews.find((view) => view === parameters.get('logs')) ?? '',
    logsText: parameters.get('logfind') ?? '',
    logsGrave: parameters.get('level') === 'warn',
    logsNear: parameters.get('near') !== 'off',
    logEntry: parameters.get('entry') ?? '',
    profile: { service: parameters.get('pservice') ?? '', type: parameters.get('ptype') ?? '', span: parameters.get('pspan') ?? '', zoom: parameters.get('pzoom') ?? '', table: parameters.get('pas') === 'table' },
  };
}

/** Adds what is not as it is by default. */
export function writeTabState(state: TabState, parameters: URLSearchParams): void {
  if (state.tab !== firstTab.tab) parameters.set('tab', state.tab);
  if (state.asSent) parameters.set('times', 'sent');
  if (state.grouping !== firstTab.grouping) parameters.set('by', state.grouping);
  if (state.sort !== firstTab.sort) parameters.set('sort', state.sort);
  if (!state.descending) parameters.set('direction', 'asc');
  if (state.flame !== '') parameters.set('flame', state.flame);
  if (!state.flameWaits) parameters.set('waits', 'out');
  if (state.flameTable) parameters.set('as', 'table');
  if (state.rawText !== '') parameters.set('raw', state.rawText);
  if (state.spanLogs !== '') parameters.set('logs', state.spanLogs);
  if (state.logsText !== '') parameters.set('logfind', state.logsText);
  if (state.logsGrave) parameters.set('level', 'warn');
  if (!state.logsNear) parameters.set('near', 'off');
  if (state.logEntry !== '') parameters.set('entry', state.logEntry);
  const { profile } = state;
  for (const part of ['service', 'type', 'span', 'zoom'] as const) if (profile[part] !== '') parameters.set(`p${part}`, profile[part]);
  if (profile.table) parameters.set('pas', 'table');
}
