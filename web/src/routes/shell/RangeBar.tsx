import { rangeEnds, rangeName, type PresetId, type TimeRange } from '../../model/timeRange';
import type { UnixNano } from '../../model/nano';
import { Icon } from '../../ui/Icon';

const short: readonly (readonly [id: PresetId, name: string])[] = [['15m', '15 min'], ['1h', '1 h'], ['6h', '6 h'], ['24h', '24 h'], ['7d', '7 d']];

/** The time range as buttons; one that a link brought with its ends stands beside them. */
export function RangeBar({ range, now, live, change, follow }: { readonly range: TimeRange; readonly now: UnixNano; readonly live: boolean; readonly change: (range: TimeRange) => void; readonly follow: (live: boolean) => void }) {
  return (
    <div className="rbar">
      {range.kind === 'between' && <span className="f2 num">{rangeEnds(range, now)}</span>}
      <div className="seg" role="group" aria-label="Time range">
        {short.map(([id, name]) => (
          <button key={id} type="button" aria-pressed={range.kind === 'last' && range.preset === id} title={rangeName({ kind: 'last', preset: id })} onClick={() => change({ kind: 'last', preset: id })}>
            {name}
          </button>
        ))}
        <button type="button" aria-pressed={range.kind === 'all'} title="All time" onClick={() => change({ kind: 'all' })}>
          All
        </button>
      </div>
      <button type="button" className="btn" aria-pressed={live} disabled={range.kind === 'between'} title={range.kind === 'between' ? 'A range with both ends does not move' : 'Measure again every 10 s'} onClick={() => follow(!live)}>
        <Icon name="refresh" />
        Live
      </button>
    </div>
  );
}
