import { formatBytes, formatCount, formatMoment, none, plural } from '../../model/format';
import { bytesASpan, settingText, type Setting, type WholeStatus } from '../../model/settings';
import { Icon } from '../../ui/Icon';
import { Facts, Panel } from './Panel';

const bytes = (value: bigint): string => formatBytes(Number(value));

export function StoragePanel({ status }: { readonly status: WholeStatus }) {
  const each = bytesASpan(status);
  const { compaction } = status;
  return (
    <Panel title="Storage" note={`${plural(status.blocks, 'block')}, a log, and ${plural(status.headSpans, 'span')} in memory`}>
      <Facts
        facts={[
          ['Spans', formatCount(status.storedSpans)],
          ['Traces', formatCount(status.storedTraces)],
          ['Blocks', bytes(status.blockBytes), each === null ? undefined : `${each} bytes a span`],
          ['Log', bytes(status.logBytes), 'spans that are not in a block yet'],
          ['Earliest span', status.earliest === null ? none : formatMoment(status.earliest, status.now)],
          ['Latest span', status.latest === null ? none : formatMoment(status.latest, status.now)],
        ]}
      />
      {status.levels.length > 0 && (
        <table className="tab">
          <caption className="visually-hidden">Blocks by level</caption>
          <thead>
            <tr>
              <th scope="col">Level</th>
              <th scope="col" className="right">Blocks</th>
              <th scope="col" className="right">Spans</th>
              <th scope="col" className="right">Bytes</th>
              <th scope="col" className="right">A span</th>
            </tr>
          </thead>
          <tbody>
            {status.levels.map((level) => (
              <tr key={level.level}>
                <th scope="row">{level.level === 0 ? 'As flushed' : `Merged ${level.level === 1 ? 'once' : `${level.level} times`}`}</th>
                <td className="right num">{formatCount(level.blocks)}</td>
                <td className="right num">{formatCount(level.spans)}</td>
                <td className="right num">{bytes(level.bytes)}</td>
                <td className="right num">{level.spans === 0n ? none : `${(Number(level.bytes) / Number(level.spans)).toFixed(1)} B`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="pnote f2">
        {compaction.idle ? 'Compaction has nothing to do' : 'Compaction is at work'}
        {compaction.backlogBlocks > 0 && `, ${plural(compaction.backlogBlocks, 'block')} wait for others to be merged with`}. {plural(compaction.merges, 'merge')} since the start
        {compaction.mergedSpans > 0n && ` moved ${plural(compaction.mergedSpans, 'span')}`}.
      </p>
      {status.problems.length > 0 && (
        <ul className="probs" aria-label="Problems of the store">
          {status.problems.map((problem) => (
            <li key={problem} className="box">
              {problem}
            </li>
          ))}
        </ul>
      )}
      {status.problems.length === 0 && (
        <p className="pnote f2 line">
          <Icon name="check" className="okt" />
          All stored bytes that were read had their checksums.
        </p>
      )}
    </Panel>
  );
}

const of = (settings: readonly Setting[] | undefined, option: string): string => {
  const setting = settings?.find((candidate) => candidate.option === option);
  return setting === undefined ? none : option === '--retention' && setting.value === '0' ? 'for ever' : settingText(setting);
};

export function RetentionPanel({ status, settings }: { readonly status: WholeStatus; readonly settings: readonly Setting[] | undefined }) {
  const { retention } = status;
  const dropped = retention.droppedBlocks + retention.droppedTraces > 0n;
  return (
    <Panel title="Retention" note="set by the command line, applied in the background">
      <Facts
        facts={[
          ['Kept by age', of(settings, '--retention'), '--retention, from when spans were received'],
          ['Kept by number', of(settings, '--retention-traces'), '--retention-traces'],
          ['Kept by size', of(settings, '--retention-bytes'), '--retention-bytes'],
          ['Pinned traces', formatCount(retention.pinnedTraces), `of ${of(settings, '--max-pinned-traces')}; they stay whatever their age`],
          ['Dropped since the start', dropped ? `${plural(retention.droppedTraces, 'trace')}, ${plural(retention.droppedBlocks, 'block')}, ${bytes(retention.droppedBytes)}` : 'nothing'],
          ['Hidden before', retention.hiddenBefore === 0n ? none : formatMoment(retention.hiddenBefore, status.now), retention.hiddenBefore === 0n ? 'no limit was reached' : 'by number or size'],
        ]}
      />
    </Panel>
  );
}
