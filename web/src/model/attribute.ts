/** A value as OTLP has it. `int` is a decimal string, since 64 bits do not fit a number; `double` holds what JSON can't as text. */
export type AttributeValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int'; readonly value: string }
  | { readonly type: 'double'; readonly value: number | 'NaN' | 'Infinity' | '-Infinity' }
  | { readonly type: 'bytes'; readonly value: string }
  | { readonly type: 'array'; readonly value: readonly AttributeValue[] }
  | { readonly type: 'kvlist'; readonly value: readonly Attribute[] }
  | { readonly type: 'empty'; readonly value: null };

export type Attribute = { readonly key: string } & AttributeValue;

/** As text: strings bare at the top and quoted inside arrays and maps, where they would run together. */
export function attributeText(value: AttributeValue, nested = false): string {
  switch (value.type) {
    case 'string':
      return nested ? JSON.stringify(value.value) : value.value;
    case 'bool':
    case 'int':
    case 'double':
      return String(value.value);
    case 'bytes':
      return `${value.value} (base64)`;
    case 'array':
      return `[${value.value.map((item) => attributeText(item, true)).join(', ')}]`;
    case 'kvlist':
      return `{${value.value.map((item) => `${item.key}: ${attributeText(item, true)}`).join(', ')}}`;
    case 'empty':
      return '(empty)';
  }
}

/** The text of the last attribute with this key: a later one of the same key is what most senders mean. */
export function attributeOf(attributes: readonly Attribute[], key: string): string | null {
  const found = attributes.findLast((attribute) => attribute.key === key);
  return found === undefined ? null : attributeText(found);
}

export function matchesAttribute(attribute: Attribute, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return attribute.key.toLowerCase().includes(wanted) || attributeText(attribute).toLowerCase().includes(wanted);
}

/** The address when the text is a whole http or https URL, else null: nothing else from a span may become a link. */
export function webAddress(text: string): string | null {
  if (!/^https?:\/\/\S+$/i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
}

export interface AttributeGroup {
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

/** By the first part of the key (`process.pid` and `process.command` are “process”), in the order in which groups first come; what stands alone is under “other”, at the end. */
export function groupAttributes(attributes: readonly Attribute[]): readonly AttributeGroup[] {
  const groups = new Map<string, Attribute[]>();
  for (const attribute of attributes) {
    const dot = attribute.key.indexOf('.');
    const name = dot > 0 ? attribute.key.slice(0, dot) : '';
    groups.set(name, [...(groups.get(name) ?? []), attribute]);
  }
  const alone = [...groups.values()].filter((group) => group.length === 1).flat();
  const several = [...groups].filter(([name, group]) => name !== '' && group.length > 1).map(([name, group]) => ({ name, attributes: group }));
  const nameless = (groups.get('') ?? []).filter((attribute) => !alone.includes(attribute));
  const rest = [...alone, ...nameless];
  return rest.length === 0 ? several : [...several, { name: 'other', attributes: rest }];
}
