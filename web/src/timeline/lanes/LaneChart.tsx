import { useMemo } from 'react';
import type { TimeAxis } from '../../model/axis';
import { formatLane, strained, strips, type Lane } from '../../model/lanes';

export const laneHeight = 30;
/** Free pixels above the highest value and below 0. */
const [above, below] = [3, 2];
/** Pixels that the word of a strain needs. */
const wordWidth = 58;

/** One lane as steps, filled; stretches of strain are tinted, marked at their edge and named where there is room. */
export function LaneChart({ lane, axis, label }: { readonly lane: Lane; readonly axis: TimeAxis; readonly label: string }) {
  const drawn = useMemo(() => strips(lane, axis), [lane, axis]);
  const marks = useMemo(() => strained(lane, drawn), [lane, drawn]);
  const y = (value: number): number => laneHeight - below - (Math.min(lane.top, Math.max(0, value)) / lane.top) * (laneHeight - above - below);
  const base = laneHeight - below;
  let [line, fill] = ['', ''];
  drawn.forEach(({ x0, x1, value }, index) => {
    const before = drawn[index - 1];
    const joined = before !== undefined && x0 - before.x1 < 0.5;
    const at = y(value).toFixed(1);
    line += `${joined ? 'L' : 'M'}${x0.toFixed(1)} ${at}H${x1.toFixed(1)}`;
    fill += `M${x0.toFixed(1)} ${base}V${at}H${x1.toFixed(1)}V${base}Z`;
  });
  return (
    <svg className="lanechart" width={axis.width} height={laneHeight} role="img" aria-label={label}>
      {marks.map(({ x0, x1, strain }) => (
        <rect key={`${strain}${x0}`} className={`strain ${strain}`} x={x0} y={0} width={Math.max(1, x1 - x0)} height={laneHeight} />
      ))}
      <path className="fill" d={fill} />
      <path className="line" d={line} />
      {(['saturated', 'starved'] as const).map((strain) => {
        const at = lane.thresholds[strain];
        if (at === null || at > lane.top) return null;
        return (
          <g key={strain} className="threshold">
            <line x1={0} x2={axis.width} y1={y(at)} y2={y(at)} />
            <text x={axis.width - 3} y={y(at) < laneHeight / 2 ? y(at) + 9 : laneHeight - 3} textAnchor="end">
              {strain === 'saturated' ? '≥' : '≤'} {formatLane(lane.unit, at)}
            </text>
          </g>
        );
      })}
      {marks.map(({ x0, x1, strain }) => (
        <g key={`${strain}${x0}`} className={`strainmark ${strain}`}>
          <rect x={x0} y={strain === 'saturated' ? 0 : laneHeight - 2} width={Math.max(2, x1 - x0)} height={2} />
          {x1 - x0 >= wordWidth ? (
            <text x={Math.min(x0 + 4, axis.width - wordWidth)} y={strain === 'saturated' ? laneHeight - 6 : 12}>
              {strain}
            </text>
          ) : (
            <path d={strain === 'saturated' ? `M${(x0 + x1) / 2} 3l3 5h-6z` : `M${(x0 + x1) / 2} ${laneHeight - 3}l3-5h-6z`} />
          )}
        </g>
      ))}
    </svg>
  );
}
