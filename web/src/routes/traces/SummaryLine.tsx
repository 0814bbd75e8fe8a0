import { toggleValue, withoutValues } from '../../model/filterText';
import { formatCount, plural } from '../../model/format';
import type { SearchPage } from '../../model/summary';
import { rangePhrase } from '../../model/timeRange';
import { hasFilter, orderPhrase, type SearchState } from './url';

const bound = (total: { readonly exact: boolean }): string => (total.exact ? '' : 'at least ');

/** The answer in a line: how many, how many failed, in which order; all from the server's totals over every match. */
export function SummaryLine({ page, state, change, stale }: { readonly page: SearchPage; readonly state: SearchState; readonly change: (next: SearchState) => void; readonly stale: boolean }) {
  const { total, errorTraces } = page;
  const share = total.exact && errorTraces.exact && total.value > 0 && errorTraces.value > 0 ? ` (${formatShare(errorTraces.value / total.value)})` : '';
  return (
    <div className={stale ? 'sum stale' : 'sum'} role="status">
      <span className="num">
        {bound(total)}
        <b className="strong m">{formatCount(total.value)}</b>{' '}
        <span className="f2">
          {total.value === 1 ? 'trace' : 'traces'} {hasFilter(state) ? (total.value === 1 ? 'matches ' : 'match ') : ''}
          {rangePhrase(state.range)}
        </span>
      </span>
      <span className="f3" aria-hidden="true">
        ·
      </span>
      {errorTraces.value === 0 && errorTraces.exact ? (
        <span className="f2">none with errors</span>
      ) : (
        <button type="button" className="linkish errt num" title="Show only traces with errors" onClick={() => change({ ...state, text: toggleValue(withoutValues(state.text, 'status'), 'status', 'error') })}>
          × {bound(errorTraces)}
          {formatCount(errorTraces.value)} with errors{share}
        </button>
      )}
      <span className="grow" />
      <span className="f3 num wide">
        {orderPhrase(state)}, over {total.value === 1 ? 'the one' : total.exact ? `all ${plural(total.value, 'trace').split(' ')[0]}` : 'what was searched'}
      </span>
    </div>
  );
}

const formatShare = (share: number): string => `${share * 100 < 0.95 ? '< 1' : (share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
