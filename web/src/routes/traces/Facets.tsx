import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { facetsQuery, histogramsQuery, keysQuery } from '../../api/facetQueries';
import type { SearchRequest } from '../../api/queries';
import { facetCandidates, settledFacets, type AttributeKey, type Facet } from '../../model/facets';
import { boundsIn, readTerms, toggleValue, valuesOf, withBounds, withoutBounds, withoutValues } from '../../model/filterText';
import { notchedServices } from '../../model/serviceColor';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import { remember, remembered } from '../../ui/theme';
import { FacetList } from '../../ui/FacetList';
import { HistogramFacet } from './HistogramFacet';
import type { SearchState } from './url';

const storageKey = 'throughline.facets';
/** Values of a facet that are asked for. */
const asked = 50;
/** The server counts by no more at once. */
const mostKeys = 20;
const noKeys: readonly string[] = [];
const fixed = ['service', 'name', 'status'] as const;

interface FacetsProps {
  readonly state: SearchState;
  readonly change: (next: SearchState) => void;
  readonly request: SearchRequest;
  readonly answered: boolean;
  readonly idle: boolean;
  readonly open: boolean;
  readonly close: () => void;
}

/** All facets of a search: keys that the query does not name in one request, and for each that it names one without its own terms, so that the alternatives show. */
function useFacets(request: SearchRequest, keys: readonly string[], enabled: boolean): { readonly found: ReadonlyMap<string, Facet>; readonly fresh: boolean } {
  const named = keys.filter((key) => valuesOf(request.text, key).length > 0);
  const others = keys.filter((key) => !named.includes(key));
  const results = useQueries({
    queries: [
      ...(others.length > 0 ? [{ ...facetsQuery(request, others, asked), enabled, placeholderData: keepPreviousData }] : []),
      ...named.map((key) => ({ ...facetsQuery({ ...request, text: withoutValues(request.text, key) }, [key], asked), enabled, placeholderData: keepPreviousData })),
    ],
  });
  const found = new Map(results.flatMap((result) => result.data ?? []).map((facet) => [facet.key, facet]));
  // A facet that is asked for in another way than before shows its old values until the answer is there.
  const [last, setLast] = useState<ReadonlyMap<string, Facet>>(found);
  if ([...found].some(([key, facet]) => last.get(key) !== facet)) setLast(new Map([...last, ...found]));
  const known = keys.flatMap((key) => found.get(key) ?? last.get(key) ?? []);
  return { found: new Map(known.map((facet) => [facet.key, facet])), fresh: results.every((result) => result.isSuccess && !result.isPlaceholderData) };
}

function AddFacet({ keys, shown, add }: { readonly keys: readonly AttributeKey[]; readonly shown: readonly string[]; readonly add: (key: string) => void }) {
  const [text, setText] = useState('');
  const [message, setMessage] = useState<string | null>(null);
  const left = [...new Set(keys.map((key) => key.key))].filter((key) => !shown.includes(key) && key !== 'service.name');
  return (
    <form
      className="addf"
      onSubmit={(event) => {
        event.preventDefault();
        const key = text.trim();
        if (!left.includes(key)) {
          setMessage(key === '' ? 'Type a key' : shown.includes(key) ? 'It is shown already' : `No span here has “${key}”`);
          return;
        }
        setMessage(null);
        setText('');
        add(key);
      }}
    >
      <span className={message === null ? 'input' : 'input bad'}>
        <input type="text" list="facet-keys" autoComplete="off" aria-label="Add a facet by its key" placeholder="Add a facet: key" value={text} onChange={(event) => setText(event.target.value)} />
      </span>
      <datalist id="facet-keys">
        {left.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      {message !== null && (
        <span className="errt xs" role="alert">
          {message}
        </span>
      )}
    </form>
  );
}

/** What there is to filter by, with exact counts. Every click writes into the query, which is the one truth. */
export function Facets({ state, change, request, answered, idle, open, close }: FacetsProps) {
  const [chosen, setChosen] = useState((): readonly string[] => (remembered(storageKey) ?? '').split('\n').filter((key) => key !== '').slice(0, 8));
  const keys = useQuery({ ...keysQuery(request.from, request.to), placeholderData: keepPreviousData });
  // Keys that the query names show, whatever they are.
  const inQuery = useMemo(() => readTerms(state.text).flatMap((term) => (term.key !== null && term.operator === '=' && (keys.data ?? []).some((key) => key.key === term.key && key.key !== 'service.name') ? [term.key] : [])), [state.text, keys.data]);
  const pinned = useMemo(() => [...new Set([...chosen, ...inQuery])].slice(0, 9), [chosen, inQuery]);
  // The attribute facets that show keep their place while the time range stays.
  const range = state.range.kind === 'last' ? state.range.preset : state.range.kind === 'all' ? 'all' : `${state.range.from}-${state.range.to}`;
  const [settled, setSettled] = useState<{ readonly range: string; readonly keys: readonly string[] }>({ range, keys: [] });
  const before = settled.range === range ? settled.keys : noKeys;
  const candidates = useMemo(() => {
    const usual = keys.data === undefined ? [] : facetCandidates(keys.data, pinned);
    return before.length === 0 || usual.length === 0 ? usual : [...new Set([...pinned, ...before, ...usual])].slice(0, mostKeys - fixed.length);
  }, [keys.data, pinned, before]);
  const { found, fresh } = useFacets(request, [...fixed, ...candidates], answered && keys.data !== undefined);
  const histograms = useHistograms(request, answered);

  const notched = useMemo(() => notchedServices((found.get('service')?.values ?? []).map((value) => value.value)), [found]);
  const attributes = settledFacets(fresh ? before : settled.keys, candidates.flatMap((key) => found.get(key) ?? []), pinned);
  if (fresh && keys.isSuccess && !keys.isPlaceholderData && (settled.range !== range || attributes.length !== before.length)) setSettled({ range, keys: attributes });
  const keep = (next: readonly string[]): void => {
    setChosen(next);
    remember(storageKey, next.join('\n'));
  };
  const list = (title: string, key: string, removable: boolean) => (
    <FacetList
      key={key}
      title={title}
      facet={found.get(key)}
      chosen={valuesOf(state.text, key)}
      toggle={(value) => change({ ...state, text: toggleValue(state.text, key, value) })}
      {...(key === 'service' ? { mark: (name: string) => <ServiceDot name={name} notched={notched.has(name)} /> } : {})}
      idle={idle}
      remove={
        removable
          ? () => {
              setSettled({ range, keys: before.filter((other) => other !== key) });
              keep(chosen.filter((other) => other !== key));
            }
          : undefined
      }
    />
  );
  const histogram = (title: string, key: 'duration' | 'waiting') => (
    <HistogramFacet title={title} histogram={histograms[key]} bounds={boundsIn(state.text, key)} change={(bounds) => change({ ...state, text: withBounds(state.text, key, bounds) })} />
  );
  return (
    <aside id="facets" className={open ? 'fc open' : 'fc'} aria-label="Facets">
      <div className="fctop">
        <b className="strong">Filters</b>
        <span className="grow" />
        <button type="button" className="btn ghost sq" aria-label="Close the filters" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      {list('Service', 'service', false)}
      {list('Operation', 'name', false)}
      {list('Status', 'status', false)}
      {histogram('Duration', 'duration')}
      {histogram('Waiting', 'waiting')}
      {attributes.map((key) => list(key, key, chosen.includes(key)))}
      <AddFacet keys={keys.data ?? []} shown={attributes} add={(key) => keep([...chosen.filter((other) => other !== key), key].slice(-8))} />
    </aside>
  );
}

/** Each histogram under the other conditions: its own bounds would leave nothing to see beside what was chosen. */
function useHistograms(request: SearchRequest, enabled: boolean) {
  const duration = useQuery({ ...histogramsQuery({ ...request, text: withoutBounds(request.text, 'duration') }), enabled, placeholderData: keepPreviousData });
  const waiting = useQuery({ ...histogramsQuery({ ...request, text: withoutBounds(request.text, 'waiting') }), enabled, placeholderData: keepPreviousData });
  return { duration: duration.data?.duration, waiting: waiting.data?.waiting };
}
