import { formatDuration } from '../../model/format';
import type { OperationSteps } from '../../model/pipeline';

const [width, height] = [102, 22];

/** p95 by step, from 0 to its largest; a step without spans is a gap. */
export function Sparkline({ steps }: { readonly steps: OperationSteps | undefined }) {
  if (steps === undefined || steps.p95.length === 0) return null;
  const most = Math.max(...steps.p95);
  const seen = steps.p95.filter((_, i) => (steps.spans[i] ?? 0) > 0);
  if (most === 0 || seen.length === 0) return null;
  const x = (i: number): number => (steps.p95.length === 1 ? width / 2 : 1 + (i / (steps.p95.length - 1)) * (width - 2));
  const y = (value: number): number => height - 2 - (value / most) * (height - 4);
  let path = '';
  const alone: number[] = [];
  for (let i = 0; i < steps.p95.length; i++) {
    if ((steps.spans[i] ?? 0) === 0) continue;
    const joined = (steps.spans[i - 1] ?? 0) > 0;
    path += `${joined ? 'L' : 'M'}${x(i).toFixed(1)} ${y(steps.p95[i] ?? 0).toFixed(1)}`;
    if (!joined && (steps.spans[i + 1] ?? 0) === 0) alone.push(i);
  }
  const label = `p95 from ${formatDuration(Math.min(...seen))} to ${formatDuration(most)}`;
  return (
    <svg className="spark" width={width} height={height} role="img" aria-label={label}>
      <title>{label}</title>
      <path className="base" d={`M0 ${height - 1.5}H${width}`} />
      <path d={path} />
      {alone.map((i) => (
        <circle key={i} cx={x(i)} cy={y(steps.p95[i] ?? 0)} r={1.2} />
      ))}
    </svg>
  );
}
