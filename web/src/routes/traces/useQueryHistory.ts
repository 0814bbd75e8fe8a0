import { useCallback, useEffect, useState } from 'react';
import { readQueries, withoutQuery, withQuery } from '../../model/queryHistory';
import { remember, remembered } from '../../ui/theme';

const storageKey = 'throughline.queries';

export interface QueryHistory {
  readonly queries: readonly string[];
  readonly keep: (query: string) => void;
  readonly forget: (query: string) => void;
}

/** The queries that were asked in this browser, which alone keeps them. One that the server can't read is not worth keeping. */
export function useQueryHistory(asked: string, refused: boolean): QueryHistory {
  const [queries, setQueries] = useState(() => readQueries(remembered(storageKey)));
  const write = useCallback((change: (old: readonly string[]) => readonly string[]) => {
    // Another tab may have kept some meanwhile.
    const next = change(readQueries(remembered(storageKey)));
    remember(storageKey, JSON.stringify(next));
    setQueries(next);
  }, []);
  const keep = useCallback((query: string) => write((old) => withQuery(old, query)), [write]);
  const forget = useCallback((query: string) => write((old) => withoutQuery(old, query)), [write]);
  useEffect(() => {
    if (refused) forget(asked);
  }, [refused, asked, forget]);
  return { queries, keep, forget };
}
