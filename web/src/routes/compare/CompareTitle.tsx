import { useState } from 'react';
import { Link } from 'wouter';
import type { MergedTree } from '../../model/compareTree';
import { formatCount, formatDuration, formatExact, formatMoment, none } from '../../model/format';
import { nanosOf, unixNanoFromMillis, type UnixNano } from '../../model/nano';
import type { Phrase } from '../../model/story';
import { titleOf } from '../../model/summary';
import type { Trace } from '../../model/trace';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import { ModeSwitch } from './ModeSwitch';
import { compareAddress, type ComparedIds } from './url';

function TraceLine({ side, trace, ids, now }: { readonly side: 'A' | 'B'; readonly trace: Trace; readonly ids: ComparedIds; readonly now: UnixNano }) {
  const { summary } = trace;
  const [duration, waiting] = [nanosOf(summary.duration), nanosOf(summary.waiting)];
  const title = titleOf(summary);
  return (
    <tr>
      <th scope="row">
        <span className="ab">{side}</span>
      </th>
      <td className="num c-at" title={formatExact(trace.start)}>
        {formatMoment(trace.start, now)}
      </td>
      <td className="num right strong">{formatDuration(duration)}</td>
      <td className="num right">{formatDuration(Math.max(0, duration - waiting))}</td>
      <td className="num right">{waiting > 0 ? formatDuration(waiting) : none}</td>
      <td className="num right">{formatCount(summary.spans)}</td>
      <td className={summary.errors > 0 ? 'num right errt strong' : 'num right f3'}>{summary.errors > 0 ? formatCount(summary.errors) : none}</td>
      <td className="mono f3 c-id" title={trace.traceId}>
        {trace.traceId.slice(0, 12)}
      </td>
      <td className="c-root2">
        <span className="line tight4">
          <ServiceDot name={title.service} notched={false} />
          <span className="trunc f2" title={`${title.name} · ${title.service}`}>
            {title.name === '' ? '(no name)' : title.name}
          </span>
          {trace.truncated !== null && (
            <span className="tag warn" title={trace.truncated}>
              <Icon name="warning" />
              Partial
            </span>
          )}
        </span>
      </td>
      <td className="right acts2">
        <Link href={compareAddress(side === 'A' ? { a: '', b: ids.b } : { a: ids.a, b: '' })}>Change</Link>
        <Link href={`/trace/${trace.traceId}`}>Open trace</Link>
      </td>
    </tr>
  );
}

/** The answer as a sentence, and the two traces in figures. */
export function CompareTitle({ tree, ids, story, swap, share }: { readonly tree: MergedTree; readonly ids: ComparedIds; readonly story: readonly Phrase[]; readonly swap: () => void; readonly share: () => void }) {
  const [now] = useState(() => unixNanoFromMillis(Date.now()));
  return (
    <section className="ctitle" aria-label="The two traces">
      <div className="ctop">
        <h2 className="cstory">
          {story.map((phrase, index) => (
            <span key={index} className={phrase.tone === 'plain' ? undefined : phrase.tone === 'strong' ? 'st' : 'errt'}>
              {phrase.text}
            </span>
          ))}
        </h2>
        <ModeSwitch mode="traces" />
        <button type="button" className="btn" title="Swap A and B (x)" onClick={swap}>
          Swap A and B
        </button>
        <button type="button" className="btn ghost sq" aria-label="Copy a link to what is shown" title="Copy a link to what is shown" onClick={share}>
          <Icon name="link" />
        </button>
      </div>
      <table className="abtable">
        <thead>
          <tr>
            <td />
            <th scope="col" className="c-at">
              Start
            </th>
            <th scope="col" className="right">
              Duration
            </th>
            <th scope="col" className="right">
              Working
            </th>
            <th scope="col" className="right">
              Waiting
            </th>
            <th scope="col" className="right">
              Spans
            </th>
            <th scope="col" className="right">
              Errors
            </th>
            <th scope="col" className="c-id">
              Trace
            </th>
            <th scope="col" className="c-root2">
              Root
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          <TraceLine side="A" trace={tree.traceA} ids={ids} now={now} />
          <TraceLine side="B" trace={tree.traceB} ids={ids} now={now} />
        </tbody>
      </table>
    </section>
  );
}
