import type { ReactNode } from 'react';
import './charts.css';

/** The chart without its data, in its final geometry: while it loads, and when it could not be loaded. */
export function ChartBones({ children }: { readonly children: ReactNode }) {
  return (
    <div className="chart">
      <div className="bones" aria-hidden="true">
        {Array.from({ length: 5 }, (_, line) => (
          <i key={line} />
        ))}
      </div>
      <i className="base" aria-hidden="true" />
      {children}
    </div>
  );
}
