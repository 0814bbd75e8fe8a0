import type { CohortNode, Cohorts } from './cohorts';
import { referenceStages } from './pipeline';

/** Waiting of one kind in one place of the tree, over the traces that were looked at. Nanoseconds. */
export interface WaitPlace {
  readonly kind: string;
  readonly service: string;
  readonly name: string;
  /** The stage that it lies in, else the operation that it lies below. */
  readonly stage: string;
  readonly p50: number;
  /** Mean over all traces, with 0 for those that do not wait here. */
  readonly mean: number;
  /** Traces that wait here. */
  readonly traces: number;
}

const stageNames = new Map(referenceStages.flatMap((stage) => stage.operations.map(([name]) => [name, stage.name])));

function stageOf(nodes: readonly CohortNode[], node: CohortNode): string {
  const own = stageNames.get(node.name);
  if (own !== undefined) return own;
  let [above, nearest] = [nodes[node.parent], ''];
  for (; above !== undefined; above = nodes[above.parent]) {
    if (nearest === '') nearest = above.name;
    const stage = stageNames.get(above.name);
    // Everything lies below the upload, which begins the trace.
    if (stage !== undefined && above.parent >= 0) return stage;
  }
  return nearest;
}

/** Where traces wait, by kind and place, the most time first: of the cohort B, which is all traces where nothing is held against the others. */
export const waitPlaces = ({ nodes }: Cohorts): readonly WaitPlace[] =>
  nodes
    .flatMap((node) => (node.wait === null || node.b.p50 === null ? [] : [{ kind: node.wait, service: node.service, name: node.name, stage: stageOf(nodes, node), p50: node.b.p50, mean: node.b.self, traces: node.b.traces }]))
    .sort((a, b) => b.mean - a.mean || (a.kind < b.kind ? -1 : 1));
