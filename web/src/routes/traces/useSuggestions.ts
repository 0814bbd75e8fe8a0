import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { keysQuery, valuesQuery } from '../../api/facetQueries';
import type { SearchRequest } from '../../api/queries';
import { fields, keySuggestions, sampleSuggestions, valueSuggestions, type Place, type Suggestion } from '../../model/completion';
import { withoutValues } from '../../model/filterText';

/** Typing faster than this asks once. */
const pauseMillis = 60;
const asked = 30;

/** What could stand at the caret. Values are counted under the other terms of the query; what is no longer wanted is cancelled. */
export function useSuggestions(place: Place, request: SearchRequest, open: boolean): readonly Suggestion[] {
  const keys = useQuery({ ...keysQuery(request.from, request.to), enabled: open });
  const isStored = place.kind === 'value' && (fields[place.key]?.samples ?? null) === null;
  const wanted = isStored ? JSON.stringify([place.key, place.typed, withoutValues(place.others, place.key)]) : '';
  const [settled, setSettled] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSettled(wanted), pauseMillis);
    return () => clearTimeout(timer);
  }, [wanted]);
  const [key = '', typed = '', text = ''] = useMemo((): readonly string[] => (settled === '' ? [] : texts(settled)), [settled]);
  const values = useQuery({
    ...valuesQuery({ ...request, text }, key, typed, asked),
    enabled: open && isStored && key !== '',
    // The list of the same key stays while a letter more is asked for; another key's would be wrong.
    placeholderData: (data, previous) => (previous !== undefined && data?.key === key ? keepPreviousData(data) : undefined),
  });
  return useMemo(() => {
    if (!open) return [];
    if (place.kind === 'key') return keySuggestions(place.typed, keys.data ?? []);
    if (!isStored) return sampleSuggestions(place.key, place.typed);
    if (values.data === undefined || values.data.key !== place.key) return [];
    const left = values.data.values.filter((value) => value.value.toLowerCase().includes(place.typed.toLowerCase()));
    // What is there in full needs no suggestion.
    return left.length === 1 && left[0]?.value === place.typed ? [] : valueSuggestions(place.typed, left, values.data.distinct.exact);
  }, [open, place, isStored, keys.data, values.data]);
}

function texts(json: string): readonly string[] {
  const read: unknown = JSON.parse(json);
  return Array.isArray(read) ? read.map(String) : [];
}
