import type { Attribute } from './attribute';

/** Keys that filter text takes for fields of its own. */
const fields = new Set(['service', 'service.name', 'name', 'operation', 'kind', 'status', 'status.message', 'error', 'duration', 'spans', 'errors']);
/** Longer values are not written into a query: its text has a bound. */
const longest = 400;
/** Whether filter text can name a key. */
export const isWritableKey = (key: string): boolean => key !== '' && !/[\s"=<>~!]/.test(key);
/** Whether filter text can hold a value. */
export const isWritableText = (text: string): boolean => text.length <= longest && !/[\r\n]/.test(text);

/** In quotes, as filter text takes it. */
export const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function valueText(attribute: Attribute): string | null {
  switch (attribute.type) {
    case 'string':
      return isWritableText(attribute.value) ? quoted(attribute.value) : null;
    case 'int':
    case 'bool':
      return String(attribute.value);
    case 'double':
      return typeof attribute.value === 'number' ? String(attribute.value) : null;
    default:
      return null;
  }
}

/** The term of a filter text that finds spans with this attribute, or (`exclude`) those with another value; null where filter text can't say it. */
export function filterTerm(scope: 'span' | 'resource', attribute: Attribute, exclude: boolean): string | null {
  const value = valueText(attribute);
  if (value === null || !isWritableKey(attribute.key)) return null;
  const { key } = attribute;
  const known = scope === 'resource' && key === 'service.name' ? 'service' : fields.has(key) || /^(span|resource)\./.test(key) ? `${scope}.${key}` : key;
  // What reads like a field of the span can't be told from it.
  if (known === 'span.duration') return null;
  return `${known}${exclude ? '!=' : '='}${value}`;
}

/** A filter text with one more term; what contradicts it (the same key with the same value, the other way round) gives way. */
export function withTerm(terms: readonly string[], term: string): string {
  const [, key = '', operator = '', value = ''] = /^(.*?)(!?=)(.*)$/s.exec(term) ?? [];
  const opposite = `${key}${operator === '=' ? '!=' : '='}${value}`;
  return [...terms.filter((other) => other !== term && other !== opposite), term].join(' ');
}
