import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { attributeText, type Attribute } from '../../../model/attribute';
import { filterTerm } from '../../../model/filterTerm';
import { formatExact } from '../../../model/format';
import { bodyOf, type LogEntry } from '../../../model/logs';
import { copyText } from '../../../ui/copy';
import { Icon } from '../../../ui/Icon';
import { useToasts } from '../../../ui/toasts';

/** More than this of a value is shown only when asked for; a line may be megabytes long. */
const longText = 2000;

function LongText({ text }: { readonly text: string }) {
  const [whole, setWhole] = useState(false);
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

/** What can be searched by, in the words of the logs' filter text; null where it can't say it. */
export type FindBy = (term: string) => string;

const termOf = (scope: 'log' | 'resource', attribute: Attribute, exclude: boolean): string | null => filterTerm(scope === 'log' ? 'span' : 'resource', attribute, exclude)?.replace(/^span\./, 'log.') ?? null;

function Actions({ attribute, scope, find }: { readonly attribute: Attribute; readonly scope: 'log' | 'resource' | null; readonly find: FindBy | null }) {
  const toasts = useToasts();
  const terms = scope === null || find === null ? [] : [false, true].flatMap((exclude) => ((term) => (term === null ? [] : [{ exclude, href: find(term), term }]))(termOf(scope, attribute, exclude)));
  return (
    <span className="lacts">
      {terms.map(({ exclude, href, term }) => (
        <Link key={term} href={href} className="lact" aria-label={`${exclude ? 'Exclude logs by' : 'Find logs by'} ${attribute.key}`} title={`${exclude ? 'Exclude' : 'Filter by this'}: add ${term} to the query`}>
          <Icon name={exclude ? 'exclude' : 'filter'} />
        </Link>
      ))}
      <button type="button" className="lact" aria-label={`Copy ${attribute.key}`} title="Copy the value" onClick={() => void copyText(attributeText(attribute), `${attribute.key} copied.`, toasts)}>
        <Icon name="copy" />
      </button>
    </span>
  );
}

function List({ attributes, scope, find }: { readonly attributes: readonly Attribute[]; readonly scope: 'log' | 'resource' | null; readonly find: FindBy | null }) {
  return (
    <dl className="lkv">
      {attributes.map((attribute, index) => (
        <div key={`${index}-${attribute.key}`}>
          <dt title={attribute.key}>{attribute.key}</dt>
          <dd className={attribute.type === 'string' && attribute.value === '[redacted]' ? 'f3' : 'num'} title={attribute.type === 'string' ? undefined : attribute.type}>
            <bdi>
              <LongText text={attributeText(attribute)} />
            </bdi>
            <Actions attribute={attribute} scope={scope} find={find} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title} className="lpart">
      <h4 className="lbl">{title}</h4>
      {children}
    </section>
  );
}

const fact = (key: string, value: string): Attribute => ({ key, type: 'string', value });

/** An entry whole: its message, its attributes, where it comes from. `find` gives the address of the logs with one more condition. */
export function LogDetail({ entry, find }: { readonly entry: LogEntry; readonly find: FindBy | null }) {
  const toasts = useToasts();
  const { resource, scope } = entry;
  const facts = [
    ...(entry.time === null ? [] : [fact('Time', formatExact(entry.time))]),
    ...(entry.observed === null ? [] : [fact('Observed', formatExact(entry.observed))]),
    ...(entry.time === null && entry.observed === null ? [fact('Received', formatExact(entry.at))] : []),
    fact('Severity', entry.severityNumber === 0 && entry.severityText === '' ? 'none' : [entry.severityText, entry.severityNumber === 0 ? '' : String(entry.severityNumber)].filter((part) => part !== '').join(', ')),
    ...(entry.eventName === '' ? [] : [fact('Event', entry.eventName)]),
    ...(scope.name === '' ? [] : [fact('Logger', [scope.name, scope.version].filter((part) => part !== '').join(' '))]),
    ...(entry.traceId === null ? [] : [fact('Trace', entry.traceId)]),
    ...(entry.spanId === null ? [] : [fact('Span', entry.spanId)]),
  ];
  const body = bodyOf(entry);
  return (
    <div className="ldetail">
      <div className="lbodyline">
        <pre className="lbody">{body === '' ? <span className="f3">(no message)</span> : <LongText text={body} />}</pre>
        <button type="button" className="lact" aria-label="Copy the message" title="Copy the message" onClick={() => void copyText(body, 'Message copied.', toasts)}>
          <Icon name="copy" />
        </button>
      </div>
      {entry.marks.includes('redacted') && <p className="f3">Sensitive values were replaced or removed before it was stored.</p>}
      {entry.marks.includes('cut') && <p className="f3">Attributes of it were left out or shortened by this server’s limits.</p>}
      {entry.marks.includes('invalidUtf8') && <p className="warnt">A text was no valid UTF-8; replacement characters stand in its place.</p>}
      {entry.attributes.length > 0 && (
        <Part title="Attributes">
          <List attributes={entry.attributes} scope="log" find={find} />
        </Part>
      )}
      {entry.droppedAttributes > 0 && <p className="warnt">The sender dropped {entry.droppedAttributes} more.</p>}
      <Part title="Entry">
        <List attributes={facts} scope={null} find={null} />
      </Part>
      {resource.attributes.length > 0 && (
        <Part title="Resource">
          <List attributes={resource.attributes} scope="resource" find={find} />
        </Part>
      )}
      {scope.attributes.length > 0 && (
        <Part title="Scope">
          <List attributes={scope.attributes} scope={null} find={null} />
        </Part>
      )}
    </div>
  );
}
