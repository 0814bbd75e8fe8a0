import { useEffect, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { Trace } from '../../model/trace';
import { readTraceState, writeTraceState, type TraceState } from './url';

/** Browsers refuse more than a few hundred address changes in half a minute; a held key or a wheel makes more. */
const writeAfterMillis = 150;

/** The state of the screen and its mirror in the address. What the user does shows at once and is written a moment later. */
export function useTraceState(trace: Trace): readonly [TraceState, (change: (old: TraceState) => TraceState) => void] {
  const search = useSearch();
  const [pathname, navigate] = useLocation();
  const [state, setState] = useState(() => readTraceState(search, trace));
  const [of, setOf] = useState(trace);
  const seen = useRef(search);
  if (of !== trace) {
    // The trace was fetched again and rows may have moved: the ids in the address still mean the same spans.
    setOf(trace);
    setState(readTraceState(writeTraceState(state, of), trace));
  }
  useEffect(() => {
    if (search === seen.current) return;
    seen.current = search;
    setState(readTraceState(search, trace));
  }, [search, trace]);
  useEffect(() => {
    const timer = setTimeout(() => {
      const next = writeTraceState(state, trace);
      if (next === seen.current) return;
      seen.current = next;
      navigate(next === '' ? pathname : `${pathname}?${next}`, { replace: true });
    }, writeAfterMillis);
    return () => clearTimeout(timer);
  }, [state, trace, navigate, pathname]);
  return [state, setState];
}
