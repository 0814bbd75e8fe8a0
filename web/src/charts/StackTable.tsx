import { formatShare, formatShift, formatValue, shareOf, shiftOf, type FunctionColumn, type FunctionCost, type FunctionCosts } from '../model/profile';
import './stacks.css';

interface StackTableProps {
  readonly costs: FunctionCosts;
  readonly rows: readonly FunctionCost[];
  readonly unit: string;
  readonly by: FunctionColumn;
  readonly descending: boolean;
  readonly sort: (by: FunctionColumn, descending: boolean) => void;
  readonly follow: (name: string, file: string) => void;
}

/** Rows that are shown: more than anyone reads; the search finds the others. */
const mostRows = 500;

/** What each function cost, as text; its name leads to its traces. */
export function StackTable({ costs, rows, unit, by, descending, sort, follow }: StackTableProps) {
  const { sum, base } = costs;
  const columns: readonly (readonly [FunctionColumn, string])[] = [['name', 'Function'], ['self', 'In itself'], ['total', 'With what it called'], ...(base === null ? [] : ([['change', 'Change of its share']] as const))];
  return (
    <div className="stacktable" role="region" aria-label="Functions" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(([id, name]) => (
              <th key={id} scope="col" aria-sort={by === id ? (descending ? 'descending' : 'ascending') : 'none'}>
                <button type="button" className="linkish" onClick={() => sort(id, by === id ? !descending : id !== 'name')}>
                  {name}
                  <span aria-hidden="true">{by === id ? (descending ? ' ↓' : ' ↑') : ''}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, mostRows).map((row) => {
            const shift = base === null ? 0 : shiftOf(row.total, sum.value, row.baseTotal, base.value);
            return (
              <tr key={`${row.name}\n${row.file}`}>
                <th scope="row">
                  <button type="button" className="linkish" title={`${row.name}${row.file === '' ? '' : `, ${row.file}`}: its traces`} onClick={() => follow(row.name, row.file)}>
                    {row.name}
                  </button>
                  <span className="f3">{row.file}</span>
                </th>
                <td>
                  {formatValue(row.self, unit)} <span className="f3">{formatShare(shareOf(row.self, sum.value))}</span>
                </td>
                <td>
                  {formatValue(row.total, unit)} <span className="f3">{formatShare(shareOf(row.total, sum.value))}</span>
                </td>
                {base !== null && (
                  <td className={shift > 0.0005 ? 'more' : shift < -0.0005 ? 'less' : 'f3'}>
                    {shift > 0.0005 ? '▲ ' : shift < -0.0005 ? '▼ ' : ''}
                    {formatShift(shift)}
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
      {rows.length === 0 && <p className="state f2">No function has this text in its name or file.</p>}
      {rows.length > mostRows && <p className="f2 stackmore">{`The first ${mostRows} of ${rows.length} functions. The search finds the others.`}</p>}
    </div>
  );
}
