import { Link } from 'wouter';
import { formatCount, formatDuration, none } from '../../model/format';
import { errorRate, excess, isFaster, onLogAxis, type LogAxis, type OperationSeries, type Stage, type Stages } from '../../model/pipeline';
import { formatRange, formatShare, formatTimes } from '../../model/pipelineStory';
import type { TimeRange } from '../../model/timeRange';
import { ServiceDot } from '../../ui/Service';
import { useSize } from '../../ui/useSize';
import { Sparkline } from './Sparkline';
import { tracesAddress } from './url';

interface TableProps {
  readonly stages: Stages;
  readonly axis: LogAxis;
  readonly series: OperationSeries | undefined;
  readonly hot: Stage | null;
  readonly minutes: number;
  readonly range: TimeRange;
  readonly notched: ReadonlySet<string>;
}

function Marks({ stage, axis, width }: { readonly stage: Stage; readonly axis: LogAxis; readonly width: number }) {
  const x = (nanos: number): number => onLogAxis(nanos, axis) * (width - 8) + 4;
  const { p50, p95, p99 } = stage.operation;
  const over = excess(stage) !== null;
  const { typical } = stage;
  return (
    <svg className="marks" width={width} height={34} aria-hidden="true">
      {axis.ticks.map((tick) => (
        <path key={tick} className="grid" d={`M${x(tick)} 0V34`} />
      ))}
      {typical !== null && <rect className="band" x={x(typical.low)} y={9} width={Math.max(2, x(typical.high) - x(typical.low))} height={16} rx={2} />}
      <path className={over ? 'span over' : 'span'} d={`M${x(p50)} 17H${x(p99)}`} />
      <rect className="p50" x={x(p50) - 1.5} y={10} width={3} height={14} />
      <path className={typical !== null && p99 > typical.high ? 'p99 over' : 'p99'} d={`M${x(p99)} 12V22`} />
      <circle className={over ? 'p95 over' : 'p95'} cx={x(p95)} cy={17} r={4} />
    </svg>
  );
}

const against = (stage: Stage, kind: Stages['kind']): string => {
  const factor = excess(stage);
  if (stage.typical === null) return none;
  if (factor !== null) return `p95 ${formatTimes(factor)}`;
  return kind === 'reference' && isFaster(stage) ? 'faster' : 'in range';
};

/** The stages with what was measured against what is usual, all on one logarithmic axis. Every figure leads to its traces. */
export function StageTable({ stages, axis, series, hot, minutes, range, notched }: TableProps) {
  const [attach, { width }] = useSize();
  const derived = stages.kind === 'derived';
  return (
    <section className="st" aria-label="Stages">
      <div className="strows" role="table" aria-label={derived ? 'Operations with the most time' : 'Stages of the pipeline'}>
        <div className="stageh" role="row">
          <span role="columnheader">{derived ? 'Operation, p50 – p95 before' : 'Stage, typical range'}</span>
          <span role="columnheader" className="axis" ref={attach}>
            <span className="visually-hidden">Durations on a logarithmic axis</span>
            <svg width={width} height={26} aria-hidden="true">
              {axis.ticks.map((tick, i) => (
                <text key={tick} x={onLogAxis(tick, axis) * (width - 8) + 4} y={17} textAnchor={i === 0 ? 'start' : onLogAxis(tick, axis) > 0.97 ? 'end' : 'middle'}>
                  {formatRange({ low: tick, high: tick })}
                </text>
              ))}
            </svg>
          </span>
          <span role="columnheader" className="right" title={derived ? 'All durations in sum; operations lie within each other, so that these do not add up' : 'Of the time that was spent in all stages'}>
            {derived ? 'in sum' : 'of time'}
          </span>
          <span role="columnheader" className="right">p50</span>
          <span role="columnheader" className="right">p95</span>
          <span role="columnheader" className="right">p99</span>
          <span role="columnheader" className="sparkh">p95 over time</span>
          <span role="columnheader" className="right">per minute</span>
          <span role="columnheader" className="right">errors</span>
          <span role="columnheader" className="right">{derived ? 'against before' : 'against typical'}</span>
        </div>
        {stages.stages.map((stage) => {
          const { operation, typical } = stage;
          const what = { service: operation.service, name: operation.name, kind: operation.kind };
          const steps = series?.operations.find((one) => one.service === operation.service && one.name === operation.name && one.kind === operation.kind);
          const rate = errorRate(operation);
          const factor = excess(stage);
          const full = `${operation.name}, ${operation.kind}, of ${operation.service}: ${formatCount(operation.spans)} spans`;
          return (
            <div key={`${operation.service} ${operation.name} ${operation.kind}`} role="row" className={stage === hot ? 'str hot' : 'str'}>
              <span role="rowheader" className="stn">
                {stage.waits ? <i className="dot hatch square" /> : <ServiceDot name={stage.service} notched={notched.has(stage.service)} />}
                <Link className="trunc" href={tracesAddress(range, what)} title={full}>
                  {stage.name}
                </Link>
                <span className="f3 xs nowrap">{typical === null ? '' : formatRange(typical)}</span>
              </span>
              <span role="cell" className="axis">
                <Marks stage={stage} axis={axis} width={width} />
              </span>
              <span role="cell" data-name={derived ? 'in sum' : 'of time'} className={(stage.share ?? 0) >= 0.5 ? 'right strong' : 'right f2'}>
                {derived ? formatDuration(operation.total) : stage.share === null ? none : formatShare(stage.share)}
              </span>
              <span role="cell" data-name="p50" className="right strong">{formatDuration(operation.p50)}</span>
              <span role="cell" data-name="p95" className="right">
                <Link className={factor === null ? 'quiet' : 'warnt strong'} href={tracesAddress(range, { ...what, atLeast: operation.p95 * 0.984 })} title="The slowest twentieth">
                  {formatDuration(operation.p95)}
                </Link>
              </span>
              <span role="cell" className="right c99">
                <Link className={typical !== null && operation.p99 > typical.high ? 'warnt' : 'quiet f2'} href={tracesAddress(range, { ...what, atLeast: operation.p99 * 0.984 })} title="The slowest hundredth">
                  {formatDuration(operation.p99)}
                </Link>
              </span>
              <span role="cell" className="sparkc">
                <Sparkline steps={steps} />
              </span>
              <span role="cell" className="right f2 cmin">{minutes <= 0 ? none : (operation.spans / minutes).toFixed(operation.spans / minutes < 10 ? 2 : 1)}</span>
              <span role="cell" data-name="errors" className="right">
                {operation.errors === 0 ? (
                  <span className="f3">{none}</span>
                ) : (
                  <Link className={rate >= 0.01 ? 'errt strong' : 'errt'} href={tracesAddress(range, { ...what, failed: true })} title={`${formatCount(operation.errors)} of ${formatCount(operation.spans)}`}>
                    {formatShare(rate)}
                  </Link>
                )}
              </span>
              <span role="cell" className={factor === null ? 'right f3 ctyp' : 'right warnt ctyp'}>{against(stage, stages.kind)}</span>
            </div>
          );
        })}
      </div>
    </section>
  );
}
