/** Of what descendants do after their ancestor has ended, so many stretches are remembered for the ancestors above; more are left out, and their time counts as the ancestor's own. */
const mostStretches = 64;

/**
 * By row, the duration less the time in which a descendant runs: also one that outlives its parent, as a stream that is read after its request has ended. Needs parents before their children, and siblings by start.
 * Linear, but for sorting what outlives its parent.
 */
export function selfTimes(parent: Int32Array, start: Float64Array, duration: Float64Array): Float64Array {
  const count = parent.length;
  const self = duration.slice();
  // Children by start: rows come from the last, and each is put before those that were.
  const firstChild = new Int32Array(count).fill(-1);
  const nextSibling = new Int32Array(count).fill(-1);
  // By row, what its descendants do outside of its time: from, to, from, to, ...; by start, apart from each other.
  const outside = new Map<number, readonly number[]>();
  for (let row = count - 1; row >= 0; row--) {
    if ((firstChild[row] ?? -1) >= 0) {
      const [from, to] = [start[row] ?? 0, (start[row] ?? 0) + (duration[row] ?? 0)];
      const beyond: number[] = [];
      let own = duration[row] ?? 0;
      for (const [a, b] of stretches(row, firstChild, nextSibling, start, duration, outside)) {
        own -= Math.max(0, Math.min(b, to) - Math.max(a, from));
        if (a < from && beyond.length < 2 * mostStretches) beyond.push(a, Math.min(b, from));
        if (b > to && beyond.length < 2 * mostStretches) beyond.push(Math.max(a, to), b);
      }
      self[row] = Math.max(0, own);
      if (beyond.length > 0) outside.set(row, beyond);
    }
    const above = parent[row] ?? -1;
    if (above < 0) continue;
    nextSibling[row] = firstChild[above] ?? -1;
    firstChild[above] = row;
  }
  return self;
}

/** When the descendants of a row run, by start and apart from each other. */
function* stretches(row: number, firstChild: Int32Array, nextSibling: Int32Array, start: Float64Array, duration: Float64Array, outside: Map<number, readonly number[]>): Generator<readonly [number, number]> {
  const late: (readonly [number, number])[] = [];
  for (let child = firstChild[row] ?? -1; child >= 0; child = nextSibling[child] ?? -1) {
    const beyond = outside.get(child);
    if (beyond === undefined) continue;
    for (let i = 0; i < beyond.length; i += 2) late.push([beyond[i] ?? 0, beyond[i + 1] ?? 0]);
    outside.delete(child);
  }
  late.sort((a, b) => a[0] - b[0]);
  let at = 0;
  let [from, to] = [NaN, NaN];
  let child = firstChild[row] ?? -1;
  while (child >= 0 || at < late.length) {
    const waiting = late[at];
    let next: readonly [number, number];
    if (waiting !== undefined && (child < 0 || waiting[0] < (start[child] ?? 0))) {
      next = waiting;
      at++;
    } else {
      next = [start[child] ?? 0, (start[child] ?? 0) + (duration[child] ?? 0)];
      child = nextSibling[child] ?? -1;
    }
    if (next[0] <= to) to = Math.max(to, next[1]);
    else {
      if (!Number.isNaN(from)) yield [from, to];
      [from, to] = next;
    }
  }
  if (!Number.isNaN(from)) yield [from, to];
}
