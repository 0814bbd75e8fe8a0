import { useEffect } from 'react';
import { useLocation, useSearch } from 'wouter';
import { terms } from '../../model/filterText';
import { withTerm } from '../../model/filterTerm';

const key = 'throughline.list';

/** Keeps what the list of traces shows, for this tab of the browser: a condition that is picked in a trace is added to it. */
export function useRememberedList(): void {
  const [path] = useLocation();
  const search = useSearch();
  useEffect(() => {
    if (path !== '/' && path !== '/search') return;
    try {
      sessionStorage.setItem(key, search);
    } catch {
      // Without storage the condition begins a new query.
      return;
    }
  }, [path, search]);
}

function remembered(): string {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

/** The address of the list with one more condition. */
export function listWith(term: string): string {
  const parameters = new URLSearchParams(remembered());
  parameters.set('q', withTerm(terms(parameters.get('q') ?? ''), term));
  parameters.delete('cursor');
  return `/search?${parameters}`;
}
