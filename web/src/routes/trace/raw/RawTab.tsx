import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { mostRawBytes, otlpDownloadPath, rawQuery } from '../../../api/queries';
import { formatBytes, formatCount, plural } from '../../../model/format';
import { findLines, jsonLines, type JsonLine } from '../../../model/jsonLines';
import { nextOf } from '../../../model/rows';
import { copyText } from '../../../ui/copy';
import { Icon } from '../../../ui/Icon';
import { useKeys } from '../../../ui/keys';
import { useToasts } from '../../../ui/toasts';
import { useDelayed } from '../../../ui/useDelayed';
import type { TabProps } from '../OtherTab';
import './raw.css';

const lineHeight = 18;
/** More of a line would only slow the page down; copying and downloading have all of it. */
const longLine = 2000;

const LineText = ({ line, mark }: { readonly line: JsonLine; readonly mark: string }) => {
  const shown = line.text.length > longLine ? line.text.slice(0, longLine) : line.text;
  const at = mark === '' ? -1 : shown.toLowerCase().indexOf(mark);
  const more = line.text.length - shown.length;
  return (
    <>
      {at < 0 ? (
        shown
      ) : (
        <>
          {shown.slice(0, at)}
          <mark>{shown.slice(at, at + mark.length)}</mark>
          {shown.slice(at + mark.length)}
        </>
      )}
      {more > 0 && <span className="f3">… {plural(more, 'more character')}</span>}
    </>
  );
};

function Lines({ lines, found, at, mark, selectedId }: { readonly lines: readonly JsonLine[]; readonly found: Int32Array; readonly at: number; readonly mark: string; readonly selectedId: string | undefined }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => lineHeight, overscan: 20 });
  const matches = useMemo(() => new Set(found), [found]);
  const spanLine = useMemo(() => (selectedId === undefined ? -1 : lines.findIndex((line) => line.text.startsWith(`"spanId": "${selectedId}"`))), [lines, selectedId]);
  const place = at >= 0 ? at : spanLine;
  useEffect(() => {
    if (place >= 0) virtual.scrollToIndex(place, { align: 'center' });
  }, [place, virtual]);
  const digits = String(lines.length).length;
  return (
    <div ref={scroller} className="rawlines mono" role="region" aria-label="The trace as OTLP JSON" tabIndex={0}>
      <div className="sizer" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index];
          return line === undefined ? null : (
            <div key={item.index} className={`rawline${item.index === place ? ' here' : ''}`} style={{ transform: `translateY(${item.start}px)`, paddingLeft: `calc(${digits + 2 + Math.min(line.depth, 40) * 2}ch + var(--s3))` }}>
              <i className="f3" style={{ width: `${digits}ch` }} aria-hidden="true">
                {item.index + 1}
              </i>
              <LineText line={line} mark={matches.has(item.index) ? mark : ''} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The trace as it would be downloaded, to read, search and copy. Only the lines in view are in the document. */
export function RawTab({ trace, state, changeTab, finder }: TabProps) {
  const { rawText } = state.tabs;
  const query = useQuery(rawQuery(trace.traceId));
  const late = useDelayed(query.isFetching, 120);
  const toasts = useToasts();
  const lines = useMemo(() => (typeof query.data === 'string' ? jsonLines(query.data) : []), [query.data]);
  const found = useMemo(() => findLines(lines, rawText), [lines, rawText]);
  const [at, setAt] = useState(-1);
  useEffect(() => setAt(found[0] ?? -1), [found]);
  const next = (direction: 1 | -1): void => setAt((old) => nextOf(found, old, direction));
  useKeys({ n: () => next(1), N: () => next(-1) });
  return (
    <>
      <div className="tools" role="toolbar" aria-label="Raw">
        <div className={rawText !== '' && found.length === 0 && query.isSuccess ? 'input find bad' : 'input find'} role="search">
          <Icon name="search" />
          <input
            ref={finder}
            type="search"
            aria-label="Find in the JSON"
            placeholder="Find in the JSON"
            spellCheck={false}
            value={rawText}
            onChange={(event) => changeTab({ rawText: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter') next(event.shiftKey ? -1 : 1);
              if (event.key === 'Escape') changeTab({ rawText: '' });
            }}
          />
          {rawText === '' ? (
            <kbd>/</kbd>
          ) : (
            <>
              <span className="f3 xs num" role="status">
                {found.length === 0 ? 'none' : `${formatCount(found.indexOf(at) + 1)} of ${formatCount(found.length)}`}
              </span>
              <span className="updown">
                <button type="button" aria-label="Previous match (N)" disabled={found.length === 0} onClick={() => next(-1)}>
                  <Icon name="up" />
                </button>
                <button type="button" aria-label="Next match (n)" disabled={found.length === 0} onClick={() => next(1)}>
                  <Icon name="down" />
                </button>
              </span>
            </>
          )}
        </div>
        <span className="f3 grow num trunc">{typeof query.data === 'string' ? `${plural(lines.length, 'line')}, ${formatBytes(query.data.length)}` : ''}</span>
        <button type="button" className="btn" disabled={typeof query.data !== 'string'} onClick={() => typeof query.data === 'string' && void copyText(query.data, 'The trace is copied as OTLP JSON.', toasts)}>
          <Icon name="copy" />
          Copy
        </button>
        <a className="btn" href={otlpDownloadPath(trace.traceId)} download={`trace-${trace.traceId}.json`}>
          <Icon name="download" />
          Download
        </a>
      </div>
      <div className="rawbox">
        {late && <div className="progress" />}
        {query.isError ? (
          <div className="state" role="alert">
            <div className="box">
              <b className="strong">The trace’s JSON can’t be loaded</b>
              <div className="f2">{query.error.message}</div>
              <div className="line again">
                <button type="button" className="btn" aria-busy={query.isFetching} onClick={() => void query.refetch()}>
                  Retry
                </button>
              </div>
            </div>
          </div>
        ) : query.data === null ? (
          <div className="state">
            <h2 className="big">Too long to be shown</h2>
            <p className="sub">The trace’s JSON has more than {formatBytes(mostRawBytes)}. Download it, or look at single spans in the timeline.</p>
          </div>
        ) : query.data === undefined ? null : (
          <Lines lines={lines} found={found} at={at} mark={rawText.trim().toLowerCase()} selectedId={trace.spans.spanId[state.selected]} />
        )}
      </div>
    </>
  );
}
