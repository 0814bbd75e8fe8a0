import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { linkedFromQuery } from '../../../api/queries';
import { formatMoment, plural } from '../../../model/format';
import { unixNanoFromMillis } from '../../../model/nano';
import type { LinkedFrom, LinkingSpan, SpanDetail } from '../../../model/spanDetail';
import { nameOf, rowOfSpan, serviceOf, type Trace } from '../../../model/trace';
import { AttributeList } from './Attributes';
import { Section } from './Section';

interface LinksProps {
  readonly trace: Trace;
  readonly row: number;
  readonly detail: SpanDetail;
  readonly goTo: (row: number) => void;
}

const shownAtFirst = 10;

function Outgoing({ trace, link, goTo }: Pick<LinksProps, 'trace' | 'goTo'> & { readonly link: SpanDetail['links'][number] }) {
  const target = link.traceId === trace.traceId ? rowOfSpan(trace, link.spanId) : -1;
  return (
    <li>
      {target >= 0 ? (
        <button type="button" className="linkish trunc" onClick={() => goTo(target)}>
          to {nameOf(trace, target)} <span className="f3">{serviceOf(trace, target)}, in this trace</span>
        </button>
      ) : link.traceId === trace.traceId ? (
        <span className="warnt">{link.spanId}, which is not in this trace</span>
      ) : (
        <Link href={`/trace/${link.traceId}?span=${link.spanId}`} className="trunc">
          to trace <span className="mono">{link.traceId.slice(0, 16)}</span>
        </Link>
      )}
      {link.attributes.length > 0 && <AttributeList attributes={link.attributes} />}
    </li>
  );
}

function Incoming({ links, answer }: { readonly links: readonly LinkingSpan[]; readonly answer: LinkedFrom }) {
  const [all, setAll] = useState(false);
  const [now] = useState(() => unixNanoFromMillis(Date.now()));
  const unread = answer.traces.value - new Set(answer.links.map((link) => link.traceId)).size;
  return (
    <>
      {(all ? links : links.slice(0, shownAtFirst)).map((link) => (
        <li key={`${link.traceId}-${link.spanId}`}>
          <Link href={`/trace/${link.traceId}?span=${link.spanId}`} className="trunc" title={`${link.name} of ${link.service}, in trace ${link.traceId}`}>
            from {link.name === '' ? '(no name)' : link.name} <span className="f3">{`${link.service}, ${formatMoment(link.start, now)}`}</span>
          </Link>
        </li>
      ))}
      {!all && links.length > shownAtFirst && (
        <li>
          <button type="button" className="linkish" onClick={() => setAll(true)}>
            {links.length - shownAtFirst} more
          </button>
        </li>
      )}
      {unread > 0 && <li className="f3">{`${answer.traces.exact ? '' : 'At least '}${plural(unread, 'more trace links', 'more traces link')} to this trace; only the newest were read.`}</li>}
      {answer.truncated !== null && <li className="warnt">{answer.truncated}</li>}
    </>
  );
}

/** Links both ways: what this span links to, and which spans link to it, in this trace and in others. */
export function Links({ trace, row, detail, goTo }: LinksProps) {
  const query = useQuery(linkedFromQuery(trace.traceId));
  const within = trace.links.filter((link) => link.toRow === row);
  const out = detail.links;
  const elsewhere = query.data?.links.filter((link) => link.toSpanId === detail.spanId) ?? [];
  const incoming = within.length + elsewhere.length;
  if (incoming === 0 && out.length === 0 && detail.droppedLinks === 0 && !query.isError) return null;
  const counts = [out.length > 0 ? `${out.length} out` : '', incoming > 0 ? `${incoming} in` : ''].filter((part) => part !== '').join(', ');
  return (
    <Section title="Links" note={counts}>
      <ul className="links">
        {out.map((link, index) => (
          <Outgoing key={index} trace={trace} link={link} goTo={goTo} />
        ))}
        {within.map((link, index) => (
          <li key={`in-${index}`}>
            <button type="button" className="linkish trunc" onClick={() => goTo(link.row)}>
              from {nameOf(trace, link.row)} <span className="f3">{serviceOf(trace, link.row)}</span>
            </button>
          </li>
        ))}
        {query.data !== undefined && elsewhere.length > 0 && <Incoming links={elsewhere} answer={query.data} />}
        {query.isError && (
          <li className="warnt">
            {`Links from other traces can’t be loaded. ${query.error.message} `}
            <button type="button" className="linkish" onClick={() => void query.refetch()}>
              Retry
            </button>
          </li>
        )}
      </ul>
      {detail.droppedLinks > 0 && <p className="warnt">The sender dropped {detail.droppedLinks} more.</p>}
    </Section>
  );
}
