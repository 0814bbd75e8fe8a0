import { millisOf, type UnixNano } from './nano';

const thin = '\u2009';
/** What stands where there is no value. */
export const none = '–';

const units: readonly (readonly [limit: number, size: number, unit: string])[] = [
  [1e3, 1, 'ns'],
  [1e6, 1e3, 'µs'],
  [1e9, 1e6, 'ms'],
  [120e9, 1e9, 's'],
];

const significant = (value: number): string => (value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2));

/** Three significant figures and the unit that keeps the figure between 1 and 999; seconds up to two minutes, then two units. */
export function formatDuration(nanos: number): string {
  if (nanos <= 0) return '0';
  for (const [limit, size, unit] of units) {
    // 999.6 ms would print as 1000 ms: what rounds up to the limit belongs to the next unit.
    const rounded = nanos < 100 * size ? nanos : Math.round(nanos / size) * size;
    if (rounded < limit) return `${unit === 'ns' ? nanos.toFixed(0) : significant(nanos / size)}${thin}${unit}`;
  }
  const seconds = Math.round(nanos / 1e9);
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${formatCount(days)}${thin}d ${hours}${thin}h`;
  if (hours > 0) return `${hours}${thin}h ${minutes}${thin}m`;
  return `${minutes}${thin}m ${seconds % 60}${thin}s`;
}

/** An offset from a start, with its sign: `+41.62 s`. */
export const formatOffset = (nanos: number): string => (nanos < 0 ? `−${formatDuration(-nanos)}` : `+${formatDuration(nanos)}`);

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `18:35:02.660`, in the reader's time zone. */
export function formatClock(time: UnixNano): string {
  const date = new Date(millisOf(time));
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}

/** `18:35`. */
export const formatMinute = (time: UnixNano): string => formatClock(time).slice(0, 5);

/** `21 Nov`, with the year when it is not this one. */
export function formatDay(time: UnixNano, now: UnixNano): string {
  const date = new Date(millisOf(time));
  const day = `${date.getDate()} ${months[date.getMonth()] ?? ''}`;
  return date.getFullYear() === new Date(millisOf(now)).getFullYear() ? day : `${day} ${date.getFullYear()}`;
}

export const formatMoment = (time: UnixNano, now: UnixNano): string => `${formatDay(time, now)} ${formatClock(time)}`;

const dayNanos = 86_400_000_000_000n;
/** Whether a clock time alone would leave open which day is meant: not within a day of now. */
export const needsDay = (time: UnixNano, now: UnixNano): boolean => (now > time ? now - time >= dayNanos : time - now >= dayNanos / 24n);

/** With every digit that was sent: `2026-11-21T18:35:02.660123456Z`. */
export function formatExact(time: UnixNano): string {
  const iso = new Date(millisOf(time)).toISOString();
  return `${iso.slice(0, iso.length - 5)}.${String(time % 1_000_000_000n).padStart(9, '0')}Z`;
}

/** A text from data within a sentence: a long one is cut at its end, never inside of a character. */
export function clip(text: string, most = 80): string {
  if (text.length <= most) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(most - 2)) ? most - 2 : most - 1;
  return `${text.slice(0, end)}…`;
}

/** Grouped by thousands. */
export const formatCount = (value: number | bigint): string => value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
/** `1 trace`, `1,284 traces`. */
export const plural = (value: number | bigint, one: string, many = `${one}s`): string => `${formatCount(value)} ${Number(value) === 1 ? one : many}`;

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'];
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < sizes.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : significant(value)}${thin}${sizes[unit] ?? ''}`;
}

/** How long ago, in the largest unit: `12 min ago`. */
export function formatAgo(time: UnixNano, now: UnixNano): string {
  const seconds = Math.round(Number(now - time) / 1e9);
  if (seconds < 2) return 'just now';
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}
