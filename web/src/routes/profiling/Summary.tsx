import { useMemo } from 'react';
import { formatMoment, plural } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { formatShare, formatShift, formatValue, hottest, mostChanged, profilerValue, shareOf, shiftOf, shortName, typeName, valueOfHits, type ProfiledType, type StackFlame } from '../../model/profile';

interface SummaryProps {
  readonly graph: StackFlame;
  readonly hits: Uint8Array | null;
  readonly zoomed: number;
  readonly service: string;
  readonly type: ProfiledType;
  readonly now: UnixNano;
  readonly base: { readonly from: UnixNano; readonly to: UnixNano } | null;
  readonly showAll: () => void;
}

/** What the picture shows, in a sentence made from the data, and of what. */
export function Summary({ graph, hits, zoomed, service, type, now, base, showAll }: SummaryProps) {
  const { sum } = graph;
  const frame = graph.frames[zoomed];
  const what = typeName(type.type);
  const top = useMemo(() => hottest(graph), [graph]);
  const change = useMemo(() => (graph.base === null ? null : mostChanged(graph, graph.sum.value, graph.base.value)), [graph]);
  const taking = useMemo(() => profilerValue(graph), [graph]);
  const total = `${formatValue(sum.value, type.unit)} of ${what} in ${plural(sum.windows, 'window')}`;
  return (
    <div className="psum">
      <p className="bot" role="status">
        {frame !== undefined ? (
          <>
            <b className="strong">{shortName(frame.name)}</b>
            {`: ${formatValue(frame.value, type.unit)}, ${formatShare(shareOf(frame.value, sum.value))} of ${formatValue(sum.value, type.unit)} `}
            <button type="button" className="linkish" onClick={showAll}>
              Show all
            </button>
          </>
        ) : sum.windows === 0 && (graph.base?.windows ?? 0) === 0 ? (
          `${service} has no windows of this type here.`
        ) : graph.base !== null && change !== null && graph.base.value > 0 && sum.value > 0 ? (
          <>
            <b className="strong">{shortName(change.name)}</b>
            {` has changed most: ${formatShare(shareOf(change.baseSelf, graph.base.value))} then, ${formatShare(shareOf(change.self, sum.value))} now (${formatShift(shiftOf(change.self, sum.value, change.baseSelf, graph.base.value))}).`}
          </>
        ) : top !== null ? (
          <>
            <b className="strong">{shortName(top.name)}</b>
            {` used the most in itself of the service’s own code: ${formatValue(top.self, type.unit)}, ${formatShare(shareOf(top.self, sum.value))}.`}
          </>
        ) : (
          total
        )}
      </p>
      <p className="f2 num">
        {total}
        {sum.first !== null && sum.last !== null && `, ${formatMoment(sum.first, now)} to ${formatMoment(sum.last, now)}`}
        {graph.base !== null && base !== null && `; compared with ${formatValue(graph.base.value, type.unit)} in ${plural(graph.base.windows, 'window')} from ${formatMoment(base.from, now)} to ${formatMoment(base.to, now)}. Orange ▲ takes a larger part than then, blue ▼ a smaller one`}
        {graph.framesLeftOut > 0 && `; ${plural(graph.framesLeftOut, 'frame')} too small to be drawn`}
        {hits !== null && `; found in ${plural(hits.reduce((count, hit) => count + hit, 0), 'frame')}, ${formatShare(shareOf(valueOfHits(graph, hits), sum.value))}`}
        {graph.base === null && '. In colour: the service’s own code; in grey: the runtime and libraries'}
        {graph.base === null && taking > 0 && `; hatched: the profiler itself, ${formatShare(shareOf(taking, sum.value))}`}
      </p>
    </div>
  );
}
