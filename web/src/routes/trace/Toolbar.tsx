import { plural } from '../../model/format';
import { axisOf } from '../../model/traceAxis';
import { isWhole } from '../../model/viewport';
import { Icon } from '../../ui/Icon';
import { Finder, Legend, type FinderProps } from './Finder';
import type { LanesOnScreen } from './useLanes';

interface ToolbarProps extends FinderProps {
  readonly deeper: (by: 1 | -1) => void;
  readonly flip: (what: 'folded' | 'path') => void;
  readonly lanes: LanesOnScreen;
  readonly flipLanes: () => void;
  readonly scale: (factor: number) => void;
  readonly fit: () => void;
}

const partly = 'Not all spans are loaded, so this can’t be told';

export function Toolbar(props: ToolbarProps) {
  const { trace, state, change, deeper, flip, lanes, flipLanes, scale, fit } = props;
  const foldable = axisOf(trace).folds.length;
  return (
    <div className="tools" role="toolbar" aria-label="Timeline">
      <Finder {...props} />
      <Legend trace={trace} state={state} change={change} />
      <button type="button" className="btn" aria-label="Critical path" aria-pressed={state.path && trace.excerpt === null} disabled={trace.excerpt !== null} title={trace.excerpt === null ? 'The spans that decided how long it took (p)' : partly} onClick={() => flip('path')}>
        <Icon name="path" />
        <span className="wide">Critical path</span>
      </button>
      <button
        type="button"
        className="btn"
        aria-label="Fold waits"
        aria-pressed={state.folded && foldable > 0}
        disabled={foldable === 0}
        title={trace.excerpt !== null ? partly : foldable === 0 ? 'No wait is long enough to fold' : `${plural(foldable, 'long wait')} folded out of the axis (f)`}
        onClick={() => flip('folded')}
      >
        <Icon name="fold" />
        <span className="wide">Fold waits</span>
      </button>
      <button type="button" className="btn" aria-label="Resource lanes" aria-pressed={lanes.choice !== null} title={lanes.why === '' ? 'GPU, CPU, queues and batches of the services, while it ran (m)' : lanes.why} onClick={flipLanes}>
        <Icon name="lanes" />
        <span className="wide">Lanes</span>
      </button>
      <span className="seg">
        <button type="button" aria-label="Depth −, one level less" title="One level less" disabled={trace.tree.maxDepth === 0 || state.folding.depth === 0} onClick={() => deeper(-1)}>
          <span className="wide">Depth </span>−
        </button>
        <button type="button" aria-label="Depth +, one level more" title="One level more" disabled={state.folding.depth === null && state.folding.toggled.size === 0} onClick={() => deeper(1)}>
          +
        </button>
      </span>
      <span className="seg">
        <button type="button" aria-label="Zoom −, out" title="Zoom out (s)" disabled={isWhole(state.view, trace.total)} onClick={() => scale(1 / 0.6)}>
          <span className="wide">Zoom </span>−
        </button>
        <button type="button" aria-label="Zoom +, in" title="Zoom in (w)" onClick={() => scale(0.6)}>
          +
        </button>
        <button type="button" aria-label="Fit the whole trace" title="Fit the whole trace (0)" disabled={isWhole(state.view, trace.total)} onClick={fit}>
          Fit
        </button>
      </span>
    </div>
  );
}
