import { isWhole } from '../../model/viewport';
import { Finder, Legend, type FinderProps } from './Finder';

interface ToolbarProps extends FinderProps {
  readonly deeper: (by: 1 | -1) => void;
  readonly scale: (factor: number) => void;
  readonly fit: () => void;
}

export function Toolbar(props: ToolbarProps) {
  const { trace, state, change, deeper, scale, fit } = props;
  return (
    <div className="tools" role="toolbar" aria-label="Timeline">
      <Finder {...props} />
      <Legend trace={trace} state={state} change={change} />
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
