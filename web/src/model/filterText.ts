export interface Token {
  readonly kind: 'key' | 'operator' | 'value' | 'text' | 'blank';
  readonly from: number;
  readonly text: string;
}

const term = /(\s+)|("(?:[^"\\]|\\.)*"?)|([^\s"=~<>!](?:[^\s=~<>!]|!(?!=))*)(!=|>=|<=|=|>|<|~)("(?:[^"\\]|\\.)*"?|[^\s"]\S*|)|([^\s]+)/gy;

/** Cuts filter text into coloured pieces. It only reads; whether the text is valid is the server's to say. Joined, the pieces are the text. */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  for (const match of text.matchAll(term)) {
    const [all, blank, phrase, key, operator, value] = match;
    const from = match.index;
    if (blank !== undefined) found.push({ kind: 'blank', from, text: blank });
    else if (phrase !== undefined) found.push({ kind: 'text', from, text: phrase });
    else if (key !== undefined && operator !== undefined) {
      found.push({ kind: 'key', from, text: key }, { kind: 'operator', from: from + key.length, text: operator });
      if (value !== undefined && value !== '') found.push({ kind: 'value', from: from + key.length + operator.length, text: value });
    } else found.push({ kind: 'text', from, text: all });
  }
  return found;
}

/** A term: a condition, or free text when it has no key. */
export interface Term {
  readonly text: string;
  readonly key: string | null;
  readonly operator: string;
  /** Without quotes. */
  readonly value: string;
}

const unquoted = (text: string): string => /^"((?:[^"\\]|\\.)*)/.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? text;

/** The terms of a filter text with what they say. */
export function readTerms(text: string): readonly Term[] {
  const found: Term[] = [];
  let pieces: Token[] = [];
  const close = (): void => {
    const of = (kind: Token['kind']): string => pieces.find((piece) => piece.kind === kind)?.text ?? '';
    const [joined, key] = [pieces.map((piece) => piece.text).join(''), of('key')];
    if (pieces.length > 0) found.push({ text: joined, key: key === '' ? null : key, operator: of('operator'), value: unquoted(key === '' ? joined : of('value')) });
    pieces = [];
  };
  for (const token of tokens(text)) {
    if (token.kind === 'blank') close();
    else pieces.push(token);
  }
  close();
  return found;
}

/** The terms of a filter text, as they are written. */
export const terms = (text: string): readonly string[] => readTerms(text).map((found) => found.text);

/** A value as it is written: in quotes only where it has to be, since quotes mean “text only”. */
export const writeValue = (value: string): string => (value === '' || /\s/.test(value) || value.startsWith('"') ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value);

/** The one name of a key that has several. */
export const nameOf = (key: string): string => (key === 'service.name' ? 'service' : key === 'operation' ? 'name' : key);
const isEqual = (found: Term, key: string): boolean => found.key !== null && found.operator === '=' && nameOf(found.key) === nameOf(key);
const join = (found: readonly Term[], added: readonly string[] = []): string => [...found.map((each) => each.text), ...added].join(' ');

/** The values that a key is to equal: alternatives. */
export const valuesOf = (text: string, key: string): readonly string[] => readTerms(text).flatMap((found) => (isEqual(found, key) ? [found.value] : []));
export const withoutValues = (text: string, key: string): string => join(readTerms(text).filter((found) => !isEqual(found, key)));

/** Writes `key=value` into the text, or takes it out when it is there. */
export function toggleValue(text: string, key: string, value: string): string {
  const all = readTerms(text);
  const others = all.filter((found) => !isEqual(found, key) || found.value !== value);
  return others.length < all.length ? join(others) : join(all, [`${nameOf(key)}=${writeValue(value)}`]);
}

export interface BoundTexts {
  readonly least: string;
  readonly most: string;
}
const isBound = (found: Term, key: string): boolean => found.key === key && /^[<>]=?$/.test(found.operator);

/** The bounds that a text sets for a key, as they are written. */
export function boundsIn(text: string, key: string): BoundTexts {
  const of = (sign: string): string => readTerms(text).find((found) => isBound(found, key) && found.operator.startsWith(sign))?.value ?? '';
  return { least: of('>'), most: of('<') };
}
export const withoutBounds = (text: string, key: string): string => join(readTerms(text).filter((found) => !isBound(found, key)));
export const withBounds = (text: string, key: string, { least, most }: BoundTexts): string =>
  join(readTerms(withoutBounds(text, key)), [...(least === '' ? [] : [`${key}>=${least}`]), ...(most === '' ? [] : [`${key}<=${most}`])]);

/** The conditions of a text, each with the text that is left without it: alternatives are one condition. */
export function conditions(text: string): readonly { readonly name: string; readonly without: string; readonly key: string | null; readonly values: readonly string[] }[] {
  const all = readTerms(text);
  const groups = new Map<string, Term[]>();
  for (const [place, found] of all.entries()) {
    const group = found.key !== null && found.operator === '=' ? `=${nameOf(found.key)}` : String(place);
    groups.set(group, [...(groups.get(group) ?? []), found]);
  }
  return [...groups.values()].map((group) => ({
    name: group.map((found) => found.text).join(' or '),
    without: join(all.filter((found) => !group.includes(found))),
    key: group[0]?.operator === '=' ? group[0].key : null,
    values: group.map((found) => found.value),
  }));
}
