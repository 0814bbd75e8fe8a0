import type { RiskLevel } from '../../model/events';

/** How bad: a word and a shape, so that colour is not needed to tell. */
export function Risk({ level, score = null }: { readonly level: RiskLevel; readonly score?: number | null }) {
  return (
    <span className={`risk r-${level}`}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <path d={riskShapes[level]} />
      </svg>
      {level}
      {score !== null && <span className="num f2">{score}</span>}
    </span>
  );
}

export const riskShapes: Readonly<Record<RiskLevel, string>> = {
  critical: 'M3 0h4l3 3v4l-3 3h-4l-3-3v-4z',
  high: 'M5 0 10 9.5H0z',
  medium: 'M5 0 10 5 5 10 0 5z',
  low: 'M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8z',
  unknown: 'M4 1h2v8h-2z',
};
