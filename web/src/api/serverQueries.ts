import { queryOptions } from '@tanstack/react-query';
import type { Setting, WholeStatus } from '../model/settings';
import { getJson } from './http';
import * as wire from './serverWire';

export const wholeStatusQuery = queryOptions({
  queryKey: ['status', 'whole'],
  queryFn: ({ signal }): Promise<WholeStatus> => getJson('/api/v1/status', wire.wholeStatus, signal),
  staleTime: 0,
});

/** What the server was started with: it does not change while the server runs. */
export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }): Promise<readonly Setting[]> => getJson('/api/v1/settings', wire.settings, signal),
});
