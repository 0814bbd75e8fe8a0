import { createContext, use } from 'react';

/** How often the user has asked for fresh data; everything that is as of a moment hangs on it. */
export interface Refresh {
  readonly tick: number;
  refresh(): void;
}

export const RefreshContext = createContext<Refresh>({ tick: 0, refresh: () => undefined });
export const useRefresh = (): Refresh => use(RefreshContext);
