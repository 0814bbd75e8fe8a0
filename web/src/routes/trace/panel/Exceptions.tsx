import { useMemo, useState } from 'react';
import { attributeOf } from '../../../model/attribute';
import { formatOffset, plural } from '../../../model/format';
import type { SpanDetail, SpanEvent } from '../../../model/spanDetail';
import { readStack, type Frame, type StackPart } from '../../../model/stackTrace';
import { copyText } from '../../../ui/copy';
import { Icon } from '../../../ui/Icon';
import { useToasts } from '../../../ui/toasts';
import { Section } from './Section';

const FrameLine = ({ frame, library }: { readonly frame: Frame; readonly library: boolean }) => (
  <li className={library ? 'lib' : undefined} title={frame.text.trim()}>
    <span className="trunc">{frame.short}</span>
    {frame.file !== null && (
      <span className="ln">
        {frame.file}
        {frame.line !== null && `:${frame.line}`}
      </span>
    )}
    {frame.code !== null && <code className="code trunc">{frame.code}</code>}
  </li>
);

function Part({ part }: { readonly part: StackPart }) {
  const [open, setOpen] = useState(false);
  if (part.kind === 'text') return <li className="said">{part.text}</li>;
  if (part.kind === 'frame') return <FrameLine frame={part.frame} library={false} />;
  return (
    <>
      <li className="lib">
        <button type="button" className="linkish" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? 'down' : 'right'} />
          {plural(part.frames.length, 'frame')} in {part.owner}
        </button>
      </li>
      {open && part.frames.map((frame, index) => <FrameLine key={index} frame={frame} library />)}
    </>
  );
}

function Stack({ text }: { readonly text: string }) {
  const [raw, setRaw] = useState(false);
  const toasts = useToasts();
  const parts = useMemo(() => readStack(text), [text]);
  return (
    <>
      {raw ? (
        <pre className="mono rawstack">{text}</pre>
      ) : (
        <ol className="frames" aria-label="Stack trace">
          {parts.map((part, index) => (
            <Part key={index} part={part} />
          ))}
        </ol>
      )}
      <div className="line stacktools">
        <button type="button" className="linkish" aria-pressed={raw} onClick={() => setRaw(!raw)}>
          {raw ? 'Frames' : 'As it was sent'}
        </button>
        <button type="button" className="linkish" onClick={() => void copyText(text, 'Stack trace copied.', toasts)}>
          Copy
        </button>
      </div>
    </>
  );
}

function Exception({ event, detail }: { readonly event: SpanEvent; readonly detail: SpanDetail }) {
  const type = attributeOf(event.attributes, 'exception.type');
  const message = attributeOf(event.attributes, 'exception.message');
  const stack = attributeOf(event.attributes, 'exception.stacktrace');
  return (
    <Section title="Exception" note={`at ${formatOffset(Number(event.time - detail.start))}`}>
      <div className="ex">
        <b className="errt strong">{type ?? 'exception'}</b>
        {message !== null && message !== '' && <div className="msg">{message}</div>}
      </div>
      {stack !== null && stack !== '' && <Stack text={stack} />}
    </Section>
  );
}

/** Exceptions that the span recorded; a failed span without one shows its status message. */
export function Exceptions({ detail }: { readonly detail: SpanDetail }) {
  const events = detail.events.filter((event) => event.name === 'exception');
  const type = attributeOf(detail.attributes, 'error.type');
  const { code, message } = detail.status;
  const said = events.some((event) => attributeOf(event.attributes, 'exception.message')?.includes(message) === true);
  return (
    <>
      {code === 'error' && (events.length === 0 || (message !== '' && !said)) && (
        <Section title="Error" note="status of the span">
          <div className="ex">
            <b className="errt strong">{type ?? 'error'}</b>
            {message !== '' && message !== type && <div className="msg">{message}</div>}
          </div>
        </Section>
      )}
      {events.map((event, index) => (
        <Exception key={index} event={event} detail={detail} />
      ))}
    </>
  );
}
