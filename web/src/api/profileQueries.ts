import { queryOptions } from '@tanstack/react-query';
import type { UnixNano } from '../model/nano';
import type { FrameTraces, FunctionCosts, ProfiledServices, ProfileLabels, StackFlame } from '../model/profile';
import { getJson } from './http';
import * as wire from './profileWire';

/** Which samples: of a time range, or of a trace or a span of it. */
export type ProfileScope = { readonly from: UnixNano | null; readonly to: UnixNano | null } | { readonly trace: string; readonly span: string };

/** The samples of a service of one type, beside those of another range when they are compared. */
export interface ProfileAsk {
  readonly scope: ProfileScope;
  readonly service: string;
  readonly type: string;
  readonly unit: string;
  /** Only series with these labels, each KEY:VALUE. */
  readonly labels: readonly string[];
  readonly base: { readonly from: UnixNano; readonly to: UnixNano } | null;
}

function scopeParameters(scope: ProfileScope): URLSearchParams {
  const parameters = new URLSearchParams();
  if ('trace' in scope) {
    parameters.set('trace', scope.trace);
    if (scope.span !== '') parameters.set('span', scope.span);
    return parameters;
  }
  if (scope.from !== null) parameters.set('from', String(scope.from));
  if (scope.to !== null) parameters.set('to', String(scope.to));
  return parameters;
}

function askParameters(ask: ProfileAsk): URLSearchParams {
  const parameters = scopeParameters(ask.scope);
  parameters.set('service', ask.service);
  parameters.set('type', ask.type);
  parameters.set('unit', ask.unit);
  for (const label of ask.labels) parameters.append('label', label);
  if (ask.base !== null) {
    parameters.set('baseFrom', String(ask.base.from));
    parameters.set('baseTo', String(ask.base.to));
  }
  return parameters;
}

/** `asOf` is the moment that the answer is of: the server is asked again for another. */
export const profiledServicesQuery = (scope: ProfileScope, asOf: UnixNano | null) => {
  const key = scopeParameters(scope).toString();
  return queryOptions({ queryKey: ['profiled-services', `${asOf ?? ''} ${key}`], queryFn: ({ signal }): Promise<ProfiledServices> => getJson(`/api/v1/profiles/services?${key}`, wire.profiledServices, signal) });
};

/** The labels by which the samples of a service can be told apart. */
export const profileLabelsQuery = (ask: ProfileAsk, asOf: UnixNano | null) => {
  const key = askParameters({ ...ask, base: null }).toString();
  return queryOptions({ queryKey: ['profile-labels', `${asOf ?? ''} ${key}`], queryFn: ({ signal }): Promise<ProfileLabels> => getJson(`/api/v1/profiles/labels?${key}`, wire.profileLabels, signal) });
};

export const profileFlameQuery = (ask: ProfileAsk, asOf: UnixNano | null) => {
  const key = askParameters(ask).toString();
  return queryOptions({
    queryKey: ['profile-flame', `${asOf ?? ''} ${key}`],
    queryFn: ({ signal }): Promise<StackFlame> => getJson(`/api/v1/profiles/flame?${key}`, wire.profileFlame, signal),
    // Thousands of frames: comparing two graphs deeply to share parts would cost more than it saves.
    structuralSharing: false,
  });
};

/** Rows of one answer; the others are found by the graph. */
const functionLimit = 2000;

export const profileFunctionsQuery = (ask: ProfileAsk, order: 'self' | 'total' | 'change', asOf: UnixNano | null) => {
  const parameters = askParameters(ask);
  parameters.set('order', order);
  parameters.set('limit', String(functionLimit));
  const key = parameters.toString();
  return queryOptions({ queryKey: ['profile-functions', `${asOf ?? ''} ${key}`], queryFn: ({ signal }): Promise<FunctionCosts> => getJson(`/api/v1/profiles/functions?${key}`, wire.profileFunctions, signal), structuralSharing: false });
};

export const profileTracesQuery = (ask: ProfileAsk, name: string, file: string, asOf: UnixNano | null) => {
  const parameters = askParameters({ ...ask, base: null });
  parameters.set('function', name);
  if (file !== '') parameters.set('file', file);
  const key = parameters.toString();
  return queryOptions({ queryKey: ['profile-traces', `${asOf ?? ''} ${key}`], queryFn: ({ signal }): Promise<FrameTraces> => getJson(`/api/v1/profiles/traces?${key}`, wire.profileTraces, signal) });
};
