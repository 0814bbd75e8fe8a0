/** Letters that have to be changed, left out or added to make one text of the other. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Texts longer than this are no typing mistakes of one another. */
const longest = 100;

/** The candidate that was probably meant: one that goes on from the text, or is a few letters away; null when none is near. */
export function nearest(text: string, candidates: readonly string[]): string | null {
  const wanted = text.toLowerCase();
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate.length > longest || wanted.length > longest) continue;
    const known = candidate.toLowerCase();
    const far = wanted.length > 2 && known.startsWith(wanted) ? 0.5 : distance(wanted, known);
    if (far < least) [best, least] = [candidate, far];
  }
  return best;
}
