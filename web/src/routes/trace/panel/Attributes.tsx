import { useState } from 'react';
import { Link } from 'wouter';
import { attributeText, matchesAttribute, webAddress, type Attribute } from '../../../model/attribute';
import { filterTerm } from '../../../model/filterTerm';
import { copyText } from '../../../ui/copy';
import { Icon } from '../../../ui/Icon';
import { useToasts } from '../../../ui/toasts';
import { listWith } from '../../shell/lastList';
import { Section } from './Section';

/** More than this of a value is shown only when asked for; attributes may be megabytes long. */
const longText = 600;

function Value({ attribute }: { readonly attribute: Attribute }) {
  const [whole, setWhole] = useState(false);
  const text = attributeText(attribute);
  const address = attribute.type === 'string' ? webAddress(text) : null;
  if (address !== null)
    return (
      <a href={address} target="_blank" rel="noopener noreferrer">
        {text}
      </a>
    );
  if (text.length <= longText || whole) return <>{text}</>;
  return (
    <>
      {text.slice(0, longText)}…{' '}
      <button type="button" className="linkish" onClick={() => setWhole(true)}>
        all {text.length.toLocaleString('en')} characters
      </button>
    </>
  );
}

type Scope = 'span' | 'resource';

/** What can be done with a value. Where filter text can say it, it becomes a condition of the list of traces. */
function Actions({ attribute, scope }: { readonly attribute: Attribute; readonly scope: Scope | null }) {
  const toasts = useToasts();
  const terms = scope === null ? [] : ([false, true] as const).flatMap((exclude) => [{ exclude, term: filterTerm(scope, attribute, exclude) }]);
  return (
    <span className="kvacts">
      {terms.map(
        ({ exclude, term }) =>
          term !== null && (
            <Link key={term} href={listWith(term)} className="copy" aria-label={`${exclude ? 'Exclude traces by' : 'Find traces by'} ${attribute.key}`} title={`${exclude ? 'Exclude' : 'Filter by this'}: add ${term} to the query`}>
              <Icon name={exclude ? 'exclude' : 'filter'} />
            </Link>
          ),
      )}
      <button type="button" className="copy" aria-label={`Copy ${attribute.key}`} title="Copy the value" onClick={() => void copyText(attributeText(attribute), `${attribute.key} copied.`, toasts)}>
        <Icon name="copy" />
      </button>
    </span>
  );
}

/** Keys and values as text, each to be copied, and to search by where they are a span's or a resource's. */
export function AttributeList({ attributes, scope = null }: { readonly attributes: readonly Attribute[]; readonly scope?: Scope | null }) {
  return (
    <dl className="kv">
      {attributes.map((attribute, index) => (
        <div key={`${index}-${attribute.key}`}>
          <dt title={attribute.key}>{attribute.key}</dt>
          <dd className={attribute.type === 'string' && attribute.value === '[redacted]' ? 'f3' : 'num'} title={attribute.type === 'string' ? undefined : attribute.type}>
            <bdi>
              <Value attribute={attribute} />
            </bdi>
            <Actions attribute={attribute} scope={scope} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

const shownAtFirst = 12;

export function Tags({ attributes, dropped }: { readonly attributes: readonly Attribute[]; readonly dropped: number }) {
  const [text, setText] = useState('');
  const [searching, setSearching] = useState(false);
  const [all, setAll] = useState(false);
  const found = text === '' ? attributes : attributes.filter((attribute) => matchesAttribute(attribute, text));
  const shown = all || text !== '' ? found : found.slice(0, shownAtFirst);
  return (
    <Section
      title="Tags"
      note={text === '' ? attributes.length : `${found.length} of ${attributes.length}`}
      tools={
        attributes.length > 0 && (
          <button
            type="button"
            className="sectool"
            aria-label="Search the tags"
            aria-pressed={searching}
            onClick={() => {
              setSearching(!searching);
              setText('');
            }}
          >
            <Icon name="search" />
          </button>
        )
      }
    >
      {searching && (
        <div className="input tagfind">
          <Icon name="search" />
          <input type="search" aria-label="Search the tags" autoFocus value={text} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === 'Escape' && setSearching(false)} />
        </div>
      )}
      {attributes.length === 0 ? <p className="f3">The span has no attributes.</p> : <AttributeList attributes={shown} scope="span" />}
      {text !== '' && found.length === 0 && <p className="f3">No tag contains “{text}”.</p>}
      {found.length > shown.length && (
        <button type="button" className="linkish" onClick={() => setAll(true)}>
          {found.length - shown.length} more
        </button>
      )}
      {dropped > 0 && <p className="warnt">The sender dropped {dropped} more.</p>}
    </Section>
  );
}
