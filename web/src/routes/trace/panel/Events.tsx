import { useState } from 'react';
import { attributeText } from '../../../model/attribute';
import { formatExact, formatOffset } from '../../../model/format';
import type { SpanDetail, SpanEvent } from '../../../model/spanDetail';
import { AttributeList } from './Attributes';
import { Section } from './Section';

function EventLine({ event, detail }: { readonly event: SpanEvent; readonly detail: SpanDetail }) {
  const [open, setOpen] = useState(false);
  const exception = event.name === 'exception';
  // The section above tells an exception in full; its line here is the place in the order of things.
  const summary = exception ? '' : event.attributes.map((attribute) => `${attribute.key}=${attributeText(attribute)}`).join(' ');
  return (
    <li className="ev">
      <span className="at" title={formatExact(event.time)}>
        {formatOffset(Number(event.time - detail.start))}
      </span>
      {event.attributes.length === 0 ? (
        <span>{event.name}</span>
      ) : (
        <button type="button" className={exception ? 'evname errt' : 'evname'} aria-expanded={open} title={open ? undefined : summary} onClick={() => setOpen(!open)}>
          {event.name === '' ? '(no name)' : event.name} {!open && <span className="f3">{summary}</span>}
        </button>
      )}
      {open && (
        <div className="evmore">
          <AttributeList attributes={event.attributes} />
        </div>
      )}
    </li>
  );
}

export function Events({ detail }: { readonly detail: SpanDetail }) {
  if (detail.events.length === 0 && detail.droppedEvents === 0) return null;
  return (
    <Section title="Events" note={`${detail.events.length}, relative to the span`}>
      <ol>
        {detail.events
          .toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
          .map((event, index) => (
            <EventLine key={index} event={event} detail={detail} />
          ))}
      </ol>
      {detail.droppedEvents > 0 && <p className="warnt">The sender dropped {detail.droppedEvents} more.</p>}
    </Section>
  );
}
