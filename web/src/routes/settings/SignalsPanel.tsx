import { formatBytes, formatCount, formatMoment, none, plural } from '../../model/format';
import { signalBytesEach, type Setting, type SignalStatus, type WholeStatus } from '../../model/settings';
import { Icon } from '../../ui/Icon';
import { Panel } from './Panel';

const bytes = (value: bigint): string => formatBytes(Number(value));

const kept = (signal: SignalStatus, settings: readonly Setting[] | undefined): string => {
  const age = settings?.find(({ option }) => option === `--${signal.name}-retention`)?.value;
  return age === undefined || age === null ? none : age === '0' ? 'for ever' : age;
};

/** What lies in the stores beside the traces, one line each. */
export function SignalsPanel({ status, settings }: { readonly status: WholeStatus; readonly settings: readonly Setting[] | undefined }) {
  const { signals, now } = status;
  if (signals.length === 0) return null;
  const problems = signals.flatMap((signal) => signal.problems);
  const dropped = signals.filter((signal) => signal.retention.droppedBlocks > 0n);
  return (
    <Panel title="Other signals" note="each has a store of its own, beside the traces" wide>
      <div className="tabscroll" role="group" aria-label="Figures of the other signals" tabIndex={0}>
        <table className="tab">
          <caption className="visually-hidden">Stores beside the traces</caption>
          <thead>
            <tr>
              <th scope="col">Signal</th>
              <th scope="col">Store</th>
              <th scope="col" className="right">Stored</th>
              <th scope="col" className="right">In memory</th>
              <th scope="col" className="right">Blocks</th>
              <th scope="col" className="right">Bytes of blocks</th>
              <th scope="col" className="right">Each</th>
              <th scope="col" className="right">Log</th>
              <th scope="col" className="right">Latest</th>
              <th scope="col" className="right">Kept</th>
            </tr>
          </thead>
          <tbody>
            {signals.map((signal) => {
              const each = signalBytesEach(signal);
              return (
                <tr key={signal.name}>
                  <th scope="row">{signal.name}</th>
                  <td>
                    <span className="line">
                      <Icon name={signal.problems.length > 0 ? 'error' : 'check'} className={signal.problems.length > 0 ? 'errt' : 'okt'} />
                      {signal.problems.length > 0 ? plural(signal.problems.length, 'problem') : 'well'}
                    </span>
                  </td>
                  <td className="right num">{formatCount(signal.items)}</td>
                  <td className="right num">{formatCount(signal.headItems)}</td>
                  <td className="right num">{formatCount(signal.blocks)}</td>
                  <td className="right num">{bytes(signal.blockBytes)}</td>
                  <td className="right num">{each === null ? none : `${each.toFixed(1)} B`}</td>
                  <td className="right num">{bytes(signal.logBytes)}</td>
                  <td className="right num">{signal.latest === null ? none : formatMoment(signal.latest, now)}</td>
                  <td className="right num">{kept(signal, settings)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {dropped.length > 0 && (
        <p className="pnote f2">Retention has dropped {dropped.map((signal) => `${plural(signal.retention.droppedBlocks, 'block')} of ${signal.name} (${bytes(signal.retention.droppedBytes)})`).join(', ')} since the start.</p>
      )}
      {problems.length > 0 ? (
        <ul className="probs" aria-label="Problems of the other signals">
          {problems.map((problem) => (
            <li key={problem} className="box">
              {problem}
            </li>
          ))}
        </ul>
      ) : (
        <p className="pnote f2 line">
          <Icon name="check" className="okt" />
          All that was read of them had its checksums.
        </p>
      )}
    </Panel>
  );
}
