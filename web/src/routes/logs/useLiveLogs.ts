import { useEffect, useRef, useState } from 'react';
import { newLogs, type LogRequest } from '../../api/logQueries';
import { joined, type LogEntry } from '../../model/logs';

const pollMillis = 2000;
/** More than this of what came is let go again: the list below it can be loaded anew. */
const mostKept = 5000;

export interface LiveLogs {
  /** What came and shows. */
  readonly entries: readonly LogEntry[];
  /** What came while the reader was reading. */
  readonly waiting: readonly LogEntry[];
  readonly failed: boolean;
  /** More came at once than is taken into the list: some of it is missing there. */
  readonly missed: boolean;
  readonly show: () => void;
}

interface Came {
  readonly key: string;
  readonly shown: readonly LogEntry[];
  readonly waiting: readonly LogEntry[];
  readonly missed: boolean;
}

/**
 * Follows what arrives by asking for what came after the last number that was seen; so nothing is missed, however old its time is. While `paused` it is kept aside, and joins the rest when that ends. `key` names the request: with
 * another one it begins anew.
 */
export function useLiveLogs(on: boolean, paused: boolean, request: LogRequest, key: string, last: bigint | null): LiveLogs {
  const [came, setCame] = useState<Came>({ key, shown: [], waiting: [], missed: false });
  const [failed, setFailed] = useState(false);
  const seen = useRef<bigint | null>(null);
  const state = useRef({ paused, request });
  useEffect(() => {
    state.current = { paused, request };
  });
  useEffect(() => {
    if (!on || last === null) return;
    seen.current = last;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      try {
        const page = await newLogs(state.current.request, seen.current ?? 0n, stop.signal);
        seen.current = page.lastSequence;
        setFailed(false);
        if (page.entries.length > 0)
          setCame((old) => {
            const known = old.key === key ? old : { key, shown: [], waiting: [], missed: false };
            const list = joined(page.entries, state.current.paused ? known.waiting : known.shown);
            const missed = known.missed || page.next !== null || list.length > mostKept;
            return state.current.paused ? { ...known, missed, waiting: list.slice(0, mostKept) } : { ...known, missed, shown: list.slice(0, mostKept) };
          });
      } catch {
        // The next beat asks again from the same place; the button says that it does not get through.
        if (!stop.signal.aborted) setFailed(true);
      }
      if (!stop.signal.aborted) timer = setTimeout(() => void ask(), pollMillis);
    };
    timer = setTimeout(() => void ask(), pollMillis);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [on, key, last]);
  const own = came.key === key && on;
  const show = (old: Came): Came => ({ ...old, shown: joined(old.waiting, old.shown), waiting: [] });
  if (own && !paused && came.waiting.length > 0) setCame(show);
  return {
    entries: own ? came.shown : [],
    waiting: own ? came.waiting : [],
    failed: on && failed,
    missed: own && came.missed,
    show: () => setCame(show),
  };
}
