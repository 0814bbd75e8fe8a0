import { quoted } from '../../model/filterTerm';
import { unixNano, type UnixNano } from '../../model/nano';
import { isPresetId, type TimeRange } from '../../model/timeRange';

/** All that the pipeline screen shows hangs on this, and all of it is in the address. */
export interface PipelineState {
  readonly range: TimeRange;
  readonly live: boolean;
  readonly map: 'picture' | 'table';
}

const instant = (text: string | null): UnixNano | null => (text !== null && /^\d{1,19}$/.test(text) ? unixNano(BigInt(text)) : null);

export function readPipeline(search: string): PipelineState {
  const parameters = new URLSearchParams(search);
  const [from, to, preset] = [instant(parameters.get('from')), instant(parameters.get('to')), parameters.get('range')];
  const range: TimeRange =
    from !== null && to !== null && from < to ? { kind: 'between', from, to } : preset === 'all' ? { kind: 'all' } : { kind: 'last', preset: preset !== null && isPresetId(preset) ? preset : '1h' };
  return { range, live: parameters.get('live') === '1' && range.kind !== 'between', map: parameters.get('map') === 'table' ? 'table' : 'picture' };
}

function writeRange(parameters: URLSearchParams, range: TimeRange): void {
  if (range.kind === 'between') {
    parameters.set('from', String(range.from));
    parameters.set('to', String(range.to));
  } else if (range.kind === 'all') parameters.set('range', 'all');
  else if (range.preset !== '1h') parameters.set('range', range.preset);
}

export function writePipeline(state: PipelineState): string {
  const parameters = new URLSearchParams();
  writeRange(parameters, state.range);
  if (state.live && state.range.kind !== 'between') parameters.set('live', '1');
  if (state.map === 'table') parameters.set('map', 'table');
  const query = parameters.toString();
  return query === '' ? '/pipeline' : `/pipeline?${query}`;
}

/** The list of traces with a span like this, in the same time range. */
export function tracesAddress(range: TimeRange, what: { readonly service?: string; readonly name?: string; readonly kind?: string; readonly atLeast?: number; readonly failed?: boolean; readonly text?: string }): string {
  const parameters = new URLSearchParams();
  const terms: string[] = [];
  if (what.name !== undefined) terms.push(`name=${quoted(what.name)}`);
  if (what.kind !== undefined) terms.push(`kind=${what.kind}`);
  if (what.atLeast !== undefined) terms.push(`span.duration>=${Math.floor(what.atLeast / 1000)}us`);
  if (what.failed === true) terms.push('error=true');
  if (what.text !== undefined) terms.push(what.text);
  if (terms.length > 0) parameters.set('q', terms.join(' '));
  if (what.service !== undefined) parameters.set('service', what.service);
  writeRange(parameters, range);
  if (what.atLeast !== undefined) parameters.set('order', 'duration');
  return `/search?${parameters}`;
}
