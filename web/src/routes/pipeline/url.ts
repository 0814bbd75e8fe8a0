import { quoted } from '../../model/filterTerm';
import { readRange, writeRange } from '../../model/rangeAddress';
import type { TimeRange } from '../../model/timeRange';

/** All that the pipeline screen shows hangs on this, and all of it is in the address. */
export interface PipelineState {
  readonly range: TimeRange;
  readonly live: boolean;
  readonly map: 'picture' | 'table';
}

export function readPipeline(search: string): PipelineState {
  const parameters = new URLSearchParams(search);
  const range = readRange(parameters);
  return { range, live: parameters.get('live') === '1' && range.kind !== 'between', map: parameters.get('map') === 'table' ? 'table' : 'picture' };
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
