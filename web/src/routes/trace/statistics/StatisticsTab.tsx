import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, type ReactNode } from 'react';
import { formatCount, formatDuration, none, plural } from '../../../model/format';
import { notchedServices, serviceColor } from '../../../model/serviceColor';
import { groupings, sortStatistics, statisticsOf, type Grouping, type Statistic, type StatisticColumn } from '../../../model/statistics';
import { serviceOf } from '../../../model/trace';
import { Icon } from '../../../ui/Icon';
import { ServiceDot } from '../../../ui/Service';
import type { TabProps } from '../OtherTab';
import './statistics.css';

const rowHeight = 26;
const groupingNames: Readonly<Record<Grouping, string>> = { both: 'Service and operation', operation: 'Operation', service: 'Service' };
const columns: readonly (readonly [column: StatisticColumn, name: string, what: string])[] = [
  ['name', 'Name', 'Name'],
  ['spans', 'Spans', 'How many spans'],
  ['errors', 'Errors', 'How many of them failed'],
  ['self', 'Self time', 'Time that neither children cover nor the spans spend waiting, summed'],
  ['waiting', 'Waiting', 'Own time of spans that say they wait, summed'],
  ['total', 'Running', 'How long at least one of the spans ran; time that they share counts once'],
  ['p50', 'p50', 'Median of the durations'],
  ['max', 'Max', 'The longest duration'],
];

const time = (nanos: number): string => (nanos > 0 ? formatDuration(nanos) : none);

interface RowProps {
  readonly row: Statistic;
  readonly most: { readonly self: number; readonly waiting: number };
  readonly notched: boolean;
  readonly index: number;
  readonly top: number;
  readonly open: (row: Statistic) => void;
}

const Cell = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <span role="cell" className={`st-${name} num`}>
    {children}
  </span>
);

/** A bar behind its figure: solid is work, hatched is waiting, as everywhere. */
function Amount({ value, most, service, waits }: { readonly value: number; readonly most: number; readonly service: string | null; readonly waits: boolean }) {
  const width = most === 0 || value === 0 ? '0' : `max(2px, ${(value / most) * 100}%)`;
  return (
    <>
      <span className="stbar" aria-hidden="true">
        <i className={waits ? 'hatch' : service === null ? 'plain' : undefined} style={{ width, ...(waits || service === null ? {} : { backgroundColor: serviceColor(service) }) }} />
      </span>
      <span className="stfig">{time(value)}</span>
    </>
  );
}

function StatisticRow({ row, most, notched, index, top, open }: RowProps) {
  const name = row.name ?? row.service ?? '';
  return (
    <div className="sta" role="row" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
      <span role="rowheader" className="st-name">
        {row.service !== null && <ServiceDot name={row.service} notched={notched} />}
        <button type="button" className="linkish trunc" title={`${name === '' ? '(no name)' : name}${row.service === null || row.name === null ? '' : ` · ${row.service}`}: show in the timeline`} onClick={() => open(row)}>
          {name === '' ? '(no name)' : name}
        </button>
        {row.service !== null && row.name !== null && <span className="f3 trunc">{row.service}</span>}
      </span>
      <Cell name="spans">{formatCount(row.spans)}</Cell>
      <Cell name="errors">
        {row.errors === 0 ? (
          <span className="f3">{none}</span>
        ) : (
          <span className="errt">
            <Icon name="error" strokeWidth={1.6} />
            {formatCount(row.errors)}
          </span>
        )}
      </Cell>
      <Cell name="self">
        <Amount value={row.self} most={most.self} service={row.service} waits={false} />
      </Cell>
      <Cell name="waiting">
        <Amount value={row.waiting} most={most.waiting} service={row.service} waits />
      </Cell>
      <Cell name="total">{time(row.total)}</Cell>
      <Cell name="p50">{time(row.p50)}</Cell>
      <Cell name="max">{time(row.max)}</Cell>
    </div>
  );
}

/** Where the time of a trace went, added up by service and operation. */
export function StatisticsTab({ trace, state, change, changeTab, found, showRow }: TabProps) {
  const { grouping, sort, descending } = state.tabs;
  const scroller = useRef<HTMLDivElement>(null);
  const { services, text } = state;
  const rows = useMemo(() => {
    const matches = new Set(found);
    return statisticsOf(trace, grouping, (row) => (services.size === 0 || services.has(serviceOf(trace, row))) && (text.trim() === '' || matches.has(row)));
  }, [trace, grouping, services, text, found]);
  const sorted = useMemo(() => sortStatistics(rows, sort, descending), [rows, sort, descending]);
  const most = useMemo(() => rows.reduce((so, row) => ({ self: Math.max(so.self, row.self), waiting: Math.max(so.waiting, row.waiting) }), { self: 0, waiting: 0 }), [rows]);
  const sums = useMemo(() => rows.reduce((so, row) => ({ spans: so.spans + row.spans, self: so.self + row.self, waiting: so.waiting + row.waiting }), { spans: 0, self: 0, waiting: 0 }), [rows]);
  const notched = useMemo(() => notchedServices(trace.services), [trace]);
  const virtual = useVirtualizer({ count: sorted.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12 });
  const filtered = services.size > 0 || text.trim() !== '';
  const open = (row: Statistic): void => {
    change((old) => ({ ...old, services: row.service === null ? old.services : new Set([row.service]), text: row.name ?? '' }));
    showRow(row.longest);
  };
  return (
    <>
      <div className="stline">
        <span className="f3" id="st-by">
          Add up by
        </span>
        <span className="seg" role="group" aria-labelledby="st-by">
          {groupings.map((one) => (
            <button key={one} type="button" aria-pressed={grouping === one} onClick={() => changeTab({ grouping: one })}>
              {groupingNames[one]}
            </button>
          ))}
        </span>
        <span className="f2 num" role="status">
          {plural(sorted.length, 'row')}, {filtered ? `${formatCount(sums.spans)} of ${plural(trace.tree.count, 'span')}` : plural(sums.spans, 'span')}: {formatDuration(sums.self)} of work, {sums.waiting > 0 ? formatDuration(sums.waiting) : 'nothing'} of waiting
        </span>
        {filtered && (
          <button type="button" className="linkish" onClick={() => change((old) => ({ ...old, services: new Set(), text: '' }))}>
            Show all spans
          </button>
        )}
      </div>
      <div ref={scroller} className="stscroll" role="table" aria-label="Statistics of the trace" aria-rowcount={sorted.length + 1} tabIndex={0}>
        <div className="sth" role="row" aria-rowindex={1}>
          {columns.map(([column, name, what]) => {
            const on = sort === column;
            return (
              <span key={column} role="columnheader" className={`st-${column}${on ? ' on' : ''}`} aria-sort={on ? (descending ? 'descending' : 'ascending') : undefined}>
                <button type="button" title={`${what}. Click to sort`} onClick={() => changeTab({ sort: column, descending: on ? !descending : column !== 'name' })}>
                  {column === 'name' ? groupingNames[grouping] : name}
                  {on && <Icon name={descending ? 'down' : 'up'} />}
                </button>
              </span>
            );
          })}
        </div>
        <div role="rowgroup" className="sizer" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = sorted[item.index];
            return row === undefined ? null : <StatisticRow key={row.key} row={row} most={most} notched={row.service !== null && notched.has(row.service)} index={item.index} top={item.start} open={open} />;
          })}
        </div>
        {sorted.length === 0 && <p className="state f2">No span matches what is searched for.</p>}
      </div>
    </>
  );
}
