import type { AttributeKey, FacetValue } from './facets';
import { formatCount } from './format';
import { terms, tokens, writeValue } from './filterText';

/** What the text before the caret is on the way to be: a key (or free text), or the value of a key. `from` to `to` is what an accepted suggestion replaces. */
export type Place =
  | { readonly kind: 'key'; readonly from: number; readonly to: number; readonly typed: string; readonly others: string }
  | { readonly kind: 'value'; readonly from: number; readonly to: number; readonly typed: string; readonly key: string; readonly operator: string; readonly others: string };

export interface Suggestion {
  /** What is inserted. */
  readonly insert: string;
  readonly label: string;
  /** What stands at the right: a count, or what the key is. */
  readonly note: string;
  /** Whether more is to be typed at once: a value behind an operator. */
  readonly goesOn: boolean;
  /** It is a whole query, which takes the place of all that is in the box. */
  readonly whole?: boolean;
}

/** Names that a filter text knows beside keys of attributes: what they are, the operators they take, and the values that are offered; null where the store is asked for them. */
export type Fields = Readonly<Record<string, { readonly what: string; readonly operators: readonly string[]; readonly samples: readonly string[] | null }>>;

/** A key of attributes with what is said of it. */
export type OfferedKey = Pick<AttributeKey, 'key' | 'types' | 'values'> & { readonly note?: string };

/** The fields that every span or trace has, with the operators they take. */
export const fields: Fields = {
  service: { what: 'service of the span', operators: ['=', '!=', '~'], samples: null },
  name: { what: 'operation of the span', operators: ['=', '!=', '~'], samples: null },
  kind: { what: 'server, client …', operators: ['=', '!='], samples: null },
  status: { what: 'error, ok or unset', operators: ['=', '!='], samples: null },
  'status.message': { what: 'of the span', operators: ['=', '!=', '~'], samples: null },
  error: { what: 'true or false', operators: ['=', '!='], samples: null },
  duration: { what: 'of the trace', operators: ['>=', '<=', '>', '<'], samples: ['10ms', '100ms', '1s', '10s', '1m'] },
  waiting: { what: 'of the trace', operators: ['>=', '<=', '>', '<'], samples: ['10ms', '100ms', '1s', '10s', '1m'] },
  'span.duration': { what: 'of the span', operators: ['>=', '<=', '>', '<'], samples: ['10ms', '100ms', '1s', '10s', '1m'] },
  spans: { what: 'number in the trace', operators: ['>=', '<=', '>', '<', '='], samples: ['10', '100', '1000'] },
  errors: { what: 'number in the trace', operators: ['>=', '<=', '>', '<', '='], samples: ['1', '2', '10'] },
};
const operatorWords: Readonly<Record<string, string>> = { '=': 'is', '!=': 'is not', '~': 'contains', '>': 'more than', '>=': 'at least', '<': 'less than', '<=': 'at most' };
const operatorsFor = (key: string, types: readonly string[], known: Fields): readonly string[] => known[key]?.operators ?? (types.some((type) => type === 'int' || type === 'double') ? ['=', '!=', '>', '>=', '<', '<=', '~'] : ['=', '!=', '~']);

/** Where the caret stands. Null inside blanks with text on both sides of nothing: there a new term begins. */
export function placeAt(text: string, caret: number): Place {
  const all = tokens(text);
  const at = all.findLastIndex((token) => token.kind !== 'blank' && token.from <= caret && token.from + token.text.length >= caret);
  const token = all[at];
  let [begin, end] = [at, at];
  while (begin > 0 && all[begin - 1]?.kind !== 'blank') begin--;
  while (end >= 0 && end + 1 < all.length && all[end + 1]?.kind !== 'blank') end++;
  const own = new Set(at < 0 ? [] : all.slice(begin, end + 1));
  const others = terms(all.map((each) => (own.has(each) ? ' ' : each.text)).join('')).join(' ');
  if (token === undefined) return { kind: 'key', from: caret, to: caret, typed: '', others };
  const operator = token.kind === 'operator' ? token : all[at - 1]?.kind === 'operator' ? all[at - 1] : undefined;
  const key = token.kind === 'operator' ? all[at - 1] : all[at - 2];
  if (operator !== undefined && key !== undefined && token.kind !== 'key' && caret >= operator.from + operator.text.length) {
    const from = operator.from + operator.text.length;
    const typed = text.slice(from, caret).replace(/^"/, '');
    return { kind: 'value', from, to: token.kind === 'value' ? from + token.text.length : from, typed, key: key.text, operator: operator.text, others };
  }
  return { kind: 'key', from: token.from, to: token.from + token.text.length, typed: text.slice(token.from, caret), others };
}

const rank = (text: string, wanted: string): number => (text.toLowerCase().startsWith(wanted) ? 0 : text.toLowerCase().split(/[._\-/]/).some((part) => part.startsWith(wanted)) ? 1 : 2);
const most = 8;

/** Keys that go on from what was typed; of a key that is whole, what it can be compared with. */
export function keySuggestions(typed: string, keys: readonly OfferedKey[], named: Fields = fields): readonly Suggestion[] {
  const wanted = typed.toLowerCase();
  const whole = keys.find((key) => key.key === typed);
  if (typed !== '' && (named[typed] !== undefined || whole !== undefined))
    return operatorsFor(typed, whole?.types ?? [], named).map((operator) => ({ insert: `${typed}${operator}`, label: `${typed}${operator}`, note: operatorWords[operator] ?? '', goesOn: true }));
  const known = Object.entries(named).map(([key, field]) => ({ key, note: field.what, insert: `${key}${field.operators[0] ?? '='}`, weight: Number.MAX_SAFE_INTEGER }));
  // What contains an operator or a quote can't be written as a key.
  const stored = keys.filter((key) => !/[\s"=~<>]|!=/.test(key.key) && named[key.key] === undefined && key.key !== 'service.name');
  const merged = new Map<string, { key: string; note: string; insert: string; weight: number }>();
  for (const key of stored)
    if (!merged.has(key.key)) merged.set(key.key, { key: key.key, note: key.note ?? (key.values === null ? 'resource' : formatCount(key.values)), insert: `${key.key}=`, weight: key.values === null ? 0 : Number(key.values) });
  return [...known, ...merged.values()]
    .filter((key) => key.key.toLowerCase().includes(wanted))
    .sort((a, b) => rank(a.key, wanted) - rank(b.key, wanted) || b.weight - a.weight || 0)
    .slice(0, wanted === '' ? 11 : most)
    .map(({ key, note, insert }) => ({ insert, label: key, note, goesOn: true }));
}

/** Values with their counts, those that begin with what was typed first; `unit` is what is counted. */
export function valueSuggestions(typed: string, values: readonly FacetValue[], exact: boolean, unit: readonly [one: string, many: string] = ['trace', 'traces']): readonly Suggestion[] {
  const wanted = typed.toLowerCase();
  return values
    .map((value, place) => ({ value, place }))
    .sort((a, b) => rank(a.value.value, wanted) - rank(b.value.value, wanted) || a.place - b.place)
    .slice(0, most)
    .map(({ value }) => ({ insert: writeValue(value.value), label: value.value === '' ? '(empty)' : value.value, note: `${exact ? '' : '≥ '}${formatCount(value.traces)} ${value.traces === 1 ? unit[0] : unit[1]}`, goesOn: false }));
}

export const sampleSuggestions = (key: string, typed: string, named: Fields = fields): readonly Suggestion[] =>
  (named[key]?.samples ?? []).filter((sample) => sample.startsWith(typed) && sample !== typed).map((sample) => ({ insert: sample, label: sample, note: '', goesOn: false }));

/** The text after a suggestion was taken, and where the caret then stands. */
export function accepted(text: string, place: Place, suggestion: Suggestion): { readonly text: string; readonly caret: number } {
  const behind = text.slice(place.to);
  const insert = suggestion.goesOn || behind.startsWith(' ') ? suggestion.insert : `${suggestion.insert} `;
  return { text: text.slice(0, place.from) + insert + behind, caret: place.from + insert.length + (!suggestion.goesOn && behind.startsWith(' ') ? 1 : 0) };
}

/** The text when an operator is typed right behind one that was just completed: the same one is not doubled, another takes its place. Null when the typed key is something else. */
export function operatorTyped(text: string, caret: number, typed: string): { readonly text: string; readonly caret: number } | null {
  const written = /(?:!=|>=|<=|[=~<>])$/.exec(text.slice(0, caret))?.[0];
  if (written === undefined || !/^[=~<>!]$/.test(typed)) return null;
  if (written.endsWith(typed)) return { text, caret };
  const from = caret - written.length;
  return { text: text.slice(0, from) + typed + text.slice(caret), caret: from + 1 };
}

/** A label cut where it holds what was typed: before, the hit, behind. */
export function cutAtHit(label: string, typed: string): readonly [string, string, string] {
  const at = typed === '' ? -1 : label.toLowerCase().indexOf(typed.toLowerCase());
  return at < 0 ? [label, '', ''] : [label.slice(0, at), label.slice(at, at + typed.length), label.slice(at + typed.length)];
}
