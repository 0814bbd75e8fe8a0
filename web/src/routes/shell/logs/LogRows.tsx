import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';
import { excerptOf, isGrave, lineOf, placeOf, type LogEntry } from '../../../model/logs';
import { notchedServices } from '../../../model/serviceColor';
import { Icon } from '../../../ui/Icon';
import { useKeys } from '../../../ui/keys';
import { ServiceDot } from '../../../ui/Service';
import { LevelMark } from './LevelMark';
import './logs.css';

const rowHeight = 26;
const headHeight = 26;
/** Rows before the end at which the next page is asked for. */
const ahead = 40;
const attributesInLine = 6;
const columnCount = 5;

const rowId = (index: number): string => `log-${index}`;

/** How a list says when, and where an entry leads. */
export interface RowForm {
  readonly at: (entry: LogEntry) => { readonly text: string; readonly title: string };
  readonly to: (entry: LogEntry) => { readonly text: string; readonly title: string; readonly address: string } | null;
  /** A word for an entry that does not say by itself why it is in the list. */
  readonly note?: (entry: LogEntry) => { readonly text: string; readonly title: string } | null;
}

interface LogRowProps {
  readonly entry: LogEntry;
  readonly index: number;
  readonly top: number;
  readonly active: boolean;
  readonly notched: boolean;
  readonly form: RowForm;
  readonly open: (entry: LogEntry) => void;
}

const LogRow = memo(function LogRow({ entry, index, top, active, notched, form, open }: LogRowProps) {
  const [at, to, note] = [form.at(entry), form.to(entry), form.note?.(entry) ?? null];
  const kind = isGrave(entry.level) ? ' grave' : entry.level === 'warn' ? ' warn' : '';
  return (
    <div role="row" id={rowId(index)} aria-rowindex={index + 2} aria-selected={active} className={`lr${kind}${active ? ' on' : ''}`} style={{ transform: `translateY(${top}px)` }} onClick={() => open(entry)}>
      <span role="gridcell" className="num f2" title={at.title}>
        {at.text}
      </span>
      <span role="gridcell">
        <LevelMark level={entry.level} text={entry.severityText} />
      </span>
      <span role="gridcell" className="svcname c-service" title={entry.resource.service}>
        <ServiceDot name={entry.resource.service} notched={notched} />
        <span className="trunc">{entry.resource.service}</span>
      </span>
      <span role="gridcell" className="msg">
        <span className="text trunc" title={entry.body.slice(0, 1000)}>
          {lineOf(entry).slice(0, 1000)}
        </span>
        <span className="attrs trunc f3">{excerptOf(entry, attributesInLine).slice(0, 600)}</span>
      </span>
      <span role="gridcell" className="to">
        {note !== null && (
          <span className="near" title={note.title}>
            {note.text}
          </span>
        )}
        {to !== null && (
          <Link href={to.address} className="to" title={to.title} onClick={(event) => event.stopPropagation()}>
            <span className="trunc">{to.text}</span>
            <Icon name="arrow" />
          </Link>
        )}
      </span>
    </div>
  );
});

interface LogRowsProps {
  readonly entries: readonly LogEntry[];
  readonly label: string;
  readonly heads: readonly [at: string, to: string];
  readonly form: RowForm;
  readonly kind: 'days' | 'clock' | 'offsets';
  /** The place of the entry that is open, null for none. */
  readonly active: string | null;
  readonly open: (entry: LogEntry | null) => void;
  readonly more?: boolean;
  readonly loadingMore?: boolean;
  readonly loadMore?: () => void;
  /** Told whether the reader has left the top. */
  readonly scrolled?: (away: boolean) => void;
  /** Grows when the list is to go back to its top. */
  readonly toTop?: number;
  readonly end: ReactNode;
}

/** Entries in one line each; only what is in view is in the document. One tab stop: arrows or j and k move, Enter leads to the span. */
export function LogRows({ entries, label, heads, form, kind, active, open, more = false, loadingMore = false, loadMore, scrolled, toTop = 0, end }: LogRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: entries.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12, scrollMargin: headHeight, scrollPaddingStart: headHeight, getItemKey: (index) => String(entries[index]?.sequence ?? index) });
  const at = useMemo(() => (active === null ? -1 : entries.findIndex((entry) => placeOf(entry) === active)), [entries, active]);
  const notched = useMemo(() => notchedServices([...new Set(entries.map((entry) => entry.resource.service))]), [entries]);
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !loadingMore && last >= entries.length - ahead) loadMore?.();
  }, [more, loadingMore, last, entries.length, loadMore]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null || scrolled === undefined) return;
    const tell = (): void => scrolled(element.scrollTop > rowHeight);
    tell();
    element.addEventListener('scroll', tell, { passive: true });
    return () => element.removeEventListener('scroll', tell);
  }, [scrolled]);
  useEffect(() => {
    if (toTop > 0) scroller.current?.scrollTo({ top: 0 });
  }, [toTop]);

  const move = (by: number): void => {
    const next = entries[Math.min(entries.length - 1, Math.max(0, at + by))];
    if (next === undefined) return;
    open(next);
    rows.scrollToIndex(entries.indexOf(next));
    scroller.current?.focus({ preventScroll: true });
  };
  useKeys({
    j: () => move(1),
    k: () => move(at < 0 ? 1 : -1),
    Enter: (event) => {
      const entry = entries[at];
      if (entry === undefined || (event.target instanceof Element && event.target.closest('a, button, input, [role="separator"]') !== null)) return false;
      const link = scroller.current?.querySelector<HTMLAnchorElement>(`#${rowId(at)} a`);
      if (link == null) return false;
      link.click();
      return;
    },
  });
  return (
    <div
      ref={scroller}
      className={`ll ${kind}`}
      role="grid"
      aria-label={label}
      aria-rowcount={entries.length + 1}
      aria-colcount={columnCount}
      tabIndex={0}
      aria-activedescendant={at >= 0 && items.some((item) => item.index === at) ? rowId(at) : undefined}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -entries.length, End: entries.length }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        move(at < 0 && by < 0 ? 1 : by);
      }}
    >
      <div role="rowgroup">
        <div role="row" className="lhd" aria-rowindex={1}>
          <span role="columnheader">{heads[0]}</span>
          <span role="columnheader">Level</span>
          <span role="columnheader" className="c-service">
            Service
          </span>
          <span role="columnheader">Message</span>
          <span role="columnheader" className="right">
            {heads[1]}
          </span>
        </div>
      </div>
      <div className="sizer" role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const entry = entries[item.index];
          return entry === undefined ? null : <LogRow key={item.key} entry={entry} index={item.index} top={item.start - headHeight} active={item.index === at} notched={notched.has(entry.resource.service)} form={form} open={open} />;
        })}
      </div>
      {end}
    </div>
  );
}

