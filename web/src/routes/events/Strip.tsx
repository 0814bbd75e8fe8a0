import { riskLevels, shareOf, type RiskLevel } from '../../model/events';
import { timeTicks } from '../../model/chartScale';
import type { UnixNano } from '../../model/nano';
import { useSize } from '../../ui/useSize';
import { riskShapes } from './Risk';

export interface Mark {
  readonly key: string;
  readonly time: UnixNano;
  readonly level: RiskLevel;
  readonly title: string;
  readonly selected: boolean;
  readonly open: () => void;
}

const [gutter, lane, foot] = [72, 22, 20];

/** Events over time, a lane for each level of risk. The list below says the same in words, so that this is a picture for who uses no pointer. */
export function Strip({ marks, from, to }: { readonly marks: readonly Mark[]; readonly from: UnixNano; readonly to: UnixNano }) {
  const [attach, { width }] = useSize();
  const [wide, height] = [Math.max(1, width - gutter - 16), riskLevels.length * lane + foot];
  const x = (time: UnixNano): number => gutter + shareOf(time, from, to) * wide;
  return (
    <div className="estrip" ref={attach} style={{ height }} aria-hidden="true">
      {width > 0 && (
        <svg width={width} height={height}>
          {riskLevels.map((level, index) => (
            <g key={level}>
              <text x={gutter - 10} y={index * lane + 15} textAnchor="end">
                {level}
              </text>
              <line x1={gutter} x2={gutter + wide} y1={index * lane + lane - 0.5} y2={index * lane + lane - 0.5} />
            </g>
          ))}
          {timeTicks(from, Number(to - from), wide, 90).map((tick) => {
            const at = gutter + (tick.at / Math.max(1, Number(to - from))) * wide;
            return (
              <text key={tick.at} x={Math.min(gutter + wide - 16, at)} y={height - 5} textAnchor="middle">
                {tick.text}
              </text>
            );
          })}
          {marks.map((mark) => (
            <g key={mark.key} className={`emark r-${mark.level}${mark.selected ? ' sel' : ''}`} transform={`translate(${x(mark.time) - 5} ${riskLevels.indexOf(mark.level) * lane + 6})`} onClick={mark.open}>
              <title>{mark.title}</title>
              <rect x={-3} y={-5} width={16} height={20} />
              <path d={riskShapes[mark.level]} />
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}
