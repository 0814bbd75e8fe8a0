import { webAddress } from '../../model/attribute';
import { boundsIn, valuesOf } from '../../model/filterText';

const join = (base: string, path: string): string => `${base.replace(/\/+$/, '')}${path}`;

/** The same trace, or the same search, in Jaeger's own page; null when its address is no web address. */
export function jaegerAddress(base: string, here: { readonly pathname: string; readonly search: string }): string | null {
  const address = webAddress(base);
  if (address === null) return null;
  const trace = /^\/trace\/([0-9a-f]+)/.exec(here.pathname)?.[1];
  if (trace !== undefined) return join(address, `/trace/${trace}`);
  const from = new URLSearchParams(here.search);
  const to = new URLSearchParams();
  // Jaeger's search takes one service and one operation, microseconds, and a lookback for moving ranges.
  const text = from.get('q') ?? '';
  const { least, most } = boundsIn(text, 'duration');
  for (const [name, value] of [['service', from.get('service') ?? valuesOf(text, 'service')[0]], ['operation', from.get('operation') ?? valuesOf(text, 'name')[0]], ['minDuration', from.get('minDuration') ?? least], ['maxDuration', from.get('maxDuration') ?? most]] as const)
    if (value !== undefined && value !== '') to.set(name, value);
  if (from.getAll('status').includes('error') || valuesOf(text, 'status').includes('error') || valuesOf(text, 'error').includes('true')) to.set('tags', '{"error":"true"}');
  const [start, end, range] = [from.get('from'), from.get('to'), from.get('range')];
  if (start !== null && end !== null && /^\d+$/.test(start) && /^\d+$/.test(end)) {
    to.set('start', String(BigInt(start) / 1000n));
    to.set('end', String(BigInt(end) / 1000n));
    to.set('lookback', 'custom');
  } else if (range !== null && range !== 'all') to.set('lookback', range);
  const query = to.toString();
  return join(address, query === '' ? '/search' : `/search?${query}`);
}
