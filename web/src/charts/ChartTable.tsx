import { brushTimes } from '../model/brush';
import type { Distribution } from '../model/distribution';
import type { UnixNano } from '../model/nano';
import { columnBrush } from './hit';

/** Rows of the table: few enough to be listened to. */
const mostRows = 12;

/** The chart for those who do not see it: totals by part of the range. */
export function ChartTable({ id, distribution, now, label }: { readonly id: string; readonly distribution: Distribution; readonly now: UnixNano; readonly label: string }) {
  const { traces, errors } = distribution;
  const each = Math.max(1, Math.ceil(traces.length / mostRows));
  const sum = (counts: readonly number[], from: number): number => counts.slice(from, from + each).reduce((total, count) => total + count, 0);
  return (
    <div className="visually-hidden">
      <p id={id}>{label} Arrow keys move through time, Shift widens, Enter marks.</p>
      <table>
        <caption>Traces over time</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Traces</th>
            <th scope="col">With errors</th>
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: Math.ceil(traces.length / each) }, (_, part) => part * each).map((from) => (
            <tr key={from}>
              <th scope="row">{brushTimes(columnBrush(distribution, from, Math.min(traces.length, from + each) - 1), now)}</th>
              <td>{sum(traces, from)}</td>
              <td>{sum(errors, from)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
