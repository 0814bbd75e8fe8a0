import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiProblem } from '../../api/problem';
import { logValuesQuery, type LogRequest } from '../../api/logQueries';
import { toggleValue, valuesOf, withoutValues } from '../../model/filterText';
import { formatCount } from '../../model/format';
import { levels } from '../../model/logs';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';

const mostValues = 12;

interface FacetProps {
  readonly title: string;
  readonly name: string;
  readonly request: LogRequest;
  readonly change: (text: string) => void;
  readonly order?: (a: string, b: string) => number;
  readonly mark?: (value: string) => ReactNode;
  /** The values differ in their ends, so that these stay where there is no room for all of it. */
  readonly endsTell?: boolean;
  /** The query can't be read: there is nothing to ask for. */
  readonly idle: boolean;
}

/** The values of one key, with the entries that would be found with each; what is chosen of this key does not narrow its own list. */
function Facet({ title, name, request, change, order, mark, endsTell = false, idle }: FacetProps) {
  const values = useQuery({ ...logValuesQuery({ ...request, text: withoutValues(request.text, name) }, name, mostValues), placeholderData: keepPreviousData, enabled: !idle });
  const chosen = valuesOf(request.text, name);
  const listed = values.data?.values ?? [];
  const missing = chosen.filter((value) => !listed.some((known) => known.value === value)).map((value) => ({ value, entries: 0 }));
  const choices = [...listed, ...missing];
  const shown = order === undefined ? choices : choices.toSorted((a, b) => order(a.value, b.value));
  const more = (values.data?.distinct.value ?? 0) - listed.length;
  if (values.data !== undefined && shown.length === 0) return null;
  return (
    <fieldset className="facet">
      <legend>
        {title}
        {chosen.length > 0 && (
          <button type="button" className="more f3" onClick={() => change(withoutValues(request.text, name))}>
            clear
          </button>
        )}
      </legend>
      {idle || (values.error instanceof ApiProblem && values.error.parameter === 'q') ? (
        <p className="f3 none">–</p>
      ) : values.isError ? (
        <p className="errt none">{values.error.message}</p>
      ) : values.data === undefined ? (
        <ul aria-hidden="true">
          {['sk-a', 'sk-b', 'sk-c'].map((width) => (
            <li key={width} className="sk">
              <i className={`skeleton ${width}`} />
            </li>
          ))}
        </ul>
      ) : (
        <ul>
          {shown.map(({ value, entries }) => (
            <li key={value}>
              <label title={value}>
                <input type="checkbox" checked={chosen.includes(value)} onChange={() => change(toggleValue(request.text, name, value))} />
                {mark?.(value)}
                <span className={endsTell ? 'trunc lastpart' : 'trunc'}>
                  <bdi>{value === '' ? '(empty)' : value}</bdi>
                </span>
                <span className="n">{formatCount(entries)}</span>
              </label>
            </li>
          ))}
        </ul>
      )}
      {more > 0 && <p className="f3 none">{formatCount(more)} more; search by {name}=…</p>}
    </fieldset>
  );
}

const byGravity = (a: string, b: string): number => levels.findIndex((level) => level === b) - levels.findIndex((level) => level === a);

export function LogFacets({ request, change, idle, open, close }: { readonly request: LogRequest; readonly change: (text: string) => void; readonly idle: boolean; readonly open: boolean; readonly close: () => void }) {
  return (
    <aside id="log-facets" className={open ? 'fc open' : 'fc'} aria-label="Filters">
      <div className="fctop">
        <b className="strong grow">Filters</b>
        <button type="button" className="btn ghost sq" aria-label="Close the filters" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <Facet title="Level" name="level" request={request} change={change} idle={idle} order={byGravity} />
      <Facet title="Service" name="service" request={request} change={change} idle={idle} mark={(value) => <ServiceDot name={value} notched={false} />} />
      <Facet title="Logger" name="scope" request={request} change={change} idle={idle} endsTell />
      <Facet title="Event" name="event" request={request} change={change} idle={idle} />
    </aside>
  );
}
