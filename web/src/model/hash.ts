/** FNV-1a of a text, behind what was hashed before. */
export function hashed(text: string, before: number): number {
  let hash = before;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}

/** The hash of nothing, which a text is hashed behind. */
export const noHash = 0x811c9dc5;
