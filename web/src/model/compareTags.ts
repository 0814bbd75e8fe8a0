import { attributeText, type Attribute } from './attribute';
import type { SpanDetail } from './spanDetail';

export interface TagPair {
  readonly key: string;
  /** Null where that span has no such tag. */
  readonly a: string | null;
  readonly b: string | null;
}

/** The tags of two matched spans. `ids` differ, too, but always do: ids, addresses of instances and times say nothing about why. */
export interface TagDifference {
  readonly differ: readonly TagPair[];
  readonly ids: readonly TagPair[];
  readonly equal: readonly TagPair[];
}

const idKey = /(^|[._-])(id|ids|uuid|guid|pid|tid|sha\d*|hash|etag|nonce|timestamp|time|thread|port|address)$|(^|[._])(host|process|instance|thread|container|pod)[._]|instance/i;
const idText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^[0-9a-f]{16,}$|^\d{4}-\d\d-\d\dT\d\d:\d\d|^\d{13,19}$/i;

/** Keys of ids, addresses and times: they differ from one process and request to the next, and say little about why. */
export const isIdKey = (key: string): boolean => idKey.test(key);

const isId = ({ key, a, b }: TagPair): boolean => a !== null && b !== null && (idKey.test(key) || (idText.test(a) && idText.test(b)));

function texts(detail: SpanDetail): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const add = (prefix: string, attributes: readonly Attribute[]): void => {
    // A later one of the same key is what most senders mean.
    for (const attribute of attributes) found.set(`${prefix}${attribute.key}`, attributeText(attribute));
  };
  add('resource.', detail.resource.attributes);
  add('', detail.attributes);
  if (detail.status.message !== '') found.set('status.message', detail.status.message);
  found.set('status', detail.status.code);
  if (detail.events.length > 0) found.set('events', detail.events.map((event) => event.name).join(', '));
  return found;
}

export function compareTags(a: SpanDetail, b: SpanDetail): TagDifference {
  const [ofA, ofB] = [texts(a), texts(b)];
  const pairs = [...new Set([...ofA.keys(), ...ofB.keys()])].sort().map((key): TagPair => ({ key, a: ofA.get(key) ?? null, b: ofB.get(key) ?? null }));
  const other = pairs.filter((pair) => pair.a !== pair.b);
  return { differ: other.filter((pair) => !isId(pair)), ids: other.filter(isId), equal: pairs.filter((pair) => pair.a === pair.b) };
}

const longestNote = 28;
/** A number that differs by less says nothing about why. */
const leastShare = 0.1;

const numberOf = (text: string | null): number => (text === null || text.trim() === '' ? Number.NaN : Number(text));
/** How much two values differ: numbers by their share, texts wholly, something that is missing least. */
function weight({ a, b }: TagPair): number {
  if (a === null || b === null) return 0.5;
  const [x, y] = [numberOf(a), numberOf(b)];
  return Number.isFinite(x) && Number.isFinite(y) ? Math.abs(y - x) / Math.max(Math.abs(x), Math.abs(y)) : 0.8;
}
/** Four figures are enough to see a difference of a tenth. */
const short = (text: string | null): string => {
  const number = numberOf(text);
  return text === null ? 'none' : Number.isFinite(number) && !Number.isInteger(number) ? String(Number(number.toPrecision(4))) : text;
};

/** The two largest short differences in words: what may have caused a difference in time. */
export function tagNote({ differ }: TagDifference): string {
  return differ
    .filter((pair) => pair.key !== 'events' && !pair.key.startsWith('resource.') && short(pair.a).length <= longestNote && short(pair.b).length <= longestNote && weight(pair) >= leastShare)
    .toSorted((x, y) => weight(y) - weight(x))
    .slice(0, 2)
    .map((pair) => `${pair.key} ${short(pair.a)} → ${short(pair.b)}`)
    .join(', ');
}
