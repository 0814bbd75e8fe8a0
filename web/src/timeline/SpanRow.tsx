import { memo } from 'react';
import type { TimeAxis } from '../model/axis';
import { layoutBar, sideOf } from '../model/barLayout';
import { formatDuration, formatOffset } from '../model/format';
import { serviceColor, serviceTextColor } from '../model/serviceColor';
import { durationOf, isBackoff, isError, nameOf, serviceOf, shiftOf, waitKindOf, type Trace } from '../model/trace';
import { Icon } from '../ui/Icon';

export interface SpanRowProps {
  readonly trace: Trace;
  readonly row: number;
  readonly position: number;
  readonly top: number;
  readonly axis: TimeAxis;
  readonly selected: boolean;
  readonly dim: boolean;
  readonly match: boolean;
  readonly collapsed: boolean;
  readonly notched: boolean;
  readonly select: (row: number) => void;
  readonly toggle: (row: number) => void;
}

export const spanRowId = (row: number): string => `span-${row}`;
export const rowHeight = 22;
/** Free pixels right of the axis, where the scroll bar lies. */
export const axisEdge = 14;

function SpanBar({ trace, row, axis, notched }: Pick<SpanRowProps, 'trace' | 'row' | 'axis' | 'notched'>) {
  const bar = layoutBar(trace, row, axis);
  if (bar === null) {
    const side = sideOf(trace, row, axis);
    return (
      <span className={`off ${side}`} title={side === 'left' ? 'Before what is shown' : 'After what is shown'}>
        <Icon name={side === 'left' ? 'left' : 'right'} />
      </span>
    );
  }
  const service = serviceOf(trace, row);
  const kind = waitKindOf(trace, row);
  const wait = kind !== null;
  const failed = isError(trace, row);
  const colour = serviceColor(service);
  return (
    <>
      {bar.tail !== null && <i className="tail" style={{ left: bar.tail.left, width: bar.tail.width, background: colour }} />}
      {bar.width > 0 &&
        (wait ? (
          <i className={`wb hatch${failed || isBackoff(kind) ? ' warn' : ''}`} style={{ left: bar.left, width: bar.width }} data-bar />
        ) : (
          <i className={`bar${failed ? ' er' : ''}${bar.orphan ? ' orphan' : ''}${notched ? ' notched' : ''}`} style={{ left: bar.left, width: bar.width, backgroundColor: colour }} data-bar />
        ))}
      {failed && bar.width > 0 && bar.left + bar.width < axis.width && (
        <span className="ew" style={{ left: bar.left + bar.width + 5 }}>
          <Icon name="error" strokeWidth={1.8} />
        </span>
      )}
      {bar.label !== null &&
        (bar.label.place === 'beside' || bar.label.place === 'middle' ? (
          <span className={`nt ${bar.label.tone} ${bar.label.place}`} style={{ left: bar.label.at }}>
            {bar.label.text}
          </span>
        ) : (
          <span className={`nt ${bar.label.tone}`} style={{ right: axisEdge + bar.label.at, ...(bar.label.place === 'inside' ? { color: serviceTextColor(service) } : {}) }}>
            {bar.label.text}
          </span>
        ))}
    </>
  );
}

/** A span: its place in the tree, its duration, its bar. 22 px; what can't be told by colour is told by shape or word. */
export const SpanRow = memo(function SpanRow({ trace, row, position, top, axis, selected, dim, match, collapsed, notched, select, toggle }: SpanRowProps) {
  const { tree } = trace;
  const service = serviceOf(trace, row);
  const depth = tree.depth[row] ?? 0;
  const parent = (tree.children[row] ?? 0) > 0;
  const hidden = (tree.end[row] ?? row + 1) - row - 1;
  const kind = waitKindOf(trace, row);
  const wait = kind !== null;
  const failed = isError(trace, row);
  const name = nameOf(trace, row) === '' ? '(no name)' : nameOf(trace, row);
  const above = trace.spans.parent[row] ?? -1;
  const crosses = above < 0 || serviceOf(trace, above) !== service;
  return (
    <div
      role="row"
      id={spanRowId(row)}
      data-row={row}
      aria-level={depth + 1}
      aria-rowindex={position + 1}
      aria-selected={selected}
      aria-expanded={parent ? !collapsed : undefined}
      className={`sp${selected ? ' sel' : ''}${dim ? ' dim' : ''}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => select(row)}
    >
      <div role="gridcell" className="nm" title={`${name} · ${service}`}>
        {depth > 0 && <i className="ind" style={{ width: depth * 12 }} />}
        {parent ? (
          <button
            type="button"
            tabIndex={-1}
            className="car"
            aria-label={collapsed ? `Open ${name}` : `Close ${name}`}
            onClick={(event) => {
              event.stopPropagation();
              toggle(row);
            }}
          >
            <Icon name={collapsed ? 'right' : 'down'} />
          </button>
        ) : (
          <i className="car" />
        )}
        {wait ? <i className={isBackoff(kind) ? 'sv hatch warn' : 'sv hatch'} /> : <i className={notched ? 'sv notched' : 'sv'} style={{ backgroundColor: serviceColor(service) }} />}
        <span className={`trunc${wait ? ' wt' : ''}${match ? ' hit' : ''}`}>{name}</span>
        {crosses && !wait && <span className="at trunc">{service}</span>}
        {failed && (
          <>
            <Icon name="error" className="ek" strokeWidth={1.8} />
            <span className="visually-hidden">error</span>
          </>
        )}
        {shiftOf(trace, row) !== 0 && (
          <span className="moved" title={`Its clock is off: shown ${formatOffset(shiftOf(trace, row))} from where it was sent`}>
            <Icon name="clock" />
            <span className="visually-hidden">moved, its clock is off</span>
          </span>
        )}
        {collapsed && <span className="more num">+{hidden}</span>}
      </div>
      <div role="gridcell" className="du">
        {formatDuration(durationOf(trace, row))}
      </div>
      <div role="gridcell" className="gr" data-gr>
        <SpanBar trace={trace} row={row} axis={axis} notched={notched} />
      </div>
    </div>
  );
});
