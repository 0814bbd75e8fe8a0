import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { laneSeriesQuery } from '../../api/metricQueries';
import { configQuery } from '../../api/queries';
import { plural } from '../../model/format';
import { firstLanes, lanesOf, type Lane, type LaneThresholds } from '../../model/lanes';
import type { Trace } from '../../model/trace';
import type { LaneChoice } from '../../timeline/lanes/Lanes';
import type { LaneState } from './url';

const none: readonly Lane[] = [];
const noThresholds: LaneThresholds = {};

export interface LanesOnScreen {
  /** What the timeline shows; null when nothing of it is to be seen. */
  readonly choice: LaneChoice | null;
  /** Why there is nothing to show; empty when there is. */
  readonly why: string;
}

/** The resource lanes of a trace, as the user wants them: without a word of his they show when there is something to show. */
export function useLanes(trace: Trace, state: LaneState, change: (next: Partial<LaneState>) => void, enabled: boolean): LanesOnScreen {
  const query = useQuery({ ...laneSeriesQuery(trace.services, trace.start, trace.total), enabled: enabled && state.shown !== false });
  const thresholds = useQuery(configQuery).data?.lanes ?? noThresholds;
  const lanes = useMemo(() => (query.data === undefined ? none : lanesOf(query.data.series, trace.start, trace.total, thresholds)), [query.data, trace, thresholds]);
  const why =
    query.error !== null
      ? `The metrics can’t be read: ${query.error.message}.`
      : query.data === undefined
        ? 'Reading the metrics …'
        : lanes.length > 0
          ? (query.data.truncated ?? '')
          : query.data.metrics === 0
            ? `No metrics of ${trace.services.length === 1 ? 'this service' : `these ${plural(trace.services.length, 'service')}`} at that time. A service sends them with OTEL_METRICS_EXPORTER=otlp.`
            : `The services sent ${plural(query.data.metrics, 'metric')} at that time, but none of a GPU, VRAM, CPU, queue or batch.`;
  const choice = useMemo((): LaneChoice | null => {
    if (state.shown === false || (lanes.length === 0 && state.shown === null)) return null;
    const chosen = state.chosen ?? new Set(firstLanes(lanes, trace.total).map(({ key }) => key));
    return {
      lanes,
      chosen,
      why,
      toggle: (key) => {
        const next = new Set(chosen);
        if (!next.delete(key)) next.add(key);
        change({ chosen: next });
      },
    };
  }, [state, lanes, why, change, trace]);
  return { choice, why: lanes.length > 0 ? '' : why };
}
