import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { logStoryQuery } from '../../../api/logQueries';
import { told, type LogEntry } from '../../../model/logs';
import { servicesOf, timeOf, wholeTime, type LogView } from '../../../model/logView';
import type { Trace } from '../../../model/trace';

export interface Story {
  readonly entries: readonly LogEntry[];
  readonly pending: boolean;
  readonly fetching: boolean;
  readonly error: Error | null;
  /** More there are than are loaded. */
  readonly cut: boolean;
  /** Why the answer is not whole. */
  readonly notes: readonly string[];
  readonly retry: () => void;
}

const none: readonly LogEntry[] = [];

/** The entries that name the trace. */
export function useOwnLogs(trace: Trace): Story {
  const own = useQuery(logStoryQuery(trace.traceId, { from: null, to: null, text: '', traceId: trace.traceId }));
  return { entries: own.data?.entries ?? none, pending: own.isPending, fetching: own.isFetching, error: own.error, cut: own.data?.next != null, notes: own.data?.truncated == null ? [] : [own.data.truncated], retry: () => void own.refetch() };
}

/**
 * The entries that a view of the trace is of (of a span's row, or of the trace when `row` is null): those that name it, and, unless left out, those without a trace id that were written by its
 * services in its time. Oldest first.
 */
export function useLogStory(trace: Trace, row: number | null, view: LogView, withNear: boolean): Story {
  const time = row === null ? null : timeOf(trace, row, view);
  const service = view === 'service' && row !== null;
  const named = useQuery(logStoryQuery(trace.traceId, { from: time?.from ?? null, to: time?.to ?? null, text: '', ...(service ? { services: servicesOf(trace, row) } : { traceId: trace.traceId }) }));
  const nearTime = time ?? wholeTime(trace);
  const near = useQuery({ ...logStoryQuery(trace.traceId, { ...nearTime, text: '', traced: false, services: servicesOf(trace, view === 'trace' ? null : row) }), enabled: withNear && !service });
  const entries = useMemo(() => told(named.data?.entries ?? none, withNear && !service ? (near.data?.entries ?? none) : none), [named.data, near.data, withNear, service]);
  const pages = [named.data, near.data].filter((page) => page !== undefined);
  return {
    entries,
    pending: named.isPending || (withNear && !service && near.isPending),
    fetching: named.isFetching || near.isFetching,
    error: named.error ?? near.error,
    cut: pages.some((page) => page.next !== null),
    notes: pages.flatMap((page) => (page.truncated === null ? [] : [page.truncated])),
    retry: () => {
      void named.refetch();
      if (withNear && !service) void near.refetch();
    },
  };
}
