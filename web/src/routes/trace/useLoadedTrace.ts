import { useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useSearch } from 'wouter';
import { traceQuery } from '../../api/queries';
import { unixNano } from '../../model/nano';
import { windowOf } from '../../model/traceWindow';
import type { Viewport } from '../../model/viewport';
import { useSettled } from '../../ui/useSettled';

/** A zoom that goes on would ask for a window at each of its steps. */
const settleMillis = 200;

/**
 * The trace to draw. One with too many spans comes in parts: first what matters of all its time, then, as the view narrows, what matters in the view. What is
 * shown stays until the part for the new view is there; a part that fails to load leaves it, too, and the error is told.
 */
export function useLoadedTrace(traceId: string) {
  const search = useSearch();
  // A link may name a span that is too short to be in the first part.
  const [wanted] = useState(() => /^[0-9a-f]{16}$/.exec(new URLSearchParams(search).get('span') ?? '')?.[0] ?? null);
  const first = useQuery(traceQuery(traceId, null, wanted));
  const [view, setView] = useState<Viewport | null>(null);
  const whole = first.data ?? null;
  const part = useSettled(whole === null || whole.excerpt === null || view === null ? null : windowOf(view, whole.total), settleMillis, same);
  const time = whole === null || part === null ? null : { from: unixNano(whole.start + BigInt(part.from)), to: unixNano(whole.start + BigInt(part.to)) };
  const window = useQuery({ ...traceQuery(traceId, time, wanted), enabled: time !== null, placeholderData: (before) => before });
  const shown = time === null ? first : window;
  return {
    trace: (time === null ? null : window.data) ?? whole,
    whole,
    error: shown.error ?? first.error,
    dataUpdatedAt: time === null || window.data === undefined ? first.dataUpdatedAt : window.dataUpdatedAt,
    isPending: first.isPending,
    isFetching: first.isFetching || window.isFetching,
    refetch: useCallback(() => void shown.refetch(), [shown]),
    setView,
  };
}

const same = (a: Viewport | null, b: Viewport | null): boolean => a?.from === b?.from && a?.to === b?.to;
