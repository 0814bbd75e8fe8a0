import { useEffect, useRef } from 'react';
import type { TimeAxis } from '../../model/axis';
import { formatDuration } from '../../model/format';
import { formatLane, strainOf, strainTime, thresholdText, valueAt, type Lane } from '../../model/lanes';
import { sharedPrefix } from '../../model/serviceColor';
import { ServiceDot } from '../../ui/Service';
import type { PointerTime } from '../pointer';
import { LaneChart, laneHeight } from './LaneChart';
import './lanes.css';

/** What is known of the resources of a trace's services, and what of it is shown. */
export interface LaneChoice {
  /** All that there are. */
  readonly lanes: readonly Lane[];
  readonly chosen: ReadonlySet<string>;
  /** Instead of lanes, why there are none; beside them, why not all; empty without either. */
  readonly why: string;
  readonly toggle: (key: string) => void;
}

interface LanesProps {
  readonly choice: LaneChoice;
  readonly axis: TimeAxis;
  readonly total: number;
  readonly pointer: PointerTime;
  readonly notched: ReadonlySet<string>;
}

/** GPU, VRAM, CPU, queues and batches of the services, on the axis of the spans below. */
export function Lanes({ choice, axis, total, pointer, notched }: LanesProps) {
  const { lanes, chosen, why, toggle } = choice;
  const shown = lanes.filter(({ key }) => chosen.has(key));
  // Lanes of one name are told apart by their service, less what all services' names begin with.
  const prefix = sharedPrefix(lanes.map(({ service }) => service)).length;
  const isShared = (label: string): boolean => lanes.filter((lane) => lane.label === label).length > 1;
  const every = Math.max(0, ...shown.map((lane) => lane.every));
  return (
    <section className="resources" aria-label="Resources of the services">
      <div className="tlhead lanehead">
        <div className="lab">
          <span className="lbl">Resources</span>
          <span className="v f3">{every > 0 ? `every ${formatDuration(every)}` : ''}</span>
        </div>
        <div className="lanechips">
          {lanes.map((lane) => (
            <button key={lane.key} type="button" className="lanechip" aria-pressed={chosen.has(lane.key)} title={`${lane.label} of ${lane.service}`} onClick={() => toggle(lane.key)}>
              <ServiceDot name={lane.service} notched={notched.has(lane.service)} />
              {lane.label}
              {isShared(lane.label) && <span aria-hidden="true">{lane.service.slice(prefix)}</span>}
              <span className="visually-hidden">of {lane.service}</span>
            </button>
          ))}
          {why !== '' && <span className="lanewhy">{why}</span>}
        </div>
      </div>
      {shown.length > 0 && (
        <div className="laneplots" tabIndex={-1}>
          {shown.map((lane) => (
            <LaneRow key={lane.key} lane={lane} axis={axis} total={total} pointer={pointer} notched={notched.has(lane.service)} />
          ))}
        </div>
      )}
    </section>
  );
}

function LaneRow({ lane, axis, total, pointer, notched }: { readonly lane: Lane; readonly axis: TimeAxis; readonly total: number; readonly pointer: PointerTime; readonly notched: boolean }) {
  const value = useRef<HTMLSpanElement>(null);
  const rest = restOf(lane, total);
  useEffect(() => {
    const show = (time: number | null): void => {
      const element = value.current;
      if (element === null) return;
      const here = time === null ? null : valueAt(lane, time);
      const strain = here === null ? null : strainOf(lane, here);
      element.textContent = time === null ? rest : here === null ? 'not known' : `${formatLane(lane.unit, here)}${strain === null ? '' : ` ${strain}`}`;
      element.classList.toggle('f3', time === null || here === null);
    };
    show(null);
    return pointer.listen(show);
  }, [lane, pointer, rest]);
  return (
    <div className="tlhead lane" style={{ height: laneHeight }}>
      <div className="lab">
        <ServiceDot name={lane.service} notched={notched} />
        <span className="lanename" title={`${lane.label} of ${lane.service}`}>
          {lane.label} <span className="f3">{lane.service}</span>
        </span>
        <span ref={value} className="v" />
      </div>
      <LaneChart lane={lane} axis={axis} label={describe(lane, total)} />
    </div>
  );
}

const withinTrace = (lane: Lane, total: number): readonly number[] => lane.held.filter(({ from, to }) => to > 0 && from < total).map(({ value }) => value);

/** What stands beside a lane while nobody points at it. */
const restOf = (lane: Lane, total: number): string => `max ${formatLane(lane.unit, Math.max(...withinTrace(lane, total)))}`;

/** The lane in words: `CPU of hsi-backend: 12 % to 97 %; saturated for 3.1 s (saturated at 90 % and more)`. */
function describe(lane: Lane, total: number): string {
  const values = withinTrace(lane, total);
  const strains = (['saturated', 'starved'] as const).flatMap((strain) => {
    if (lane.thresholds[strain] === null) return [];
    const time = strainTime(lane, strain, total);
    return [time > 0 ? `${strain} for ${formatDuration(time)} (${thresholdText(lane, strain)})` : `never ${strain} (${thresholdText(lane, strain)})`];
  });
  return [`${lane.label} of ${lane.service}: ${formatLane(lane.unit, Math.min(...values))} to ${formatLane(lane.unit, Math.max(...values))}`, ...strains].join('; ');
}
