import type { Suggestion } from './completion';

/** How many queries are kept, and how many are offered in an empty box and beside what is typed. */
export const mostQueries = 30;
const [offeredAtFirst, offeredBeside] = [5, 2];
const longestQuery = 2000;

/** Reads what was kept, the latest first; what can't be read is as if nothing had been. */
export function readQueries(text: string | null): readonly string[] {
  if (text === null) return [];
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) ? read.filter((one): one is string => typeof one === 'string' && one.trim() !== '' && one.length <= longestQuery).slice(0, mostQueries) : [];
  } catch {
    return [];
  }
}

export const withoutQuery = (queries: readonly string[], query: string): readonly string[] => queries.filter((one) => one !== query);

/** A query that is asked again moves to the front. */
export const withQuery = (queries: readonly string[], query: string): readonly string[] => (query.trim() === '' || query.length > longestQuery ? queries : [query, ...withoutQuery(queries, query)].slice(0, mostQueries));

/** Whole queries that could be meant: the latest in an empty box, else those that begin with what is there. */
export function querySuggestions(queries: readonly string[], draft: string): readonly Suggestion[] {
  const begun = draft.trimStart();
  const fitting = begun === '' ? queries.slice(0, offeredAtFirst) : queries.filter((query) => query.startsWith(begun) && query !== begun).slice(0, offeredBeside);
  return fitting.map((query) => ({ insert: query, label: query, note: 'recent', goesOn: false, whole: true }));
}
