import { isRiskLevel, type RiskLevel } from '../../model/events';
import { readRange, writeRange } from '../../model/rangeAddress';
import type { TimeRange } from '../../model/timeRange';

/** All that the screen shows, and all of it is in the address. */
export interface EventsState {
  readonly range: TimeRange;
  readonly risk: RiskLevel | null;
  readonly camera: string;
  /** The event whose details are shown. */
  readonly event: number | null;
  readonly live: boolean;
}

export function readEvents(search: string): EventsState {
  const parameters = new URLSearchParams(search);
  const [risk, event] = [parameters.get('risk'), parameters.get('event')];
  const range = readRange(parameters);
  return { range, risk: risk !== null && isRiskLevel(risk) ? risk : null, camera: parameters.get('camera') ?? '', event: event !== null && /^\d{1,15}$/.test(event) ? Number(event) : null, live: parameters.get('live') === '1' && range.kind !== 'between' };
}

/** With its path. */
export function writeEvents({ range, risk, camera, event, live }: EventsState): string {
  const parameters = new URLSearchParams();
  writeRange(parameters, range);
  if (risk !== null) parameters.set('risk', risk);
  if (camera !== '') parameters.set('camera', camera);
  if (live && range.kind !== 'between') parameters.set('live', '1');
  if (event !== null) parameters.set('event', String(event));
  const query = parameters.toString();
  return query === '' ? '/events' : `/events?${query}`;
}

/** The traces of all images that were judged together. */
export const batchAddress = (batchId: string): string => `/search?${new URLSearchParams({ q: `batch.id=${JSON.stringify(batchId)}`, range: 'all' })}`;
