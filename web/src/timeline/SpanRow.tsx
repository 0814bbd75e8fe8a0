import { memo, type MouseEvent } from 'react';
import type { TimeAxis } from '../model/axis';
import { layoutBar, sideOf, type Bar, type BarLabel } from '../model/barLayout';
import type { CriticalPath } from '../model/criticalPath';
import { formatCount, formatDuration, formatOffset, plural } from '../model/format';
import type { LogMark } from '../model/logView';
import { pathLines } from '../model/overlay';
import { serviceColor, serviceTextColor } from '../model/serviceColor';
import { durationOf, isBackoff, isError, isRunning, nameOf, serviceOf, shiftOf, waitKindOf, type Interval, type Trace } from '../model/trace';
import { Icon } from '../ui/Icon';
import { axisEdge } from './geometry';
import { LogMarks } from './LogMarks';

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
  /** Null when it is not drawn. */
  readonly path: CriticalPath | null;
  /** Stretches that nothing explains, which this row shows. */
  readonly gaps: readonly Interval[] | undefined;
  /** Log entries that were written in it. */
  readonly logs: readonly LogMark[] | undefined;
  readonly select: (row: number) => void;
  readonly toggle: (row: number) => void;
}

/** The focus stays with the rows: elements of rows serve other rows when these come into view. */
const keepFocus = (event: MouseEvent): void => event.preventDefault();

export const spanRowId = (row: number): string => `span-${row}`;

/** A wait is hatched; else the service's colour, as a line where the bar crosses a fold. */
function BarShape({ trace, row, bar, notched }: Pick<SpanRowProps, 'trace' | 'row' | 'notched'> & { readonly bar: Bar }) {
  const kind = waitKindOf(trace, row);
  const failed = isError(trace, row);
  if (kind !== null) return <i className={`wb hatch${failed || isBackoff(kind) ? ' warn' : ''}`} style={{ left: bar.left, width: bar.width }} data-bar />;
  const colour = serviceColor(serviceOf(trace, row));
  const marks = `${failed ? ' er' : ''}${bar.orphan ? ' orphan' : ''}${bar.cut ? ' cut' : ''}${notched ? ' notched' : ''}`;
  if (bar.running) return <i className="bar running" style={{ left: bar.left, width: bar.width, borderColor: colour }} data-bar />;
  if (bar.pieces.length < 2) return <i className={`bar${marks}`} style={{ left: bar.left, width: bar.width, backgroundColor: colour }} data-bar />;
  return (
    <span className="bars" style={{ left: bar.left, width: bar.width }} data-bar>
      {bar.pieces.map((piece, index) => (
        <i key={piece.left} className={piece.thin ? 'bar thin' : `bar${failed ? ' er' : ''}${index === 0 ? marks : ''}${bar.cut && index === bar.pieces.length - 1 ? ' cut' : ''}`} style={{ left: piece.left - bar.left, width: piece.width, backgroundColor: colour }} />
      ))}
    </span>
  );
}

/** A dotted outline where a long time is neither work nor a known wait. */
function Gaps({ gaps, axis }: { readonly gaps: readonly Interval[]; readonly axis: TimeAxis }) {
  return gaps.map((gap) => {
    const [left, right] = [Math.max(-6, axis.x(gap.from)), Math.min(axis.width, axis.x(gap.to))];
    const text = `uninstrumented ${formatDuration(gap.to - gap.from)}`;
    return right - left < 3 ? null : (
      <span key={gap.from} className="gap" style={{ left, width: right - left }} title={`${text}: no span says what happened here`}>
        {right - left > text.length * 5.8 + 12 ? <b>{text}</b> : null}
      </span>
    );
  });
}
/** What stands beside or on a bar. A press on links to other traces selects the span, as one on its row does, and so lists them. */
function BarText({ label, ink }: { readonly label: BarLabel; readonly ink: string | null }) {
  const fromLeft = label.place === 'beside' || label.place === 'middle';
  const style = { ...(fromLeft ? { left: label.at } : { right: axisEdge + label.at }), ...(ink === null ? {} : { color: ink }) };
  const className = `nt ${label.tone} ${label.place}`;
  if (label.tone !== 'link')
    return (
      <span className={className} style={style}>
        {label.text}
      </span>
    );
  return (
    <button type="button" className={className} style={style} tabIndex={-1} onMouseDown={keepFocus} title="The span’s details list where they lead">
      {label.text}
    </button>
  );
}

function SpanBar({ trace, row, axis, notched, dim }: Pick<SpanRowProps, 'trace' | 'row' | 'axis' | 'notched' | 'dim'>) {
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
  const failed = isError(trace, row);
  return (
    <>
      {bar.tail !== null && <i className="tail" style={{ left: bar.tail.left, width: bar.tail.width, background: serviceColor(service) }} />}
      {bar.width > 0 && <BarShape trace={trace} row={row} bar={bar} notched={notched} />}
      {failed && bar.width > 0 && bar.left + bar.width < axis.width && (
        <span className="ew" style={{ left: bar.left + bar.width + 5 }}>
          <Icon name="error" strokeWidth={1.8} />
        </span>
      )}
      {bar.label !== null && <BarText label={bar.label} ink={bar.label.place === 'inside' && !dim ? serviceTextColor(service) : null} />}
    </>
  );
}

/** A span: its place in the tree, its duration, its bar. 22 px; what can't be told by colour is told by shape or word. */
export const SpanRow = memo(function SpanRow({ trace, row, position, top, axis, selected, dim, match, collapsed, notched, path, gaps, logs, select, toggle }: SpanRowProps) {
  const { tree } = trace;
  const service = serviceOf(trace, row);
  const depth = tree.depth[row] ?? 0;
  const parent = (tree.children[row] ?? 0) > 0;
  const omitted = trace.spans.omitted?.[row] ?? 0;
  const hidden = (tree.end[row] ?? row + 1) - row - 1;
  const kind = waitKindOf(trace, row);
  const wait = kind !== null;
  const failed = isError(trace, row);
  const name = nameOf(trace, row) === '' ? '(no name)' : nameOf(trace, row);
  const above = trace.spans.parent[row] ?? -1;
  const stop = collapsed ? (tree.end[row] ?? row + 1) : row + 1;
  const crosses = (above < 0 || serviceOf(trace, above) !== service) && service !== '';
  return (
    <div
      role="row"
      id={spanRowId(row)}
      data-row={row}
      aria-level={depth + 1}
      aria-rowindex={position + 1}
      aria-selected={selected}
      aria-expanded={parent ? !collapsed : undefined}
      className={`sp${selected ? ' sel' : ''}${dim ? ' dim' : ''}${path !== null && path.on[row] === 0 ? ' aside' : ''}`}
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
            onMouseDown={keepFocus}
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
        {collapsed && <span className="more num">+{formatCount(hidden)}</span>}
        {omitted > 0 && (
          <span className="more num" title={`${plural(omitted, 'span')} below it not loaded: zoom in to load them`}>
            {formatCount(omitted)} not loaded
          </span>
        )}
      </div>
      <div role="gridcell" className="du">
        {isRunning(trace, row) ? `> ${formatDuration(durationOf(trace, row))}` : formatDuration(durationOf(trace, row))}
      </div>
      <div role="gridcell" className="gr" data-gr>
        <SpanBar trace={trace} row={row} axis={axis} notched={notched} dim={dim} />
        {gaps !== undefined && <Gaps gaps={gaps} axis={axis} />}
        {logs !== undefined && <LogMarks marks={logs} axis={axis} />}
        {path !== null && pathLines(path, axis, row, stop).map((line) => <i key={line.left} className="crit" style={line} />)}
      </div>
    </div>
  );
});
