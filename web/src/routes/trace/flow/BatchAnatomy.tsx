import { Link } from 'wouter';
import { closeWords, type Batch } from '../../../model/batch';
import { formatCount, formatDuration, formatOffset, plural } from '../../../model/format';
import type { TokenSum } from '../../../model/generations';

interface AnatomyProps {
  readonly batch: Batch;
  /** The trace that is shown; its member stands out. */
  readonly traceId: string;
  /** How long the batch was worked on, and whether that failed. */
  readonly worked: { readonly nanos: number; readonly failed: boolean };
  /** Null where no model says it. */
  readonly tokens: TokenSum | null;
}

/** How a batch filled, what closed it, and how long each member waited in it. */
export function BatchAnatomy({ batch, traceId, worked, tokens }: AnatomyProps) {
  const { members, open, size } = batch;
  const percent = (nanos: number): string => `${open <= 0 ? 0 : (nanos / open) * 100}%`;
  const waited = members.reduce((sum, member) => sum + member.wait, 0);
  const facts: readonly (readonly [name: string, value: string])[] = [
    ['Closed', closeWords(batch, formatDuration)],
    ['Open', formatDuration(open)],
    ['Size', formatCount(size)],
    ['Worked on', `${formatDuration(worked.nanos)}${worked.failed ? ', failed' : ''}`],
    ['Cost of each', [formatDuration(worked.nanos / Math.max(1, size)), ...(tokens === null ? [] : [plural(Math.round((tokens.input + tokens.output) / Math.max(1, size)), 'token')])].join(', ')],
  ];
  return (
    <>
      <dl className="bfacts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="num">{value}</dd>
          </div>
        ))}
      </dl>
      <table className="bmembers">
        <thead>
          <tr>
            <th scope="col" className="right">
              Arrived
            </th>
            <th scope="col">Trace</th>
            <th scope="col" className="bwide">
              In the batch
            </th>
            <th scope="col" className="right">
              Wait
            </th>
          </tr>
        </thead>
        <tbody>
          {members.map((member, index) => (
            <tr key={`${member.traceId} ${member.spanId} ${index}`} className={member.traceId === traceId ? 'here' : undefined}>
              <td className="right num">{formatOffset(member.arrived)}</td>
              <td>
                {member.traceId === traceId ? (
                  <span>
                    <span className="mono">{member.traceId.slice(0, 12)}</span> <span className="f3">this one</span>
                  </span>
                ) : (
                  <Link href={`/trace/${member.traceId}?span=${member.spanId}`} className="mono" title={member.traceId}>
                    {member.traceId.slice(0, 12)}
                  </Link>
                )}
              </td>
              <td className="bwide">
                <span className="bline">
                  <i className="hatch" style={{ left: percent(member.arrived), width: percent(member.wait) }} />
                </span>
              </td>
              <td className="right num strong">{formatDuration(member.wait)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td />
            <td className="f2">{size > members.length ? `${plural(size - members.length, 'more member')} without a link` : ''}</td>
            <td className="bwide f2">{plural(members.length, 'member')} waited in sum</td>
            <td className="right num f2">{formatDuration(waited)}</td>
          </tr>
        </tfoot>
      </table>
    </>
  );
}
