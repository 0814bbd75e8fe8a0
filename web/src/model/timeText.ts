import { unixNano, unixNanoFromMillis, millisOf, type UnixNano } from './nano';
import { frozen, isPresetId, type TimeRange } from './timeRange';

export type RangeText = { readonly ok: true; readonly range: TimeRange } | { readonly ok: false; readonly message: string };

const units: Readonly<Record<string, string>> = {
  s: 's', sec: 's', secs: 's', second: 's', seconds: 's', m: 'm', min: 'm', mins: 'm', minute: 'm', minutes: 'm', h: 'h', hr: 'h', hrs: 'h', hour: 'h', hours: 'h', d: 'd', day: 'd', days: 'd', w: 'w', week: 'w', weeks: 'w',
};
const form = 'Write “last 15m”, “14:00 - 14:30”, “2026-11-20 14:00 to now”, or Unix times';
const fail = (message: string): RangeText => ({ ok: false, message });
const dayMillis = 86_400_000;

interface Moment {
  readonly millis: number;
  /** Exact where more than milliseconds were written. */
  readonly exact: UnixNano | null;
  /** How much of time it names when it stands alone. */
  readonly length: number;
  readonly hasDay: boolean;
}

const startOfDay = (millis: number): number => new Date(millis).setHours(0, 0, 0, 0);
const at = (millis: number, hasDay: boolean, length = 0, exact: UnixNano | null = null): Moment => ({ millis, exact, length, hasDay });

/** A moment: a clock time of the day of `near`, a date, a date with a time, or a Unix time in seconds to nanoseconds. */
function readMoment(text: string, near: number): Moment | null {
  if (text === 'now') return at(near, true);
  if (text === 'today') return at(startOfDay(near), true, dayMillis);
  if (text === 'yesterday') return at(startOfDay(startOfDay(near) - 1), true, dayMillis);
  if (/^\d{10,19}$/.test(text)) {
    const scale = text.length <= 11 ? 1_000_000_000n : text.length <= 14 ? 1_000_000n : text.length <= 17 ? 1_000n : 1n;
    const nano = unixNano(BigInt(text) * scale);
    return at(millisOf(nano), true, 0, nano);
  }
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/.exec(text);
  if (clock !== null) {
    const [hour, minute, second, milli] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), Number((clock[4] ?? '0').padEnd(3, '0'))];
    return hour > 24 || minute > 59 || second > 59 ? null : at(new Date(near).setHours(hour, minute, second, milli), false);
  }
  const date = /^(\d{4})-(\d{2})-(\d{2})(?:[t\s]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?\s*(z|[+-]\d{2}:?\d{2})?$/.exec(text);
  if (date === null) return null;
  const [, year = '', month = '', day = '', time, zone] = date;
  const day0 = new Date(Number(year), Number(month) - 1, Number(day));
  if (day0.getMonth() !== Number(month) - 1 || day0.getDate() !== Number(day)) return null;
  const millis = Date.parse(`${year}-${month}-${day}T${(time ?? '00:00').padStart(5, '0').replace(/^(\d):/, '0$1:')}${zone === undefined ? '' : zone.toUpperCase()}`);
  return Number.isNaN(millis) ? null : at(millis, true, time === undefined ? dayMillis : 0);
}

const nanoOf = (moment: Moment): UnixNano => moment.exact ?? unixNanoFromMillis(moment.millis);

function between(from: Moment, to: Moment): RangeText {
  if (from.millis < 0 || to.millis < 0) return fail('Times before 1970 can’t be searched');
  return nanoOf(from) < nanoOf(to) ? { ok: true, range: { kind: 'between', from: nanoOf(from), to: nanoOf(to) } } : fail('The end must be after the start');
}

/** Reads what people write for a time range, in the reader's time zone unless it names another. */
export function parseRange(input: string, now: UnixNano): RangeText {
  const text = input.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  if (text === '') return fail(form);
  if (/^(all|all time|any time|everything)$/.test(text)) return { ok: true, range: { kind: 'all' } };
  const moving = /^(?:(?:last|past)\s+)?(\d+)?\s*([a-z]+)(?:\s+ago)?$/.exec(text);
  if (moving !== null && !/^(now|today|yesterday)$/.test(text)) {
    const [, figure = '1', unit = ''] = moving;
    const known = units[unit];
    if (known === undefined) return /\d|last|past/.test(text) ? fail(`“${unit}” is no unit of time. Use s, m, h, d or w`) : fail(form);
    const preset = `${Number(figure)}${known}`;
    return isPresetId(preset) ? { ok: true, range: { kind: 'last', preset } } : fail('The range must be longer than 0 and shorter than 10 years');
  }
  const near = millisOf(now);
  const ends = /^(.*?)(?:\s+(?:to|until|-|–|—)(?:\s+|$)|\s*(?:\.\.+|…|–)\s*|(?<=:\d{2})\s*-\s*(?=\d{1,2}:))(.*)$/.exec(text);
  const [first = '', last = ''] = ends === null ? [text, ''] : [ends[1] ?? '', ends[2] ?? ''];
  const from = readMoment(first.trim(), near);
  if (from === null) return fail(`“${first.trim()}” is no time. ${form}`);
  if (ends === null) {
    const end = from.length > 0 ? new Date(from.millis).setDate(new Date(from.millis).getDate() + 1) : near;
    return between(from.hasDay || from.millis <= near ? from : at(from.millis - dayMillis, true), at(end, true));
  }
  // A clock time alone means the last such time.
  const begin = from.hasDay || from.millis <= near ? from : at(from.millis - dayMillis, true);
  if (/^(|now|…)$/.test(last.trim())) return between(begin, at(near, true));
  const end = readMoment(last.trim(), begin.millis);
  if (end === null) return fail(`“${last.trim()}” is no time. ${form}`);
  if (end.hasDay) return between(begin, at(end.millis + end.length, true, 0, end.length > 0 ? null : end.exact));
  // Its end is on the next day only behind a start on a day that was said, or on the day before: from today it would lie in the future.
  return between(begin, end.millis > begin.millis || !begin.hasDay ? end : at(new Date(end.millis).setDate(new Date(end.millis).getDate() + 1), true));
}

/** A range as it could be typed. */
export function writeRange(range: TimeRange, now: UnixNano): string {
  if (range.kind === 'all') return 'all time';
  if (range.kind === 'last') return `last ${range.preset}`;
  const stands = frozen(range, now);
  if (stands.kind !== 'between') return '';
  const text = (time: UnixNano): string => {
    const millis = millisOf(time);
    return new Date(millis - new Date(millis).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  };
  return `${text(stands.from)} to ${text(stands.to)}`;
}
