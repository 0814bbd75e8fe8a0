import { useQuery } from '@tanstack/react-query';
import { spanQuery } from '../../../api/queries';
import { compareTags, type TagDifference } from '../../../model/compareTags';
import type { MergedTree } from '../../../model/compareTree';
import type { SpanDetail } from '../../../model/spanDetail';

export interface Tags {
  readonly a: SpanDetail | null;
  readonly b: SpanDetail | null;
  readonly difference: TagDifference | null;
  readonly failed: Error | null;
  readonly pending: boolean;
  readonly retry: () => void;
}

/** What was said about both spans of a node; a span that only one trace has comes alone. */
export function useTags(tree: MergedTree, node: number): Tags {
  const [rowA, rowB] = [tree.a[node] ?? -1, tree.b[node] ?? -1];
  const a = useQuery({ ...spanQuery(tree.traceA.traceId, tree.traceA.spans.spanId[rowA] ?? ''), enabled: rowA >= 0 });
  const b = useQuery({ ...spanQuery(tree.traceB.traceId, tree.traceB.spans.spanId[rowB] ?? ''), enabled: rowB >= 0 });
  const [ofA, ofB] = [a.data?.[0] ?? null, b.data?.[0] ?? null];
  return {
    a: ofA,
    b: ofB,
    difference: ofA !== null && ofB !== null ? compareTags(ofA, ofB) : null,
    failed: a.error ?? b.error,
    pending: (rowA >= 0 && a.isPending) || (rowB >= 0 && b.isPending),
    retry: () => {
      if (a.isError) void a.refetch();
      if (b.isError) void b.refetch();
    },
  };
}
