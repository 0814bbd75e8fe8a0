import { isIdKey } from './compareTags';
import { formatShare } from './distribution';
import { clip, formatCount, formatDuration, plural } from './format';
import { hashed, noHash } from './hash';
import type { Phrase } from './story';
import type { Total } from './summary';
import { waitName } from './trace';

/** What one cohort does in one place of the tree. Times are nanoseconds and means over the traces that were looked at, with 0 for those that do nothing here. */
export interface CohortSide {
  readonly traces: number;
  readonly spans: number;
  readonly errors: number;
  /** Of the trace's length, what was spent here: all places and the time between spans add up to the mean length. */
  readonly wall: number;
  readonly self: number;
  /** The median of the spans' durations; null without spans. */
  readonly p50: number | null;
}

/** An operation below the operations that called it; in pre-order. */
export interface CohortNode {
  readonly parent: number;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly wait: string | null;
  readonly a: CohortSide;
  readonly b: CohortSide;
}

export interface Cohort {
  readonly total: Total;
  readonly looked: number;
  readonly errors: number;
  readonly mean: number;
  readonly p50: number;
  readonly waiting: number;
  readonly between: number;
}

/** An attribute that tells the cohorts apart. */
export interface CohortAttribute {
  readonly key: string;
  /** From 0, not at all, to 1, wholly. */
  readonly score: number;
  /** Traces that have it. */
  readonly a: number;
  readonly b: number;
  /** Of numbers with many values, else null. */
  readonly medians: readonly [a: number | null, b: number | null] | null;
  readonly values: readonly { readonly value: string; readonly a: number; readonly b: number }[];
}

export interface Cohorts {
  readonly a: Cohort;
  readonly b: Cohort;
  readonly nodes: readonly CohortNode[];
  readonly attributes: readonly CohortAttribute[];
  readonly keys: { readonly looked: number; readonly differ: number; readonly all: boolean };
  readonly leftOut: number;
  readonly unplaced: number;
  readonly truncated: string | null;
}

/** What follows from the nodes, one index a node. */
export interface CohortTree {
  readonly depth: Int32Array;
  /** The node after the subtree. */
  readonly end: Int32Array;
  /** A short name for each place that is the same in the next answer, too: for addresses. */
  readonly keys: readonly string[];
}

export function cohortTree(nodes: readonly CohortNode[]): CohortTree {
  const [depth, end] = [new Int32Array(nodes.length), new Int32Array(nodes.length)];
  const keys: string[] = [];
  nodes.forEach((node, index) => {
    depth[index] = node.parent < 0 ? 0 : (depth[node.parent] ?? 0) + 1;
    const above = node.parent < 0 ? noHash : Number.parseInt(keys[node.parent] ?? '0', 36);
    keys.push(hashed(`${node.service}\n${node.name}\n${node.kind}\n${node.wait ?? ''}`, above).toString(36));
  });
  for (let index = nodes.length - 1; index >= 0; index--) {
    end[index] = Math.max(end[index] ?? 0, index + 1);
    const above = nodes[index]?.parent ?? -1;
    if (above >= 0) end[above] = Math.max(end[above] ?? 0, end[index] ?? 0);
  }
  return { depth, end, keys };
}

export type CohortMeasure = 'wall' | 'self' | 'p50';
export type CohortChange = 'same' | 'slower' | 'faster' | 'added' | 'missing';

export const cohortTime = (side: CohortSide, measure: CohortMeasure): number | null => (side.spans === 0 ? null : measure === 'wall' ? side.wall : measure === 'self' ? side.self : side.p50);
export const cohortDelta = (node: CohortNode, measure: CohortMeasure): number => (cohortTime(node.b, measure) ?? 0) - (cohortTime(node.a, measure) ?? 0);

/** A difference counts from a tenth of the shorter time on, and from this share of the longer mean. */
const [leastShare, leastOfMean] = [0.1, 0.005];

export const leastCohortDelta = ({ a, b }: Cohorts): number => leastOfMean * Math.max(a.mean, b.mean);

export function cohortChange(cohorts: Cohorts, node: CohortNode, measure: CohortMeasure): CohortChange {
  if (node.a.spans === 0) return 'added';
  if (node.b.spans === 0) return 'missing';
  const [a, b] = [cohortTime(node.a, measure) ?? 0, cohortTime(node.b, measure) ?? 0];
  const by = Math.abs(b - a);
  if (by === 0 || by < leastCohortDelta(cohorts) || by < leastShare * Math.min(a, b)) return 'same';
  return b > a ? 'slower' : 'faster';
}

/** The nodes that are shown: not below a closed one, and, when only differences are wanted, those that differ with all above them. */
export function visibleCohortNodes(cohorts: Cohorts, tree: CohortTree, measure: CohortMeasure, closed: ReadonlySet<string>, onlyDifferent: boolean): readonly number[] {
  const { nodes } = cohorts;
  const wanted = new Uint8Array(nodes.length);
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index];
    if (node === undefined) continue;
    if (!onlyDifferent || cohortChange(cohorts, node, measure) !== 'same') wanted[index] = 1;
    if (wanted[index] === 1 && node.parent >= 0) wanted[node.parent] = 1;
  }
  const shown: number[] = [];
  for (let index = 0; index < nodes.length; ) {
    if (wanted[index] === 1) shown.push(index);
    index = wanted[index] !== 1 || closed.has(tree.keys[index] ?? '') ? (tree.end[index] ?? index + 1) : index + 1;
  }
  return shown;
}

/** A part of the difference between the cohorts' mean lengths; all parts together are the difference. */
export interface CohortCause {
  /** -1 for time between spans. */
  readonly node: number;
  readonly name: string;
  readonly service: string;
  readonly wait: boolean;
  readonly delta: number;
}

export const cohortNodeName = (node: CohortNode): string => (node.wait === null ? (node.name === '' ? '(no name)' : node.name) : waitName(node.wait));

/** What explains the difference of the means, the largest part first. */
export function cohortCauses({ a, b, nodes }: Cohorts): readonly CohortCause[] {
  const causes: CohortCause[] = nodes.map((node, index) => ({ node: index, name: cohortNodeName(node), service: node.service, wait: node.wait !== null, delta: node.b.wall - node.a.wall }));
  causes.push({ node: -1, name: 'time between spans', service: '', wait: false, delta: b.between - a.between });
  return causes.filter(({ delta }) => delta !== 0).sort((x, y) => Math.abs(y.delta) - Math.abs(x.delta) || x.node - y.node);
}

const plain = (text: string): Phrase => ({ text, tone: 'plain' });
const strong = (text: string): Phrase => ({ text, tone: 'strong' });
const share = (count: number, of: number): string => (of === 0 ? '0 %' : formatShare(count / of));

/** `12` becomes `12`, `0.123456` becomes `0.1235`. */
export const formatNumber = (value: number): string => (Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4))));

/** What an attribute says that tells B from A. */
function attributeNote(attribute: CohortAttribute, { a, b }: Cohorts): string {
  const presence = Math.abs(attribute.b / Math.max(1, b.looked) - attribute.a / Math.max(1, a.looked));
  const [value] = attribute.values;
  if (attribute.medians !== null && attribute.medians[0] !== null && attribute.medians[1] !== null) return `${attribute.key} has the median ${formatNumber(attribute.medians[1])} in B and ${formatNumber(attribute.medians[0])} in A`;
  if (value === undefined || Math.abs(value.b / Math.max(1, b.looked) - value.a / Math.max(1, a.looked)) < presence) return `${attribute.key} is in ${share(attribute.b, b.looked)} of B and ${share(attribute.a, a.looked)} of A`;
  return `${attribute.key}=${clip(value.value, 60)} is in ${share(value.b, b.looked)} of B and ${share(value.a, a.looked)} of A`;
}

/** Parts under this share of the difference are left to the list. */
const worthSaying = 0.05;

/** What tells B from A, in words that the tables prove. */
export function cohortStory(cohorts: Cohorts): readonly Phrase[] {
  const { a, b } = cohorts;
  if (b.looked === 0) return [strong(b.total.value === 0 ? 'No trace is in B' : 'No trace of B could be read'), plain(': nothing that is searched has what B asks for. Loosen it, or widen the time range.')];
  if (a.looked === 0) return [strong(a.total.value === 0 ? 'Every trace is in B' : 'No trace of A could be drawn'), plain(': there is nothing to hold it against. Ask more of B, or widen what is searched.')];
  const difference = b.mean - a.mean;
  const longer = difference >= 0;
  const close = Math.abs(difference) < 0.01 * Math.max(a.mean, b.mean);
  const causes = cohortCauses(cohorts);
  const scale = Math.max(Math.abs(difference), Math.abs(causes[0]?.delta ?? 0));
  const said = causes.filter(({ delta }) => Math.abs(delta) >= worthSaying * scale && (close || delta > 0 === longer)).slice(0, 3);
  const part = ({ name, service, delta }: CohortCause): string => `${formatDuration(Math.abs(delta))} ${delta > 0 ? 'more' : 'less'} in ${clip(name)}${causes.some((other) => other.name === name && other.service !== service) ? ` of ${clip(service)}` : ''}`;
  const phrases = [close ? strong('B takes about as long as A') : strong(`B takes ${formatDuration(Math.abs(difference))} ${longer ? 'longer' : 'less'} on average`)];
  if (!close) said.forEach((cause, index) => phrases.push(plain(index === 0 ? ': ' : ', '), index === 0 ? strong(part(cause)) : plain(part(cause))));
  phrases.push(plain('.'));
  if (a.errors + b.errors > 0) phrases.push(plain(` ${b.errors === b.looked ? 'All' : share(b.errors, b.looked)} of B ${b.errors === 0 ? 'has errors' : 'have errors'}, ${share(a.errors, a.looked)} of A.`));
  const attribute = cohorts.attributes.find(({ key }) => !isIdKey(key));
  if (attribute !== undefined) phrases.push(plain(` ${attributeNote(attribute, cohorts)}.`));
  return phrases;
}

/** How much was looked at, so that nobody takes a sample for the whole. */
export function cohortSample({ a, b, leftOut }: Cohorts): string {
  const of = (name: string, { looked, total }: Cohort): string =>
    total.exact && looked === total.value ? `all ${plural(looked, 'trace')} of ${name}` : `${formatCount(looked)} of ${total.exact ? '' : 'at least '}${plural(total.value, 'trace')} of ${name}`;
  const sampled = [a, b].some(({ looked, total }) => looked < total.value);
  return `Looked at ${of('A', a)} and ${of('B', b)}${sampled ? ', drawn at random' : ''}${leftOut > 0 ? `; ${plural(leftOut, 'trace was', 'traces were')} too large to be read` : ''}.`;
}
