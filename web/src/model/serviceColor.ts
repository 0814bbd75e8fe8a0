const encoder = new TextEncoder();
const cache = new Map<string, number>();

/** Which of the sixteen service colours a name has: FNV-1a of its UTF-8 bytes, folded. It never depends on what else is in view. */
export function serviceColorIndex(name: string): number {
  const known = cache.get(name);
  if (known !== undefined) return known;
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  const index = (hash ^ (hash >>> 16)) & 15;
  cache.set(name, index);
  return index;
}

export const serviceColor = (name: string): string => `var(--svc-${serviceColorIndex(name)})`;
export const serviceTextColor = (name: string): string => `var(--svc-${serviceColorIndex(name)}-text)`;

/** The services that share a colour with one whose name sorts before theirs: they get a notch, so that the two are told apart. */
export function notchedServices(names: Iterable<string>): ReadonlySet<string> {
  const taken = new Set<number>();
  const notched = new Set<string>();
  for (const name of [...new Set(names)].sort()) {
    const index = serviceColorIndex(name);
    if (taken.has(index)) notched.add(name);
    taken.add(index);
  }
  return notched;
}

/** What all the names begin with, up to and with a separator; chips drop it. Empty for one name alone. */
export function sharedPrefix(names: Iterable<string>): string {
  const all = [...new Set(names)];
  const [first, ...rest] = all;
  if (first === undefined || rest.length === 0) return '';
  let length = first.length;
  for (const name of rest) while (length > 0 && !name.startsWith(first.slice(0, length))) length--;
  const prefix = first.slice(0, length);
  const end = Math.max(...['-', '.', '_', '/'].map((separator) => prefix.lastIndexOf(separator)));
  const cut = prefix.slice(0, end + 1);
  return all.some((name) => name.length === cut.length) ? '' : cut;
}
