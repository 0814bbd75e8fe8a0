import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { operationsQuery, servicesQuery, statusCountsQuery, type SearchRequest } from '../../api/queries';
import { parseDuration } from '../../model/durationText';
import { formatCount } from '../../model/format';
import { notchedServices } from '../../model/serviceColor';
import type { Total } from '../../model/summary';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import { statuses, toggled, type SearchState } from './url';

interface Choice {
  readonly value: string;
  readonly count: string;
  readonly mark?: ReactNode;
}

/** As many as show before “all”: the facets of a usual pipeline fit without scrolling at 900 px. */
const shortList = 8;

function FacetList({ title, unit, choices, chosen, toggle, loading }: { readonly title: string; readonly unit: string; readonly choices: readonly Choice[]; readonly chosen: readonly string[]; readonly toggle: (value: string) => void; readonly loading: boolean }) {
  const [all, setAll] = useState(false);
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const found = choices.filter((choice) => chosen.includes(choice.value) || choice.value.toLowerCase().includes(wanted));
  const shown = all || wanted !== '' ? found : found.filter((choice, index) => index < shortList || chosen.includes(choice.value));
  return (
    <fieldset className="facet">
      <legend>
        {title}
        <span className="f3 num">{unit}</span>
      </legend>
      {all && (
        <div className="input ffind">
          <Icon name="search" />
          <input type="search" aria-label={`Find in ${title}`} value={text} onChange={(event) => setText(event.target.value)} />
        </div>
      )}
      {loading && choices.length === 0 && <SkeletonLines />}
      <ul>
        {shown.map((choice) => (
          <li key={choice.value}>
            <label title={choice.value}>
              <input type="checkbox" checked={chosen.includes(choice.value)} onChange={() => toggle(choice.value)} />
              {choice.mark}
              <span className="trunc">{choice.value}</span>
              <span className="n">{choice.count}</span>
            </label>
          </li>
        ))}
      </ul>
      {choices.length > shortList && (
        <button
          type="button"
          className="linkish more"
          aria-expanded={all}
          onClick={() => {
            setAll(!all);
            setText('');
          }}
        >
          {all ? 'Fewer' : `All ${choices.length}`}
        </button>
      )}
      {!loading && choices.length === 0 && <p className="f3 none">None in this time range</p>}
    </fieldset>
  );
}

const SkeletonLines = () => (
  <ul aria-hidden="true">
    {['wa', 'wb', 'wc', 'wd'].map((width) => (
      <li key={width} className="sk">
        <i className={`skeleton ${width}`} />
      </li>
    ))}
  </ul>
);

function DurationBound({ label, value, commit, wrongOnServer }: { readonly label: string; readonly value: string; readonly commit: (text: string) => void; readonly wrongOnServer: string | null }) {
  const [draft, setDraft] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setDraft(value);
  }
  const read = draft.trim() === '' ? null : parseDuration(draft);
  const message = read !== null && !read.ok ? read.message : wrongOnServer;
  const apply = (): void => {
    const next = read === null ? '' : read.ok ? read.text : null;
    if (next !== null && next !== value) commit(next);
  };
  return (
    <label className="bound">
      <span className="lbl">{label}</span>
      <span className={message === null ? 'input' : 'input bad'}>
        <input
          type="text"
          inputMode="text"
          autoComplete="off"
          placeholder="any"
          aria-invalid={message !== null}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={apply}
          onKeyDown={(event) => {
            if (event.key === 'Enter') apply();
            if (event.key === 'Escape') setDraft(value);
          }}
        />
      </span>
      {message !== null && (
        <span className="errt xs msg" role="alert">
          {message}
        </span>
      )}
    </label>
  );
}

const countText = (total: Total | undefined): string => (total === undefined ? '' : total.exact ? formatCount(total.value) : `≥ ${formatCount(total.value)}`);

/** Filters with real counts. The counts by status are searches of their own, so they wait until the list has its answer. */
export function Facets({ state, change, request, answered, open, close }: { readonly state: SearchState; readonly change: (next: SearchState) => void; readonly request: SearchRequest; readonly answered: boolean; readonly open: boolean; readonly close: () => void }) {
  const services = useQuery({ ...servicesQuery(request.from, request.to), placeholderData: keepPreviousData });
  const operations = useQuery({ ...operationsQuery(state.services, request.from, request.to), placeholderData: keepPreviousData });
  const byStatus = useQuery({ ...statusCountsQuery(request), enabled: answered, placeholderData: keepPreviousData });

  const serviceChoices = useMemo(() => {
    const known = services.data ?? [];
    const notched = notchedServices(known.map((service) => service.name));
    const missing = state.services.filter((name) => services.data !== undefined && !known.some((service) => service.name === name));
    const choices = known.map((service) => ({ value: service.name, count: formatCount(service.spans) })).concat(missing.map((value) => ({ value, count: '0' })));
    return choices.sort((a, b) => (a.value < b.value ? -1 : 1)).map((choice) => ({ ...choice, mark: <ServiceDot name={choice.value} notched={notched.has(choice.value)} /> }));
  }, [services.data, state.services]);

  const operationChoices = useMemo(() => {
    const spans = new Map<string, bigint>();
    for (const operation of operations.data ?? []) spans.set(operation.name, (spans.get(operation.name) ?? 0n) + operation.spans);
    if (operations.data !== undefined) for (const name of state.operations) if (!spans.has(name)) spans.set(name, 0n);
    return [...spans].sort(([a, m], [b, n]) => (m === n ? (a < b ? -1 : 1) : m > n ? -1 : 1)).map(([value, count]) => ({ value, count: formatCount(count) }));
  }, [operations.data, state.operations]);

  return (
    <aside id="facets" className={open ? 'fc open' : 'fc'} aria-label="Facets">
      <div className="fctop">
        <b className="strong">Filters</b>
        <span className="grow" />
        <button type="button" className="btn ghost sq" aria-label="Close the filters" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <FacetList title="Service" unit="spans" choices={serviceChoices} chosen={state.services} loading={services.isPending} toggle={(name) => change({ ...state, services: toggled(state.services, name) })} />
      <FacetList title="Operation" unit="spans" choices={operationChoices} chosen={state.operations} loading={operations.isPending} toggle={(name) => change({ ...state, operations: toggled(state.operations, name) })} />
      <FacetList
        title="Status"
        unit="traces"
        choices={statuses.map((value) => ({ value, count: countText(byStatus.data?.[value]) }))}
        chosen={state.statuses}
        loading={false}
        toggle={(value) => change({ ...state, statuses: statuses.filter((status) => (status === value) !== state.statuses.includes(status)) })}
      />
      <fieldset className="facet">
        <legend>
          Duration
          <span className="f3">of the trace</span>
        </legend>
        <div className="bounds">
          <DurationBound label="At least" value={state.minDuration} wrongOnServer={null} commit={(minDuration) => change({ ...state, minDuration })} />
          <DurationBound label="At most" value={state.maxDuration} wrongOnServer={null} commit={(maxDuration) => change({ ...state, maxDuration })} />
        </div>
      </fieldset>
    </aside>
  );
}
