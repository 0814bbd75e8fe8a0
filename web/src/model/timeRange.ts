import { formatClock, formatDay, formatMinute, needsDay } from './format';
import { unixNano, type UnixNano } from './nano';

export const presets = [
  { id: '15m', name: 'Last 15 minutes', seconds: 900n },
  { id: '1h', name: 'Last 1 hour', seconds: 3600n },
  { id: '6h', name: 'Last 6 hours', seconds: 21600n },
  { id: '24h', name: 'Last 24 hours', seconds: 86400n },
  { id: '7d', name: 'Last 7 days', seconds: 604800n },
] as const;

/** A length such as `15m`, `2d`: those of the presets, or one that was typed. */
export type PresetId = string;
/** A span of time that moves with the clock, one that stands, or all that there is. */
export type TimeRange = { readonly kind: 'last'; readonly preset: PresetId } | { readonly kind: 'between'; readonly from: UnixNano; readonly to: UnixNano } | { readonly kind: 'all' };

export interface Bounds {
  readonly from: UnixNano | null;
  readonly to: UnixNano | null;
}

const unitSeconds: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3600n, d: 86_400n, w: 604_800n };
const unitNames: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };
/** Ten years: what is longer is all time. */
const longest = 315_360_000n;
const secondsOf = (id: PresetId): bigint => {
  const match = /^(\d{1,9})([smhdw])$/.exec(id);
  return match === null ? 0n : BigInt(match[1] ?? 0) * (unitSeconds[match[2] ?? ''] ?? 0n);
};
export const isPresetId = (text: string): text is PresetId => secondsOf(text) > 0n && secondsOf(text) <= longest;

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
  if (range.kind === 'last') {
    const figure = range.preset.slice(0, -1);
    return presets.find((preset) => preset.id === range.preset)?.name ?? `Last ${figure} ${unitNames[range.preset.slice(-1)] ?? ''}${figure === '1' ? '' : 's'}`;
  }
  return 'Between';
}

/** `in the last hour`, for sentences. */
export function rangePhrase(range: TimeRange): string {
  if (range.kind === 'all') return 'at any time';
  if (range.kind === 'between') return 'in this time range';
  return `in the ${rangeName(range).toLowerCase().replace(/ 1 /, ' ')}`;
}

/** The ends as text: `17:45 – 18:45`; with days where they differ. */
export function rangeEnds(range: TimeRange, now: UnixNano): string {
  const { from, to } = boundsOf(range, now);
  if (from === null) return '';
  const end = to ?? now;
  const clock = range.kind === 'between' && end - from < 120_000_000_000n ? (time: UnixNano) => formatClock(time).slice(0, 8) : formatMinute;
  const days = needsDay(from, now) || formatDay(from, now) !== formatDay(end, now);
  const text = (time: UnixNano): string => (days ? `${formatDay(time, now)} ${clock(time)}` : clock(time));
  return `${text(from)} – ${text(end)}`;
}

/** The next wider preset, or all time. */
export function wider(range: TimeRange): TimeRange {
  if (range.kind !== 'last') return { kind: 'all' };
  const next = presets.find((preset) => preset.seconds > secondsOf(range.preset));
  return next === undefined ? { kind: 'all' } : { kind: 'last', preset: next.id };
}
