import { useEffect, useMemo, useRef, type CSSProperties, type MouseEvent } from 'react';
import { chipWidth, linearAxis, ticks, type AxisSegment, type TimeAxis, type Tick } from '../../model/axis';
import { compareAxisOf, movedLanes } from '../../model/compareAxis';
import { laneServices, rowAt, waitRuns, type Lane } from '../../model/compareLanes';
import type { MergedTree } from '../../model/compareTree';
import { foldedAxis } from '../../model/foldedAxis';
import { formatDuration } from '../../model/format';
import { notchedServices, sharedPrefix } from '../../model/serviceColor';
import { durationOf, startOf, waitName, type Interval, type Trace } from '../../model/trace';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import { useTheme } from '../../ui/theme';
import { useSize } from '../../ui/useSize';
import { laneHeight, paintLanes } from './paintLanes';

const mostLanes = 6;
const [rulerHeight, groupGap, axisEdge] = [24, 14, 14];
/** Of 11 px type; a label that has no room is left out. */
const characterWidth = 6;

/** Room for an absolute time at the start of a stretch of work, and for the ticks after it. */
const [edgeRoom, edgeWidth] = [46, 62];

/** Ticks of each stretch of work: absolute where it begins, after a fold as well. */
function marksOf(axis: TimeAxis): readonly Tick[] {
  return axis.segments.flatMap((segment): readonly Tick[] => {
    const room = segment.x1 - segment.x0;
    if (segment.kind === 'fold' || room < edgeRoom) return [];
    const first = { time: segment.from, x: segment.x0, label: segment.from === 0 ? '0' : formatDuration(segment.from), edge: true };
    const rest = ticks(linearAxis(segment.from, segment.to, room), 64).filter((tick) => tick.label !== '' && tick.x > edgeWidth && tick.x < room - 20);
    // An opened fold has its chip in the middle.
    const clear = segment.kind === 'opened' ? rest.filter((tick) => Math.abs(tick.x - room / 2) > chipWidth / 2 + tick.label.length * 3 + 3) : rest;
    return [first, ...clear.map((tick) => ({ ...tick, x: tick.x + segment.x0, edge: false }))];
  });
}

const waitText = (kind: string, length: number): string => `${waitName(kind)} ${formatDuration(length)}`;

/** The hatch of each wait, apart from its neighbours, and above them one label for those that touch: all their kinds, or how many where there is no room. */
function Waits({ lanes, top, axis }: { readonly lanes: readonly Lane[]; readonly top: number; readonly axis: TimeAxis }) {
  return lanes.flatMap((lane, index) => {
    const y = top + index * laneHeight + 1;
    return [
      ...lane.waits.map((wait) => {
        const [from, to] = [axis.x(wait.from), axis.x(wait.to)];
        return <span key={`${lane.service} ${wait.row}`} className={wait.warn ? 'lwait hatch warn' : 'lwait hatch'} style={{ left: from, width: Math.max(1.5, to - from), top: y }} title={waitText(wait.kind, wait.to - wait.from)} />;
      }),
      ...waitRuns(lane.waits, axis.perPixel * 2).map((run) => {
        const [from, to] = [axis.x(run.from), axis.x(run.to)];
        const texts = [run.parts.map(({ kind, length }) => waitText(kind, length)).join(', '), ...(run.parts.length > 1 ? [`${run.parts.length} kinds of waits ${formatDuration(run.to - run.from)}`] : [])];
        const text = texts.find((candidate) => to - from > candidate.length * characterWidth + 16);
        return (
          text !== undefined && (
            <span key={`${lane.service} label ${run.from}`} className="lwait label" style={{ left: from, width: to - from, top: y }}>
              <span className="lwaittext num">{text}</span>
            </span>
          )
        );
      }),
    ];
  });
}

function End({ side, trace, top, height, axis, offset, other }: { readonly side: 'A' | 'B'; readonly trace: Trace; readonly top: number; readonly height: number; readonly axis: TimeAxis; readonly offset: number; readonly other: number }) {
  const x = Math.min(axis.width - 1, axis.x(trace.total + offset));
  const text = `${side} ends ${formatDuration(trace.total)}`;
  const room = x + text.length * characterWidth + 12 < axis.width;
  return (
    <>
      {offset > 0 && <i className="lend" style={{ left: axis.x(offset), top: top - 3, height: height + 5 }} />}
      <i className="lend" style={{ left: x, top: top - 3, height: height + 5 }}>
        {trace.total + offset < other && room && <span className="num">{text}</span>}
      </i>
    </>
  );
}

/** A fold with its length; pressed it opens, and pressed again it closes. */
function FoldMark({ segment, toggle }: { readonly segment: AxisSegment; readonly toggle: () => void }) {
  const [length, opened] = [formatDuration(segment.to - segment.from), segment.kind === 'opened'];
  const said = `${opened ? 'Fold' : 'Unfold'} ${length} in which both only wait`;
  return (
    <i className={opened ? 'lfold opened' : 'lfold'} style={{ left: segment.x0, width: segment.x1 - segment.x0 }}>
      <button
        type="button"
        className="lchip num"
        aria-pressed={opened}
        aria-label={said}
        title={said}
        onClick={(event) => {
          event.stopPropagation();
          toggle();
        }}
      >
        <Icon name="fold" />
        {segment.x1 - segment.x0 >= length.length * characterWidth + 18 && length}
      </button>
    </i>
  );
}

interface LanesProps {
  readonly tree: MergedTree;
  readonly selected: number;
  /** The node that begins at one place in both, -1 when the traces do. */
  readonly aligned: number;
  /** A time in each fold that is opened. */
  readonly opened: readonly number[];
  readonly toggleFold: (fold: Interval) => void;
  readonly goToRow: (side: 'a' | 'b', row: number) => void;
}

/** Both traces on one axis, which folds only where neither works; the lower group has the same lanes as the upper. A click selects what lies there, one on a fold's length opens it. */
export function Lanes({ tree, selected, aligned, opened, toggleFold, goToRow }: LanesProps) {
  const { traceA, traceB } = tree;
  const [measure, size] = useSize();
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const services = useMemo(() => laneServices(traceA, traceB, mostLanes), [traceA, traceB]);
  const { offsets, total, folds } = useMemo(() => compareAxisOf(tree, aligned), [tree, aligned]);
  const [lanesA, lanesB] = useMemo(() => [movedLanes(traceA, services, offsets.a), movedLanes(traceB, services, offsets.b)], [traceA, traceB, services, offsets]);
  const all = useMemo(() => new Set([...traceA.services, ...traceB.services]), [traceA, traceB]);
  const notched = useMemo(() => notchedServices(all), [all]);
  const prefix = useMemo(() => sharedPrefix(all), [all]);
  const gutter = size.width < 640 ? 84 : 124;
  const width = Math.max(0, Math.floor(size.width - gutter - axisEdge));
  const open = useMemo(() => new Set(folds.flatMap((fold, index) => (opened.some((time) => time >= fold.from && time < fold.to) ? [index] : []))), [folds, opened]);
  const axis = useMemo(() => foldedAxis({ folds, opened: open, total, width }), [folds, open, total, width]);
  const marks = useMemo(() => marksOf(axis), [axis]);
  const tall = services.length * laneHeight;
  const [topA, topB] = [rulerHeight + 8, rulerHeight + 8 + tall + groupGap];
  const height = topB + tall + 8;
  useEffect(() => {
    if (canvas.current !== null)
      paintLanes(
        canvas.current,
        [
          { lanes: lanesA, top: topA },
          { lanes: lanesB, top: topB },
        ],
        axis,
        height,
        notched,
        devicePixelRatio,
      );
  }, [lanesA, lanesB, axis, height, notched, topA, topB, theme]);

  const pick = (event: MouseEvent<HTMLDivElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    for (const [side, trace, top, offset] of [['a', traceA, topA, offsets.a], ['b', traceB, topB, offsets.b]] as const) {
      const service = services[Math.floor((y - top) / laneHeight)];
      if (y < top || service === undefined) continue;
      const row = rowAt(trace, service, axis.time(x) - offset, axis.perPixel * 2);
      if (row >= 0) goToRow(side, row);
      return;
    }
  };
  const mark = (trace: Trace, row: number, top: number, offset: number) => {
    const from = startOf(trace, row) + offset;
    return row >= 0 && <i className="lsel" style={{ left: axis.x(from), width: Math.max(3, axis.x(from + durationOf(trace, row)) - axis.x(from)), top: top - 3, height: tall + 4 }} />;
  };
  const style: CSSProperties & Readonly<Record<`--${string}`, string>> = { height, '--gutter': `${gutter}px` };
  return (
    <div ref={measure} className="lanes axisbox" style={style} role="group" aria-label="Both traces on one time axis">
      {(['A', 'B'] as const).map((side) => (
        <div key={side} className="lgroup" style={{ top: side === 'A' ? topA : topB, height: tall }}>
          <span className="ab">{side}</span>
          <ul>
            {services.map((service) => (
              <li key={service} title={service} style={{ height: laneHeight }}>
                <ServiceDot name={service} notched={notched.has(service)} />
                <span className="trunc">{service.slice(prefix.length)}</span>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <div className="laxis" style={{ width, height }} onClick={pick}>
        {axis.segments.map((segment) =>
          segment.fold < 0 ? null : <FoldMark key={segment.from} segment={segment} toggle={() => toggleFold(segment)} />,
        )}
        {marks.map((tick) => (
          <span key={tick.time} className={tick.edge ? 'lmark edge num' : 'lmark num'} style={{ left: tick.x }}>
            {tick.label}
          </span>
        ))}
        <canvas ref={canvas} style={{ width, height }} role="img" aria-label={`A took ${formatDuration(traceA.total)}, B ${formatDuration(traceB.total)}; ${axis.segments.filter((segment) => segment.kind === 'fold').length} waits are folded`} />
        {selected >= 0 && mark(traceA, tree.a[selected] ?? -1, topA, offsets.a)}
        {selected >= 0 && mark(traceB, tree.b[selected] ?? -1, topB, offsets.b)}
        <Waits lanes={lanesA} top={topA} axis={axis} />
        <Waits lanes={lanesB} top={topB} axis={axis} />
        <End side="A" trace={traceA} top={topA} height={tall} axis={axis} offset={offsets.a} other={traceB.total + offsets.b} />
        <End side="B" trace={traceB} top={topB} height={tall} axis={axis} offset={offsets.b} other={traceA.total + offsets.a} />
      </div>
    </div>
  );
}
