import { lazy, Suspense } from 'react';
import { Finder, Legend, type FinderProps } from './Finder';
import { tabId, tabPanelId } from './Tabs';
import type { TabState } from './tabState';

const FlameTab = lazy(() => import('./flame/FlameTab').then((module) => ({ default: module.FlameTab })));
const FlowTab = lazy(() => import('./flow/FlowTab').then((module) => ({ default: module.FlowTab })));
const LogsTab = lazy(() => import('./logs/LogsTab').then((module) => ({ default: module.LogsTab })));
const ProfileTab = lazy(() => import('./profile/ProfileTab').then((module) => ({ default: module.ProfileTab })));
const RawTab = lazy(() => import('./raw/RawTab').then((module) => ({ default: module.RawTab })));
const StatisticsTab = lazy(() => import('./statistics/StatisticsTab').then((module) => ({ default: module.StatisticsTab })));

export interface TabProps extends FinderProps {
  readonly changeTab: (change: Partial<TabState>) => void;
  /** Opens the timeline at a row. */
  readonly showRow: (row: number) => void;
}

/** What a trace shows beside its timeline; each part is loaded when it is first opened. */
export function OtherTab(props: TabProps) {
  const { tab } = props.state.tabs;
  return (
    <div id={tabPanelId} className="tabpanel" role="tabpanel" aria-labelledby={tabId(tab)}>
      {tab !== 'raw' && tab !== 'logs' && tab !== 'flow' && (
        <div className="tools" role="toolbar" aria-label="Spans">
          <Finder {...props} />
          <Legend {...props} />
        </div>
      )}
      <Suspense fallback={<div className="tabwait" role="status" aria-label="Loading" />}>
        {tab === 'flame' ? <FlameTab {...props} /> : tab === 'flow' ? <FlowTab trace={props.trace} showRow={props.showRow} /> : tab === 'logs' ? <LogsTab {...props} /> : tab === 'profile' ? <ProfileTab {...props} /> : tab === 'raw' ? <RawTab {...props} /> : <StatisticsTab {...props} />}
      </Suspense>
    </div>
  );
}
