import { useMemo, useState } from 'react';
import { otlpDownloadPath } from '../../api/queries';
import { formatCount, formatDuration, formatExact, formatMoment, none, plural } from '../../model/format';
import { nanosOf, unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { story } from '../../model/story';
import { tokenFigure, tokensOf, tokenStory } from '../../model/generations';
import { titleOf } from '../../model/summary';
import type { Trace } from '../../model/trace';
import { verdictOf, type CheckAction } from '../../model/verdict';
import { copyText } from '../../ui/copy';
import { Icon } from '../../ui/Icon';
import { useToasts } from '../../ui/toasts';
import { VerdictMenu } from '../../ui/VerdictMenu';
import { Tabs } from './Tabs';
import type { TabId } from './tabState';
import { CompareTypical } from './CompareTypical';
import { EventLink } from './EventLink';

interface TitleProps {
  readonly trace: Trace;
  /** When the server was asked for the trace. */
  readonly readAt: UnixNano;
  readonly share: () => void;
  readonly act: (action: CheckAction) => void;
  readonly tab: TabId;
  readonly openTab: (tab: TabId) => void;
}

/** What trace this is, the figures, the answer as a sentence, and the ways to look at it. */
export function TitleRow({ trace, readAt, share, act, tab, openTab }: TitleProps) {
  const toasts = useToasts();
  const { summary } = trace;
  const phrases = useMemo(() => story(trace), [trace]);
  const tokens = useMemo(() => tokensOf(trace), [trace]);
  const verdict = useMemo(() => verdictOf(trace, readAt), [trace, readAt]);
  const [now] = useState(() => unixNanoFromMillis(Date.now()));
  const duration = nanosOf(summary.duration);
  const waiting = nanosOf(summary.waiting);
  const title = titleOf(summary);
  return (
    <section className="ttl" aria-label="The trace">
      <div className="line tline">
        <h2 className="trunc" title={`${title.name} · ${title.service}`}>
          {title.name === '' ? '(no name)' : title.name}
        </h2>
        {summary.errors > 0 && (
          <span className="tag err">
            <Icon name="error" strokeWidth={1.6} />
            {plural(summary.errors, 'error')}
          </span>
        )}
        <VerdictMenu verdict={verdict} act={act} />
        <EventLink trace={trace} />
        <span className="grow" />
        <dl className="facts">
          <div title={trace.shifts === null ? undefined : `As it was sent: ${formatDuration(nanosOf(trace.parts.summary.duration))}. Clocks disagree, and times are mended.`}>
            <dt>Duration</dt>
            <dd className="strong">{formatDuration(duration)}</dd>
          </div>
          <div title="The duration less the waiting time">
            <dt>Working</dt>
            <dd>{formatDuration(Math.max(0, duration - waiting))}</dd>
          </div>
          <div title="Spans that say they wait, and gaps that no span covers">
            <dt>Waiting</dt>
            <dd>{waiting > 0 ? formatDuration(waiting) : none}</dd>
          </div>
          <div>
            <dt>Spans</dt>
            <dd>{formatCount(summary.spans)}</dd>
          </div>
          {tokens !== null && (
            <div title="What models read and wrote">
              <dt>Tokens</dt>
              <dd>{tokenFigure(tokens)}</dd>
            </div>
          )}
          <div title={formatExact(trace.start)}>
            <dt>Start</dt>
            <dd>{formatMoment(trace.start, now)}</dd>
          </div>
        </dl>
        <button type="button" className="mono traceid" title={`Copy the trace id ${trace.traceId}`} onClick={() => void copyText(trace.traceId, 'Trace id copied.', toasts)}>
          <span className="visually-hidden">Copy the trace id </span>
          {trace.traceId.slice(0, 16)}
        </button>
        <CompareTypical traceId={trace.traceId} />
        <span className="line tight">
          <a className="btn ghost sq" href={otlpDownloadPath(trace.traceId)} download={`trace-${trace.traceId}.json`} aria-label="Download the trace as OTLP JSON" title="Download the trace as OTLP JSON">
            <Icon name="download" />
          </a>
          <button type="button" className="btn ghost sq" aria-label="Copy a link to what is shown" title="Copy a link to what is shown" onClick={share}>
            <Icon name="link" />
          </button>
        </span>
      </div>
      <p className="story">
        {phrases.map((phrase, index) => (
          <span key={index} className={phrase.tone === 'plain' ? undefined : phrase.tone === 'strong' ? 'st' : 'errt'}>
            {phrase.text}
          </span>
        ))}
        {tokens !== null && <span>{tokenStory(tokens)}</span>}
      </p>
      <Tabs tab={tab} open={openTab} />
    </section>
  );
}
