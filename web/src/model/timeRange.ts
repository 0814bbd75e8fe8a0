import { formatClock, formatDay, formatMinute, needsDay } from './format';
import { unixNano, type UnixNano } from './nano';

export const presets = [
  { id: '15m', name: 'Last 15 minutes', seconds: 900n },
  { id: '1h', name: 'Last 1 hour', seconds: 3600n },
  { id: '6h', name: 'Last 6 hours', seconds: 21600n },
  { id: '24h', name: 'Last 24 hours', seconds: 86400n },
  { id: '7d', name: 'Last 7 days', seconds: 604800n },
] as const;

export type PresetId = (typeof presets)[number]['id'];
/** A span of time that moves with the clock, one that stands, or all that there is. */
export type TimeRange = { readonly kind: 'last'; readonly preset: PresetId } | { readonly kind: 'between'; readonly from: UnixNano; readonly to: UnixNano } | { readonly kind: 'all' };

export interface Bounds {
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
}

export const isPresetId = (text: string): text is PresetId => presets.some((preset) => preset.id === text);
const secondsOf = (id: PresetId): bigint => presets.find((preset) => preset.id === id)?.seconds ?? 0n;

/** The end of a moving range stays open, so that a sender whose clock runs ahead is still seen. */
export function boundsOf(range: TimeRange, now: UnixNano): Bounds {
  switch (range.kind) {
    case 'all':
      return { from: null, to: null };
    case 'between':
      return { from: range.from, to: range.to };
    case 'last': {
      const from = now - secondsOf(range.preset) * 1_000_000_000n;
      return { from: unixNano(from < 0n ? 0n : from), to: null };
    }
  }
}

/** The same range with its ends written out, so that a link shows what its sender saw. */
export const frozen = (range: TimeRange, now: UnixNano): TimeRange => {
  const { from } = boundsOf(range, now);
  return range.kind === 'last' && from !== null ? { kind: 'between', from, to: now } : range;
};

export function rangeName(range: TimeRange): string {
  if (range.kind === 'all') return 'All time';
  if (range.kind === 'last') return presets.find((preset) => preset.id === range.preset)?.name ?? range.preset;
  return 'Between';
}

/** `in the last hour`, for sentences. */
export function rangePhrase(range: TimeRange): string {
  if (range.kind === 'all') return 'at any time';
  if (range.kind === 'between') return 'in this time range';
  return `in the ${rangeName(range).toLowerCase().replace('1 ', '')}`;
}

/** The ends as text: `17:45 – 18:45`; with days where they differ. */
export function rangeEnds(range: TimeRange, now: UnixNano): string {
  const { from, to } = boundsOf(range, now);
  if (from === null) return '';
  const end = to ?? now;
  const clock = range.kind === 'between' && end - from < 120_000_000_000n ? (time: UnixNano) => formatClock(time).slice(0, 8) : formatMinute;
  const text = (time: UnixNano): string => (needsDay(from, now) ? `${formatDay(time, now)} ${clock(time)}` : clock(time));
  return `${text(from)} – ${text(end)}`;
}

/** The next wider preset, or all time. */
export function wider(range: TimeRange): TimeRange {
  if (range.kind !== 'last') return { kind: 'all' };
  const next = presets[presets.findIndex((preset) => preset.id === range.preset) + 1];
  return next === undefined ? { kind: 'all' } : { kind: 'last', preset: next.id };
}
