import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { recentQuery, traceQuery, typicalQuery } from '../../api/queries';
import { formatCount, formatDuration, formatMoment, none } from '../../model/format';
import { nanosOf, unixNanoFromMillis, type UnixNano } from '../../model/nano';
import { titleOf, type TraceSummary } from '../../model/summary';
import { typicalReason } from '../../model/typicalReason';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';

import { ModeSwitch } from './ModeSwitch';
import { compareAddress, type ComparedIds } from './url';

/** What is chosen so far, in one line. */
function Chosen({ side, id, other }: { readonly side: 'A' | 'B'; readonly id: string; readonly other: string }) {
  const query = useQuery({ ...traceQuery(id), enabled: id !== '' });
  const [now] = useState(() => unixNanoFromMillis(Date.now()));
  return (
    <li className="chosen">
      <span className="ab">{side}</span>
      {id === '' ? (
        <span className="f3">not picked yet</span>
      ) : (
        <>
          <span className="trunc">{query.data === undefined ? <code className="mono">{id}</code> : titleOf(query.data.summary).name}</span>
          {query.data !== undefined && (
            <span className="f2 num">
              {formatDuration(nanosOf(query.data.summary.duration))} · {formatMoment(query.data.start, now)}
            </span>
          )}
          {query.isError && <span className="errt">{query.error.message}</span>}
          <Link className="btn ghost sq" href={compareAddress(side === 'A' ? { a: '', b: other } : { a: other, b: '' })} aria-label={`Let go of ${side}`} title={`Let go of ${side}`}>
            <Icon name="close" />
          </Link>
        </>
      )}
    </li>
  );
}

/** A typical trace of the same operation, when one is chosen already. */
function Typical({ id, pick }: { readonly id: string; readonly pick: (id: string) => string }) {
  const query = useQuery(typicalQuery(id));
  if (query.data?.trace == null) return null;
  return (
    <p className="line typical">
      <Link className="btn primary" href={pick(query.data.trace.traceId)}>
        Compare with a typical one
      </Link>
      <span className="f2">{typicalReason(query.data)}</span>
    </p>
  );
}

function Row({ summary, href, disabled, now }: { readonly summary: TraceSummary; readonly href: string; readonly disabled: boolean; readonly now: UnixNano }) {
  const title = titleOf(summary);
  const name = title.name === '' ? '(no name)' : title.name;
  return (
    <tr>
      <td className="num f2">{formatMoment(summary.start, now)}</td>
      <td className="pickname">
        <ServiceDot name={title.service} notched={false} />
        {disabled ? (
          <span className="trunc f3">{name} (chosen)</span>
        ) : (
          <Link className="trunc" href={href} title={`${name} · ${title.service}`}>
            {name}
          </Link>
        )}
      </td>
      <td className="num right strong">{formatDuration(nanosOf(summary.duration))}</td>
      <td className="num right f2">{formatCount(summary.spans)}</td>
      <td className={summary.errors > 0 ? 'right errt' : 'right f3'}>{summary.errors > 0 ? `${summary.errorType ?? 'errors'} ${formatCount(summary.errors)}` : none}</td>
    </tr>
  );
}

/** Two traces have to be picked: from an id, as the typical one, or from the newest. */
export function Picker({ ids }: { readonly ids: ComparedIds }) {
  const [, navigate] = useLocation();
  const [text, setText] = useState('');
  const [asked, setAsked] = useState('');
  const [now] = useState(() => unixNanoFromMillis(Date.now()));
  const same = ids.a !== '' && ids.a === ids.b;
  const [a, b] = [ids.a, same ? '' : ids.b];
  const recent = useQuery(recentQuery(asked));
  const pick = (id: string): string => compareAddress(a === '' ? { a: id, b } : { a, b: id });
  const chosen = a === '' ? b : a;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const id = text.trim().toLowerCase();
    if (/^[0-9a-f]{1,32}$/.test(id) && id.length >= 16) navigate(pick(id.padStart(32, '0')));
    else setAsked(text.trim());
  };
  return (
    <div className="picker">
      <ModeSwitch mode="traces" />
      <h2 className="big">{same ? 'Both are the same trace' : chosen === '' ? 'Pick two traces to compare' : `Pick the trace to compare ${a === '' ? 'with B' : 'A with'}`}</h2>
      <p className="sub f2">{same ? 'A trace does not differ from itself. Pick another one to hold it against.' : 'A is what you know, B is what you wonder about. Differences are told as B against A.'}</p>
      <ul className="chosenlist">
        <Chosen side="A" id={a} other={b} />
        <Chosen side="B" id={b} other={a} />
      </ul>
      {chosen !== '' && <Typical id={chosen} pick={pick} />}
      <form className="pickform" role="search" onSubmit={submit}>
        <span className="input grow">
          <Icon name="search" />
          <input type="search" aria-label="A trace id, or words to find traces by" placeholder="A trace id, or words and conditions such as camera.name=front_door" spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
        </span>
        <button type="submit" className="btn" aria-busy={recent.isFetching}>
          Find
        </button>
      </form>
      {recent.isError ? (
        <div className="box" role="alert">
          <b className="strong">The traces can’t be listed</b>
          <div className="f2">{recent.error.message}</div>
          <div className="line again">
            <button type="button" className="btn" onClick={() => void recent.refetch()}>
              Retry
            </button>
          </div>
        </div>
      ) : recent.data !== undefined && recent.data.traces.length === 0 ? (
        <p className="f2" role="status">
          {asked === '' ? 'No trace is stored yet. Send some, then come back.' : 'No trace matches.'}
        </p>
      ) : (
        <table className="picklist" aria-label={asked === '' ? 'The newest traces' : 'Traces found, the newest first'}>
          <thead>
            <tr>
              <th scope="col">Start</th>
              <th scope="col">Root</th>
              <th scope="col" className="right">
                Duration
              </th>
              <th scope="col" className="right">
                Spans
              </th>
              <th scope="col" className="right">
                Errors
              </th>
            </tr>
          </thead>
          <tbody>
            {recent.data?.traces.map((summary) => (
              <Row key={summary.traceId} summary={summary} href={pick(summary.traceId)} disabled={summary.traceId === a || summary.traceId === b} now={now} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
