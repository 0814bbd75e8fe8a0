import { useMemo } from 'react';
import { flameGraph, type Frame } from '../../../model/flame';
import { formatDuration, plural } from '../../../model/format';
import { notchedServices } from '../../../model/serviceColor';
import { rowOfSpan } from '../../../model/trace';
import type { TabProps } from '../OtherTab';
import { FlameCanvas } from './FlameCanvas';
import { FlameTable } from './FlameTable';
import './flame.css';

/** Where the time of a trace went by the way that calls took, as a picture or as text. */
export function FlameTab({ trace, state, changeTab, found, showRow }: TabProps) {
  const { flame, flameWaits, flameTable } = state.tabs;
  const graph = useMemo(() => flameGraph(trace, flameWaits), [trace, flameWaits]);
  const notched = useMemo(() => notchedServices(trace.services), [trace]);
  const zoomed = flame === '' ? -1 : (graph.frameOf[rowOfSpan(trace, flame)] ?? -1);
  const { text, services } = state;
  const hits = useMemo(() => {
    if (text.trim() === '') return null;
    const counts = new Int32Array(graph.frames.length);
    for (const row of found) {
      const frame = graph.frameOf[row] ?? -1;
      if (frame >= 0) counts[frame] = (counts[frame] ?? 0) + 1;
    }
    return counts;
  }, [graph, found, text]);
  const dimmed = useMemo(() => (frame: Frame): boolean => services.size > 0 && !services.has(trace.services[frame.service] ?? ''), [services, trace]);
  const zoom = useMemo(() => (frame: number) => changeTab({ flame: trace.spans.spanId[graph.frames[frame]?.row ?? -1] ?? '' }), [changeTab, trace, graph]);
  const zoomedFrame = graph.frames[zoomed];
  const waits = trace.waits.some((wait) => wait.row >= 0);
  const hitFrames = hits === null ? 0 : hits.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return (
    <>
      <div className="flline">
        <span className="seg" role="group" aria-label="Show the flame graph as">
          <button type="button" aria-pressed={!flameTable} onClick={() => changeTab({ flameTable: false })}>
            Picture
          </button>
          <button type="button" aria-pressed={flameTable} onClick={() => changeTab({ flameTable: true })}>
            Table
          </button>
        </span>
        {waits && (
          <button type="button" className="btn" aria-pressed={flameWaits} title="Whether waiting takes width" onClick={() => changeTab({ flameWaits: !flameWaits })}>
            Waits
          </button>
        )}
        <span className="f2 num" role="status">
          {zoomedFrame === undefined ? `${plural(graph.frames.length, 'path')} of ${plural(trace.tree.count, 'span')}, ${formatDuration(graph.total)} ${flameWaits && waits ? 'of work and waiting' : 'of work'}` : `${trace.names[zoomedFrame.name] ?? ''} of ${trace.services[zoomedFrame.service] ?? ''}: ${formatDuration(zoomedFrame.total)} of ${formatDuration(graph.total)}`}
          {hits !== null && `; found in ${plural(hitFrames, 'path')}`}
        </span>
        {zoomedFrame !== undefined && (
          <button type="button" className="linkish" onClick={() => changeTab({ flame: '' })}>
            Show all
          </button>
        )}
      </div>
      {graph.total === 0 && <p className="state f2">No span of this trace has time of its own{flameWaits ? '' : ' but waits'}, so that there is nothing to draw. The table lists its paths.</p>}
      {flameTable || graph.total === 0 ? <FlameTable trace={trace} graph={graph} hits={hits} notched={notched} show={showRow} /> : <FlameCanvas trace={trace} graph={graph} zoomed={zoomed} hits={hits} dimmed={dimmed} notched={notched} zoom={zoom} show={showRow} />}
    </>
  );
}
