import { queryOptions } from '@tanstack/react-query';
import { laneMetrics } from '../model/lanes';
import type { MetricSeries } from '../model/metric';
import { after, type UnixNano } from '../model/nano';
import { getJson } from './http';
import { metricPoints, metrics } from './metricWire';

/** Senders report every minute if nobody told them otherwise: a trace of a second lies between two points. */
const around = 75e9;

export interface LaneData {
  readonly series: readonly MetricSeries[];
  /** How many metrics the services sent in that time, of whatever kind. */
  readonly metrics: number;
  readonly truncated: string | null;
}

/** The series that lanes are made of, of some services over a trace's time and a little around it. */
export const laneSeriesQuery = (services: readonly string[], start: UnixNano, total: number) => {
  const bounds = new URLSearchParams();
  for (const service of services) bounds.append('service', service);
  bounds.set('from', String(after(start, -around)));
  bounds.set('to', String(after(start, total + around)));
  return queryOptions({
    queryKey: ['lanes', bounds.toString()],
    queryFn: async ({ signal }): Promise<LaneData> => {
      const list = await getJson(`/api/v1/metrics?${bounds}`, metrics, signal);
      const wanted = laneMetrics(list.metrics);
      const asked = (['auto', 'avg'] as const).filter((aggregation) => wanted[aggregation].length > 0);
      const answers = await Promise.all(
        asked.map((aggregation) => {
          const parameters = new URLSearchParams(bounds);
          for (const name of wanted[aggregation]) parameters.append('name', name);
          parameters.set('aggregation', aggregation);
          return getJson(`/api/v1/metrics/range?${parameters}`, metricPoints, signal);
        }),
      );
      return { series: answers.flatMap((answer) => answer.series), metrics: list.metrics.length, truncated: [list, ...answers].find((answer) => answer.truncated !== null)?.truncated ?? null };
    },
  });
};
