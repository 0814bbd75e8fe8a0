import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { logKeysQuery, logValuesQuery, type LogRequest } from '../../api/logQueries';
import { keySuggestions, sampleSuggestions, valueSuggestions, type Place, type Suggestion } from '../../model/completion';
import { withoutValues } from '../../model/filterText';
import { logFields, logFieldsBehind, offeredKeys } from '../../model/logCompletion';
import { useSettled } from '../../ui/useSettled';

/** Typing faster than this asks once. */
const pauseMillis = 60;
const asked = 30;

/** What could stand at the caret of a query for logs. Values are counted under the other terms of the query; what is no longer wanted is cancelled. */
export function useLogOffers(place: Place, request: LogRequest, open: boolean): readonly Suggestion[] {
  const keys = useQuery({ ...logKeysQuery(request), enabled: open });
  const named = place.kind === 'value' ? logFieldsBehind(place.operator) : logFields;
  const isStored = place.kind === 'value' && (named[place.key]?.samples ?? null) === null;
  const [key, typed, text] = isStored ? [place.key, place.typed, withoutValues(place.others, place.key)] : ['', '', ''];
  const settled = useSettled(typed, pauseMillis);
  const values = useQuery({
    ...logValuesQuery({ ...request, text }, key, asked, settled),
    enabled: open && isStored && settled === typed,
    // The list of the same key stays while a letter more is asked for; another key's would be wrong.
    placeholderData: (data) => (data?.key === key ? keepPreviousData(data) : undefined),
  });
  return useMemo(() => {
    if (!open) return [];
    if (place.kind === 'key') return keySuggestions(place.typed, offeredKeys(keys.data ?? []), logFields);
    if (!isStored) return sampleSuggestions(place.key, place.typed, named);
    if (values.data === undefined || values.data.key !== place.key) return [];
    const left = values.data.values.filter((value) => value.value.toLowerCase().includes(place.typed.toLowerCase()));
    // What is there in full needs no suggestion.
    if (left.length === 1 && left[0]?.value === place.typed) return [];
    return valueSuggestions(place.typed, left.map((value) => ({ value: value.value, traces: value.entries })), values.data.distinct.exact, ['entry', 'entries']);
  }, [open, place, isStored, named, keys.data, values.data]);
}
