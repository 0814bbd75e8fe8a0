import { useState, type ReactNode } from 'react';
import type { Facet } from '../model/facets';
import { formatCount } from '../model/format';
import { Icon } from './Icon';
import './facet.css';

/** As many as show before “all”: the facets of a usual pipeline fit without scrolling at 900 px. */
const shortList = 5;

const SkeletonLines = () => (
  <ul aria-hidden="true">
    {['sk-a', 'sk-b', 'sk-c', 'sk-d'].map((width) => (
      <li key={width} className="sk">
        <i className={`skeleton ${width}`} />
      </li>
    ))}
  </ul>
);

interface FacetListProps {
  readonly title: string;
  readonly facet: Facet | undefined;
  readonly chosen: readonly string[];
  readonly toggle: (value: string) => void;
  readonly mark?: (value: string) => ReactNode;
  readonly remove?: (() => void) | undefined;
  /** The query can't be read: there is nothing to wait for. */
  readonly idle: boolean;
}

/** The values of one key with the number of traces that the search would find with them. */
export function FacetList({ title, facet, chosen, toggle, mark, remove, idle }: FacetListProps) {
  const [all, setAll] = useState(false);
  const [text, setText] = useState('');
  const values = facet?.values ?? [];
  const missing = chosen.filter((value) => facet !== undefined && !values.some((known) => known.value === value)).map((value) => ({ value, traces: 0 }));
  const choices = [...values, ...missing];
  const wanted = text.trim().toLowerCase();
  const found = choices.filter((choice) => chosen.includes(choice.value) || choice.value.toLowerCase().includes(wanted));
  const shown = all || wanted !== '' ? found : found.filter((choice, index) => index < shortList || chosen.includes(choice.value));
  const distinct = facet?.distinct;
  return (
    <fieldset className="facet" aria-label={title}>
      <legend>
        <span className="trunc" title={title}>
          {title}
        </span>
        {distinct !== undefined && distinct.value > shortList && (
          <button type="button" className="f3 num more" aria-expanded={all} aria-label={all ? `Fewer of ${title}` : `All ${distinct.exact ? '' : '≥ '}${formatCount(distinct.value)} of ${title}`} onClick={() => { setAll(!all); setText(''); }}>
            {all ? 'Fewer' : `${distinct.exact ? '' : '≥ '}${formatCount(distinct.value)}`}
          </button>
        )}
        {remove !== undefined && (
          <button type="button" className="btn ghost sq" aria-label={`Remove the facet ${title}`} title="Remove this facet" onClick={remove}>
            <Icon name="close" />
          </button>
        )}
      </legend>
      {all && (
        <div className="input ffind">
          <Icon name="search" />
          <input type="search" aria-label={`Find in ${title}`} value={text} onChange={(event) => setText(event.target.value)} />
        </div>
      )}
      {facet === undefined && (idle ? <p className="f3 none">–</p> : <SkeletonLines />)}
      <ul>
        {shown.map((choice) => (
          <li key={choice.value}>
            <label title={choice.value}>
              <input type="checkbox" checked={chosen.includes(choice.value)} onChange={() => toggle(choice.value)} />
              {mark?.(choice.value)}
              <span className="trunc">{choice.value === '' ? '(empty)' : choice.value}</span>
              <span className="n">{distinct?.exact === false ? `≥ ${formatCount(choice.traces)}` : formatCount(choice.traces)}</span>
            </label>
          </li>
        ))}
      </ul>
      {all && distinct !== undefined && distinct.value > values.length && <p className="f3 none">The commonest {values.length} are listed</p>}
      {facet !== undefined && choices.length === 0 && <p className="f3 none">None here</p>}
    </fieldset>
  );
}
