import { attributeText, type Attribute } from './attribute';
import { unixNano, type UnixNano } from './nano';
import type { Total } from './summary';

/** OTLP's ranges of severity, from the least to the gravest. */
export const levels = ['unset', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof levels)[number];

export interface LogResource {
  readonly service: string;
  readonly schemaUrl: string;
  readonly droppedAttributes: number;
  readonly attributes: readonly Attribute[];
}

export interface LogScope {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
  readonly droppedAttributes: number;
  readonly attributes: readonly Attribute[];
}

export interface LogEntry {
  /** What it is ordered and found by: its own time, else when it was observed, else when it came. */
  readonly at: UnixNano;
  /** Its number in the order of arrival; no two share one. */
  readonly sequence: bigint;
  readonly time: UnixNano | null;
  readonly observed: UnixNano | null;
  readonly traceId: string | null;
  readonly spanId: string | null;
  readonly level: Level;
  readonly severityNumber: number;
  readonly severityText: string;
  /** A string body as it came, of anything else its JSON. */
  readonly body: string;
  readonly bodyType: Attribute['type'];
  readonly eventName: string;
  readonly flags: number;
  readonly droppedAttributes: number;
  readonly marks: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly resource: LogResource;
  readonly scope: LogScope;
}

export interface LogPage {
  readonly entries: readonly LogEntry[];
  readonly total: Total;
  readonly lastSequence: bigint;
  readonly next: string | null;
  readonly truncated: string | null;
}

export interface LogHistogram {
  readonly from: UnixNano;
  readonly step: bigint;
  readonly counts: Readonly<Record<Level, readonly number[]>>;
  readonly total: Total;
  readonly truncated: string | null;
}

export const isGrave = (level: Level): boolean => level === 'error' || level === 'fatal';
/** What a level is called in a narrow column; a record without severity has a dash. */
export const levelName = (level: Level): string => (level === 'unset' ? '–' : level);

const newestFirst = (a: LogEntry, b: LogEntry): number => (a.at !== b.at ? (a.at > b.at ? -1 : 1) : a.sequence === b.sequence ? 0 : a.sequence > b.sequence ? -1 : 1);

/** The lists as one, newest first, each entry once. */
export function joined(...lists: readonly (readonly LogEntry[])[]): readonly LogEntry[] {
  const known = new Map<bigint, LogEntry>();
  for (const list of lists) for (const entry of list) known.set(entry.sequence, entry);
  return [...known.values()].sort(newestFirst);
}

/** The same, oldest first: as a story is told. */
export const told = (...lists: readonly (readonly LogEntry[])[]): readonly LogEntry[] => joined(...lists).toReversed();

/** What stands for an entry in one line. */
export function lineOf(entry: LogEntry): string {
  const text = entry.body === '' ? entry.eventName : entry.body;
  return text === '' ? '(no message)' : text.replaceAll(/\s+/g, ' ');
}

/** What a logger filled its message's template from, as `key=value`; the template itself says nothing more. */
export const excerptOf = (entry: LogEntry, most: number): string =>
  entry.attributes
    .filter((attribute) => attribute.key !== '{OriginalFormat}')
    .slice(0, most)
    .map((attribute) => `${attribute.key}=${attributeText(attribute)}`)
    .join('  ');

/** The body as it is read: JSON laid out, everything else as it came. */
export function bodyOf(entry: LogEntry): string {
  if (entry.bodyType !== 'kvlist' && entry.bodyType !== 'array') return entry.body;
  try {
    return JSON.stringify(JSON.parse(entry.body), null, 2);
  } catch {
    // Numbers and texts that JSON.parse can't read are still what was sent.
    return entry.body;
  }
}

/** How an entry is known in an address: where it lies in time, and its number. */
export const placeOf = (entry: LogEntry): string => `${entry.at}-${entry.sequence}`;

export function readPlace(text: string | null): { readonly at: UnixNano; readonly sequence: bigint } | null {
  const match = /^(\d{1,19})-(\d{1,20})$/.exec(text ?? '');
  return match === null ? null : { at: unixNano(BigInt(match[1] ?? 0)), sequence: BigInt(match[2] ?? 0) };
}

export interface HistogramBar {
  readonly from: UnixNano;
  readonly to: UnixNano;
  readonly total: number;
  readonly counts: readonly (readonly [level: Level, count: number])[];
}

/** The steps as bars, the gravest level first: it stands at the bottom, where bars can be compared. */
export function barsOf(histogram: LogHistogram): readonly HistogramBar[] {
  const grave = levels.toReversed();
  return Array.from({ length: histogram.counts.unset.length }, (_, step) => {
    const counts = grave.flatMap((level): readonly (readonly [Level, number])[] => {
      const count = histogram.counts[level][step] ?? 0;
      return count === 0 ? [] : [[level, count]];
    });
    const from = unixNano(histogram.from + BigInt(step) * histogram.step);
    return { from, to: unixNano(from + histogram.step), total: counts.reduce((sum, [, count]) => sum + count, 0), counts };
  });
}

export const totalsOf = (histogram: LogHistogram): readonly (readonly [level: Level, count: number])[] =>
  levels.toReversed().map((level) => [level, histogram.counts[level].reduce((sum, count) => sum + count, 0)] as const);
