import { useEffect } from 'react';
import { useLocation, useSearch } from 'wouter';
import { terms } from '../../model/filterText';
import { withTerm } from '../../model/filterTerm';
import { visitedAfter, type Visited } from './screens';

const keys = { list: 'throughline.list', pipeline: 'throughline.pipeline', logs: 'throughline.logs' } as const;

function remembered(): Visited {
  try {
    return { list: sessionStorage.getItem(keys.list) ?? '', pipeline: sessionStorage.getItem(keys.pipeline) ?? '', logs: sessionStorage.getItem(keys.logs) ?? '' };
  } catch {
    return { list: '', pipeline: '', logs: '' };
  }
}

/** What the list and the pipeline showed last, with the address that is shown now. */
export function useVisited(): Visited {
  const [path] = useLocation();
  return visitedAfter(remembered(), path, useSearch());
}

/** Keeps what the list and the pipeline show, for this tab of the browser: the header leads back to it, and a condition that is picked in a trace is added to it. */
export function useRemembered(): Visited {
  const visited = useVisited();
  useEffect(() => {
    try {
      sessionStorage.setItem(keys.list, visited.list);
      sessionStorage.setItem(keys.pipeline, visited.pipeline);
      sessionStorage.setItem(keys.logs, visited.logs);
    } catch {
      // Without storage each screen begins anew, and so does the query that a condition is added to.
      return;
    }
  }, [visited.list, visited.pipeline, visited.logs]);
  return visited;
}

/** The address of the list with one more condition. */
export function listWith(term: string): string {
  const parameters = new URLSearchParams(remembered().list);
  parameters.set('q', withTerm(terms(parameters.get('q') ?? ''), term));
  parameters.delete('cursor');
  return `/search?${parameters}`;
}
