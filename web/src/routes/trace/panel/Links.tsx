import { Link } from 'wouter';
import type { SpanDetail } from '../../../model/spanDetail';
import { nameOf, rowOfSpan, serviceOf, type Trace } from '../../../model/trace';
import { AttributeList } from './Attributes';
import { Section } from './Section';

/** Links both ways: what this span links to, here or in other traces, and which spans of this trace link to it. */
export function Links({ trace, row, detail, goTo }: { readonly trace: Trace; readonly row: number; readonly detail: SpanDetail; readonly goTo: (row: number) => void }) {
  const incoming = trace.links.filter((link) => link.toRow === row);
  const out = detail.links;
  if (incoming.length === 0 && out.length === 0 && detail.droppedLinks === 0) return null;
  const counts = [out.length > 0 ? `${out.length} out` : '', incoming.length > 0 ? `${incoming.length} in` : ''].filter((part) => part !== '').join(', ');
  return (
    <Section title="Links" note={counts}>
      <ul className="links">
        {out.map((link, index) => {
          const target = link.traceId === trace.traceId ? rowOfSpan(trace, link.spanId) : -1;
          return (
            <li key={index}>
              {target >= 0 ? (
                <button type="button" className="linkish trunc" onClick={() => goTo(target)}>
                  {nameOf(trace, target)} <span className="f3">{serviceOf(trace, target)}, in this trace</span>
                </button>
              ) : link.traceId === trace.traceId ? (
                <span className="warnt">{link.spanId}, which is not in this trace</span>
              ) : (
                <Link href={`/trace/${link.traceId}?span=${link.spanId}`} className="trunc">
                  Trace <span className="mono">{link.traceId.slice(0, 16)}</span>
                </Link>
              )}
              {link.attributes.length > 0 && <AttributeList attributes={link.attributes} />}
            </li>
          );
        })}
        {incoming.map((link, index) => (
          <li key={`in-${index}`}>
            <button type="button" className="linkish trunc" onClick={() => goTo(link.row)}>
              from {nameOf(trace, link.row)} <span className="f3">{serviceOf(trace, link.row)}</span>
            </button>
          </li>
        ))}
      </ul>
      {detail.droppedLinks > 0 && <p className="warnt">The sender dropped {detail.droppedLinks} more.</p>}
    </Section>
  );
}
