import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { formatCount, formatDuration, none } from '../../../model/format';
import { ServiceDot } from '../../../ui/Service';
import { Icon } from '../../../ui/Icon';
import type { FlameView } from './paintFlame';

const rowHeight = 24;
const time = (nanos: number): string => (nanos > 0 ? formatDuration(nanos) : none);

/** The flame graph as rows of text: what the picture says, for reading and for screen readers. */
export function FlameTable({ trace, graph, hits, notched, show }: Pick<FlameView, 'trace' | 'graph' | 'hits' | 'notched'> & { readonly show: (row: number) => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: graph.frames.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12 });
  return (
    <div ref={scroller} className="fltable" role="treegrid" aria-label="Flame graph as a table" aria-rowcount={graph.frames.length + 1} tabIndex={0}>
      <div className="flh" role="row" aria-rowindex={1}>
        {['Service and operation', 'Spans', 'Errors', 'Self time', 'Waiting', 'With what is below'].map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      <div className="sizer" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const frame = graph.frames[item.index];
          if (frame === undefined) return null;
          const [name, service] = [trace.names[frame.name] ?? '', trace.services[frame.service] ?? ''];
          return (
            <div key={item.index} className="flr" role="row" aria-level={frame.depth + 1} aria-rowindex={item.index + 2} style={{ transform: `translateY(${item.start}px)` }}>
              <span role="gridcell" className="flname" style={{ paddingLeft: Math.min(frame.depth, 40) * 12 }}>
                {frame.wait === null ? <ServiceDot name={service} notched={notched.has(service)} /> : <i className="dot hatch" />}
                <button type="button" className={(hits?.[item.index] ?? 0) > 0 ? 'linkish trunc hit' : 'linkish trunc'} title={`${name}: show the longest in the timeline`} onClick={() => show(frame.longest)}>
                  {name === '' ? '(no name)' : name}
                </button>
                <span className="f3 trunc">{service}</span>
              </span>
              <span role="gridcell">{formatCount(frame.spans)}</span>
              <span role="gridcell" className={frame.errors > 0 ? 'errt' : 'f3'}>
                {frame.errors > 0 && <Icon name="error" strokeWidth={1.6} />}
                {frame.errors > 0 ? formatCount(frame.errors) : none}
              </span>
              <span role="gridcell">{frame.wait === null ? time(frame.own) : none}</span>
              <span role="gridcell">{frame.wait === null ? none : time(frame.own)}</span>
              <span role="gridcell">{time(frame.total)}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
