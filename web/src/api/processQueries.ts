import { queryOptions } from '@tanstack/react-query';
import type { ProcessCounts, RulesInForce } from '../model/processRules';
import { getJson, putJson } from './http';
import * as wire from './processWire';

const path = '/api/v1/settings/process';

export const processQuery = queryOptions({
  queryKey: ['settings', 'process'],
  queryFn: ({ signal }): Promise<RulesInForce> => getJson(path, wire.process, signal),
});

export const processCountsQuery = queryOptions({
  queryKey: ['settings', 'process', 'counts'],
  queryFn: ({ signal }): Promise<ProcessCounts> => getJson(`${path}/counts`, wire.processCounts, signal),
  staleTime: 0,
});

/** Puts rules in force that were made from a version; refused when that is not the present one any more. */
export const saveRules = (version: number, rules: unknown): Promise<RulesInForce> => putJson(path, { version, rules }, wire.process);
