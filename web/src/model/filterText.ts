export interface Token {
  readonly kind: 'key' | 'operator' | 'value' | 'text' | 'blank';
  readonly from: number;
  readonly text: string;
}

const term = /(\s+)|("(?:[^"\\]|\\.)*"?)|([\w.\-/@:]+)(!=|>=|<=|=|>|<|~)("(?:[^"\\]|\\.)*"?|[^\s"]*)|([^\s"]+)/gy;

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

/** The terms of a filter text, which all hold together. */
export function terms(text: string): readonly string[] {
  const found: string[] = [];
  let open = '';
  for (const token of tokens(text)) {
    if (token.kind !== 'blank') open += token.text;
    else if (open !== '') {
      found.push(open);
      open = '';
    }
  }
  return open === '' ? found : [...found, open];
}
