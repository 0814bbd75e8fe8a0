import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { recountQuery, statusQuery, type SearchRequest } from '../../api/queries';

/** How often the server is asked whether anything came. */
const pollMillis = 2000;

export interface Live {
  /** Matches that came while the reader was looking elsewhere; null when that is not known. */
  readonly fresh: number | null;
  readonly show: () => void;
}

/**
 * Follows what arrives. The server is asked for one small answer; only when it has received spans since, the screen is renewed, or, while `paused`, the matches that came are counted.
 * `request` is what is shown, `shown` its number of matches, `renew` shows what came.
 */
export function useLive(on: boolean, paused: boolean, request: SearchRequest, shown: number | null, renew: () => void): Live {
  const status = useQuery({ ...statusQuery, enabled: on, refetchInterval: on ? pollMillis : false });
  const received = on ? (status.data?.spans ?? null) : null;
  const seen = useRef<bigint | null>(null);
  const [known, setKnown] = useState<bigint | null>(null);
  const show = useCallback(() => {
    seen.current = received;
    setKnown(received);
    renew();
  }, [received, renew]);
  useEffect(() => {
    if (!on) seen.current = null;
    if (received === null || received === seen.current) return;
    if (!paused) show();
    else if (seen.current === null) {
      seen.current = received;
      setKnown(received);
    }
  }, [on, paused, received, show]);

  const behind = on && paused && received !== null && received !== known;
  const count = useQuery({ ...recountQuery(request, received), enabled: behind && shown !== null });
  const [last, setLast] = useState<number | null>(null);
  const value = count.data?.value ?? null;
  if (value !== null && value !== last) setLast(value);
  const fresh = behind && last !== null && shown !== null ? Math.max(0, last - shown) : null;
  return { fresh, show };
}
