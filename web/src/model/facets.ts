import type { Total } from './summary';

/** A key of attributes that the store has. */
export interface AttributeKey {
  readonly key: string;
  readonly scope: 'span' | 'resource';
  readonly types: readonly string[];
  /** How common it is; null for keys of resources. */
  readonly values: bigint | null;
}

export interface FacetValue {
  readonly value: string;
  readonly traces: number;
}

export interface Facet {
  readonly key: string;
  readonly values: readonly FacetValue[];
  readonly distinct: Total;
}

/** The values of one key, and the traces that were looked at for them. */
export interface CountedFacet extends Facet {
  readonly total: Total;
}

/** Traces by a length of time; step i lies between the edges i and i + 1, in nanoseconds. */
export interface Histogram {
  readonly edges: readonly number[];
  readonly traces: readonly number[];
}

/** The same in fewer steps, neighbours joined; what takes no time at all stays by itself. */
export function coarse({ edges, traces }: Histogram, most: number): Histogram {
  const first = edges[0] === 0 ? traces.findIndex((count, step) => step > 0 && count > 0) : 0;
  const from = first < 0 ? traces.length : first;
  const size = Math.ceil((traces.length - from) / most);
  const joined = { edges: from > 0 ? [0] : [], traces: from > 0 ? [traces.slice(0, from).reduce((sum, count) => sum + count, 0)] : [] };
  for (let step = from; step < traces.length; step += size) {
    joined.edges.push(edges[step] ?? 0);
    joined.traces.push(traces.slice(step, step + size).reduce((sum, count) => sum + count, 0));
  }
  if (traces.length > 0) joined.edges.push(edges[traces.length] ?? 0);
  return joined;
}

/** What people ask of an AI pipeline first; shown when the store has it. */
const preferred = ['error.type', 'batch.close_reason', 'camera.name', 'risk.level', 'model.name'];
/** Attribute facets that show by themselves; a reader adds more. */
const mostShown = 3;
const mostAsked = 8;
/** A key with more different values is no help as a list. */
const mostValues = 24;

/** The attribute keys whose values are worth asking for: known ones, chosen ones, then the commonest of texts and bools. */
export function facetCandidates(keys: readonly AttributeKey[], chosen: readonly string[]): readonly string[] {
  const texts = keys.filter((key) => key.scope === 'span' && key.types.every((type) => type === 'string' || type === 'bool') && key.key !== 'error');
  const known = new Set(texts.map((key) => key.key));
  const common = [...texts].sort((a, b) => Number((b.values ?? 0n) - (a.values ?? 0n))).map((key) => key.key);
  // A chosen one of the known keys stays where it was.
  return [...new Set([...preferred.filter((key) => known.has(key)), ...chosen, ...common])].slice(0, chosen.length + mostAsked);
}

/** Those of the candidates that show: chosen ones always, others when their values are few and tell traces apart. */
export function shownFacets(facets: readonly Facet[], chosen: readonly string[]): readonly Facet[] {
  const useful = facets.filter((facet) => !chosen.includes(facet.key) && facet.distinct.exact && facet.distinct.value <= mostValues && (facet.distinct.value > 1 || (facet.distinct.value === 1 && preferred.includes(facet.key))));
  const shown = new Set([...useful.slice(0, mostShown).map((facet) => facet.key), ...chosen]);
  return facets.filter((facet) => shown.has(facet.key));
}

/** The keys of the facets that show after others did: these keep their place whatever is filtered, since a pointer may rest on one; chosen ones come at the end. */
export function settledFacets(before: readonly string[], facets: readonly Facet[], chosen: readonly string[]): readonly string[] {
  const now = shownFacets(facets, chosen).map((facet) => facet.key);
  if (before.length === 0) return now;
  const added = now.filter((key) => !before.includes(key));
  const others = added.filter((key) => !chosen.includes(key)).slice(0, Math.max(0, mostShown - before.length));
  return [...before, ...added.filter((key) => chosen.includes(key) || others.includes(key))];
}
