import { Link } from 'wouter';
import { formatShare, waitingShare, type Distribution } from '../../model/distribution';
import { toggleValue, withoutValues } from '../../model/filterText';
import { formatCount, formatDuration, plural } from '../../model/format';
import type { SearchPage, Total } from '../../model/summary';
import { rangePhrase } from '../../model/timeRange';
import { brushedAgainstRest, slowAgainstRest } from '../shell/cohorts';
import { hasFilter, orderPhrase, type SearchState } from './url';

const bound = (total: { readonly exact: boolean }): string => (total.exact ? '' : 'at least ');

interface SummaryProps {
  readonly page: SearchPage;
  readonly state: SearchState;
  readonly change: (next: SearchState) => void;
  readonly stale: boolean;
  /** Of the same traces; null until it has come. */
  readonly stats: Distribution | null;
  /** Matches in the whole range, while a part of it is marked. */
  readonly unmarked: Total | null;
  readonly fresh: number | null;
  readonly showFresh: () => void;
}

const Dot = ({ className = '' }: { readonly className?: string }) => (
  <span className={`f3 ${className}`} aria-hidden="true">
    ·
  </span>
);

/** Of fewer traces the slowest twentieth is one trace, which is better opened. */
const leastForQuantile = 40;

/** The answer in a line: how many, how many failed, how long, how much of it is waiting, in which order; all of it over every match. */
export function SummaryLine({ page, state, change, stale, stats, unmarked, fresh, showFresh }: SummaryProps) {
  const { total, errorTraces } = page;
  const share = total.exact && errorTraces.exact && total.value > 0 && errorTraces.value > 0 ? ` (${formatShare(errorTraces.value / total.value)})` : '';
  const waiting = stats === null ? null : waitingShare(stats);
  const quantiles = stats?.quantiles ?? null;
  // With nothing to hold it against there is nothing to compare.
  const against =
    state.brush !== null
      ? unmarked !== null && unmarked.value > total.value && total.value > 0
        ? { href: brushedAgainstRest(state.text, state.range, state.brush), text: ['Compare', ' with the rest', ''], title: 'What the marked traces do otherwise than the others, and which attributes tell them apart' }
        : null
      : quantiles !== null && total.value >= leastForQuantile
        ? { href: slowAgainstRest(state.text, state.range, quantiles.p95), text: ['Why ', 'are some ', 'slow?'], title: `The slowest 5 %, from ${formatDuration(quantiles.p95)} on, against the others: where their time goes, and which attributes tell them apart` }
        : null;
  return (
    <div className={stale ? 'sum stale' : 'sum'} role="status">
      <span className="num">
        {bound(total)}
        <b className="strong m">{formatCount(total.value)}</b>{' '}
        <span className="f2">
          {total.value === 1 ? 'trace' : 'traces'}{' '}
          {state.brush !== null ? (
            <>
              in the brushed range{unmarked !== null && ` of ${bound(unmarked)}${formatCount(unmarked.value)}`}
            </>
          ) : (
            <>
              {hasFilter(state) ? (total.value === 1 ? 'matches ' : 'match ') : ''}
              {rangePhrase(state.range)}
            </>
          )}
        </span>
      </span>
      <Dot />
      {errorTraces.value === 0 && errorTraces.exact ? (
        <span className="f2">none with errors</span>
      ) : (
        <button type="button" className="linkish errt num" title="Show only traces with errors" onClick={() => change({ ...state, text: toggleValue(withoutValues(state.text, 'status'), 'status', 'error') })}>
          × {bound(errorTraces)}
          {formatCount(errorTraces.value)} with errors{share}
        </button>
      )}
      {stats !== null && stats.quantiles !== null && (
        <>
          <Dot className="quantiles" />
          <span className="f2 num quantiles">
            <span>p50 {formatDuration(stats.quantiles.p50)}</span>
            <span>p95 {formatDuration(stats.quantiles.p95)}</span>
            <span>p99 {formatDuration(stats.quantiles.p99)}</span>
          </span>
        </>
      )}
      {waiting !== null && waiting > 0 && (
        <>
          <Dot className="wide" />
          <span className="f2 num wide">{formatShare(waiting)} of the time is waiting</span>
        </>
      )}
      <span className="grow" />
      {against !== null && (
        <Link className="btn ghost against" href={against.href} title={against.title} aria-label={against.text.join('')}>
          <span>
            {against.text[0]}
            <span className="wide">{against.text[1]}</span>
            {against.text[2]}
          </span>
        </Link>
      )}
      {fresh !== null && fresh > 0 && (
        <button type="button" className="btn fresh num" onClick={showFresh}>
          {formatCount(fresh)} new
        </button>
      )}
      <span className="f3 num wide">
        {orderPhrase(state)}, over {total.value === 1 ? 'the one' : total.exact ? `all ${plural(total.value, 'trace').split(' ')[0]}` : 'what was searched'}
      </span>
      {state.brush !== null && (
        <button type="button" className="btn ghost" onClick={() => change({ ...state, brush: null })}>
          Clear brush <kbd>Esc</kbd>
        </button>
      )}
    </div>
  );
}
