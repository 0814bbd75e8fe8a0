import { wallTimeOf } from './compareTime';
import { standIn, type MergedTree } from './compareTree';
import { clip, formatDuration, plural } from './format';
import type { Phrase } from './story';
import { isError, labelOf, nameOf, serviceOf, waitKindOf, waitName } from './trace';

/** A part of the difference between two traces' lengths. All parts together are the difference. */
export interface Cause {
  /** The trace that alone has it. */
  readonly only: 'a' | 'b' | null;
  readonly service: string;
  readonly name: string;
  /** The kind of wait, null for work. */
  readonly wait: string | null;
  /** B's time less A's, in nanoseconds. */
  readonly delta: number;
  /** The node that it shows best, -1 for time between spans. */
  readonly node: number;
  /** How many nodes it is the sum of. */
  readonly nodes: number;
}

interface Sum {
  delta: number;
  node: number;
  largest: number;
  nodes: number;
}

/**
 * What explains the difference, the largest first. Time is each span's own on the way that the trace's length went; repeated and parallel spans of one
 * operation are summed, so that which of them came last makes no difference. What only one trace has counts for its topmost span.
 */
export function causesOf(tree: MergedTree): readonly Cause[] {
  const [wallA, wallB] = [wallTimeOf(tree.traceA), wallTimeOf(tree.traceB)];
  const top = new Int32Array(tree.count);
  const sums = new Map<number, Sum>();
  const sideOf = (node: number): number => ((tree.a[node] ?? -1) < 0 ? 2 : (tree.b[node] ?? -1) < 0 ? 1 : 0);
  for (let node = 0; node < tree.count; node++) {
    const [a, b, above, side] = [tree.a[node] ?? -1, tree.b[node] ?? -1, tree.parent[node] ?? -1, sideOf(node)];
    top[node] = side > 0 && above >= 0 && sideOf(above) === side ? (top[above] ?? node) : node;
    const delta = (b < 0 ? 0 : (wallB.rows[b] ?? 0)) - (a < 0 ? 0 : (wallA.rows[a] ?? 0));
    const named = top[node] ?? node;
    const operation = (side === 2 ? tree.operations.b[tree.b[named] ?? 0] : tree.operations.a[tree.a[named] ?? 0]) ?? 0;
    const key = operation * 3 + side;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { delta, node: named, largest: Math.abs(delta), nodes: 1 });
    else {
      sum.delta += delta;
      sum.nodes++;
      if (Math.abs(delta) > sum.largest) [sum.largest, sum.node] = [Math.abs(delta), named];
    }
  }
  const causes: Cause[] = [];
  for (const [key, { delta, node, nodes }] of sums) {
    if (delta === 0) continue;
    const { trace, row } = standIn(tree, node);
    causes.push({ only: key % 3 === 2 ? 'b' : key % 3 === 1 ? 'a' : null, service: serviceOf(trace, row), name: nameOf(trace, row), wait: waitKindOf(trace, row), delta, node, nodes });
  }
  const between = wallB.between - wallA.between;
  if (between !== 0) causes.push({ only: null, service: '', name: 'time between spans', wait: null, delta: between, node: -1, nodes: 0 });
  return causes.sort((x, y) => Math.abs(y.delta) - Math.abs(x.delta) || x.node - y.node);
}

export const signed = (nanos: number): string => (nanos === 0 ? '0' : `${nanos < 0 ? '−' : '+'}${formatDuration(Math.abs(nanos))}`);

/** What a cause is called: a wait by what was waited for. */
export const causeName = (cause: Cause): string => (cause.wait === null ? (cause.name === '' ? '(no name)' : cause.name) : waitName(cause.wait));

/** Parts under this share of the larger of the difference and the largest part are left to the list. */
const worthSaying = 0.02;

const plain = (text: string): Phrase => ({ text, tone: 'plain' });
const strong = (text: string): Phrase => ({ text, tone: 'strong' });

function part(cause: Cause, longer: boolean, all: readonly Cause[]): string {
  const time = formatDuration(Math.abs(cause.delta));
  // Queues and clients are called alike in many services.
  const alike = all.some((other) => other !== cause && causeName(other) === causeName(cause));
  const name = `${clip(causeName(cause))}${alike && cause.service !== '' ? ` of ${clip(cause.service)}` : ''}`;
  if (cause.only !== null) return longer === (cause.only === 'b') ? `${time} in ${name}, which ${cause.only === 'b' ? 'A' : 'B'} does not have` : `${time} in ${name}`;
  return `${time} ${longer ? 'more' : 'less'} in ${name}`;
}

/** Spans that failed in one trace and not in the other; those that a failed child explains are left out. */
export function newFailures(tree: MergedTree): { readonly a: readonly number[]; readonly b: readonly number[] } {
  const explained = [new Uint8Array(tree.count), new Uint8Array(tree.count)] as const;
  const found: readonly [number[], number[]] = [[], []];
  for (let node = tree.count - 1; node >= 0; node--) {
    const [a, b, above] = [tree.a[node] ?? -1, tree.b[node] ?? -1, tree.parent[node] ?? -1];
    const failed = [a >= 0 && isError(tree.traceA, a), b >= 0 && isError(tree.traceB, b)] as const;
    for (const side of [0, 1] as const) {
      const other = side === 0 ? 1 : 0;
      if (failed[side] && !failed[other] && explained[side][node] === 0) found[side].push(node);
      if (above >= 0 && (failed[side] || explained[side][node] === 1)) explained[side][above] = 1;
    }
  }
  return { a: found[0].reverse(), b: found[1].reverse() };
}

function failures(tree: MergedTree): readonly Phrase[] {
  const found = newFailures(tree);
  const say = (nodes: readonly number[], here: string, there: string): readonly Phrase[] => {
    const [node] = nodes;
    if (node === undefined) return [];
    const [trace, row] = here === 'B' ? [tree.traceB, tree.b[node] ?? -1] : [tree.traceA, tree.a[node] ?? -1];
    const label = labelOf(trace, row);
    return [plain(` ${here} fails in ${clip(nameOf(trace, row))}`), ...(label === null ? [] : [plain(' with '), { text: clip(label), tone: 'error' } satisfies Phrase]), plain(`${nodes.length > 1 ? ` and in ${plural(nodes.length - 1, 'more place')}` : ''}; ${there} does not.`)];
  };
  return [...say(found.b, 'B', 'A'), ...say(found.a, 'A', 'B')];
}

/** What differs and why, in words that the picture proves. */
export function compareStory(tree: MergedTree, causes: readonly Cause[]): readonly Phrase[] {
  const difference = tree.traceB.total - tree.traceA.total;
  const shared = tree.a.some((row, node) => row >= 0 && (tree.b[node] ?? -1) >= 0);
  if (!shared) return [strong('The traces have no span in common'), plain(`: they do not begin with the same operation. B took ${formatDuration(tree.traceB.total)}, A ${formatDuration(tree.traceA.total)}.`), ...failures(tree)];
  const scale = Math.max(Math.abs(difference), Math.abs(causes[0]?.delta ?? 0));
  const said = causes.filter((cause) => Math.abs(cause.delta) >= worthSaying * scale).slice(0, 6);
  const close = Math.abs(difference) < 0.01 * Math.max(tree.traceA.total, tree.traceB.total);
  if (close && scale < 0.01 * Math.max(tree.traceA.total, tree.traceB.total))
    return [strong(difference === 0 ? 'A and B took the same time' : 'A and B took about the same time'), plain(difference === 0 ? '.' : `: B ${formatDuration(Math.abs(difference))} ${difference > 0 ? 'longer' : 'less'}.`), ...failures(tree)];
  const up = difference >= 0;
  const along = said.filter((cause) => cause.delta > 0 === up).slice(0, 4);
  const against = said.filter((cause) => cause.delta > 0 !== up).slice(0, 2);
  const phrases = [close ? strong('A and B took about the same time') : strong(`B took ${formatDuration(Math.abs(difference))} ${up ? 'longer' : 'less'}`)];
  along.forEach((cause, index) => phrases.push(index === 0 ? plain(': ') : plain(', '), index === 0 ? strong(part(cause, up, causes)) : plain(part(cause, up, causes))));
  if (against.length > 0) phrases.push(plain(`; but ${against.map((cause) => part(cause, !up, causes)).join(', ')}`));
  phrases.push(plain('.'));
  return [...phrases, ...failures(tree)];
}
