import { useState } from 'react';
import { attributeText, matchesAttribute, webAddress, type Attribute } from '../../../model/attribute';
import { copyText } from '../../../ui/copy';
import { Icon } from '../../../ui/Icon';
import { useToasts } from '../../../ui/toasts';
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

/** Keys and values as text, each to be copied. */
export function AttributeList({ attributes }: { readonly attributes: readonly Attribute[] }) {
  const toasts = useToasts();
  return (
    <dl className="kv">
      {attributes.map((attribute, index) => (
        <div key={`${index}-${attribute.key}`}>
          <dt title={attribute.key}>{attribute.key}</dt>
          <dd className={attribute.type === 'string' && attribute.value === '[redacted]' ? 'f3' : 'num'} title={attribute.type === 'string' ? undefined : attribute.type}>
            <Value attribute={attribute} />
            <button type="button" className="copy" aria-label={`Copy ${attribute.key}`} title="Copy the value" onClick={() => void copyText(attributeText(attribute), `${attribute.key} copied.`, toasts)}>
              <Icon name="copy" />
            </button>
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
      {attributes.length === 0 ? <p className="f3">The span has no attributes.</p> : <AttributeList attributes={shown} />}
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
