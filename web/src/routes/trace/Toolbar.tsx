import { useMemo, type RefObject } from 'react';
import { formatCount, plural } from '../../model/format';
import { notchedServices } from '../../model/serviceColor';
import { spansByService, type Trace } from '../../model/trace';
import { axisOf } from '../../model/traceAxis';
import { isWhole } from '../../model/viewport';
import { Icon } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import type { TraceState } from './url';

interface ToolbarProps {
  readonly trace: Trace;
  readonly state: TraceState;
  readonly change: (change: (old: TraceState) => TraceState) => void;
  readonly found: Int32Array;
  readonly finder: RefObject<HTMLInputElement | null>;
  readonly nextMatch: (direction: 1 | -1) => void;
  readonly deeper: (by: 1 | -1) => void;
  readonly flip: (what: 'folded' | 'path') => void;
  readonly scale: (factor: number) => void;
  readonly fit: () => void;
}

function Finder({ state, change, found, finder, nextMatch }: Pick<ToolbarProps, 'state' | 'change' | 'found' | 'finder' | 'nextMatch'>) {
  const at = found.indexOf(state.selected);
  return (
    <div className={state.text !== '' && found.length === 0 ? 'input find bad' : 'input find'} role="search">
      <Icon name="search" />
      <input
        ref={finder}
        type="search"
        aria-label="Find spans"
        placeholder="Find spans"
        spellCheck={false}
        value={state.text}
        onChange={(event) => {
          const text = event.target.value;
          change((old) => ({ ...old, text }));
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') nextMatch(event.shiftKey ? -1 : 1);
          if (event.key === 'Escape') {
            change((old) => ({ ...old, text: '' }));
            event.currentTarget.blur();
          }
        }}
      />
      {state.text === '' ? (
        <kbd>/</kbd>
      ) : (
        <>
          <span className="f3 xs num" role="status">
            {found.length === 0 ? 'none' : `${at < 0 ? '–' : formatCount(at + 1)} of ${formatCount(found.length)}`}
          </span>
          <span className="updown">
            <button type="button" aria-label="Previous match (N)" disabled={found.length === 0} onClick={() => nextMatch(-1)}>
              <Icon name="up" />
            </button>
            <button type="button" aria-label="Next match (n)" disabled={found.length === 0} onClick={() => nextMatch(1)}>
              <Icon name="down" />
            </button>
          </span>
        </>
      )}
    </div>
  );
}

export function Toolbar(props: ToolbarProps) {
  const { trace, state, change, deeper, flip, scale, fit } = props;
  const services = useMemo(() => spansByService(trace), [trace]);
  const notched = useMemo(() => notchedServices(trace.services), [trace]);
  const foldable = axisOf(trace).folds.length;
  const only = (name: string): void =>
    change((old) => {
      const next = new Set(old.services);
      if (!next.delete(name)) next.add(name);
      return { ...old, services: next };
    });
  return (
    <div className="tools" role="toolbar" aria-label="Timeline">
      <Finder {...props} />
      <div className="legend">
        {services.map((service) => (
          <button key={service.name} type="button" className="btn ghost svc" aria-pressed={state.services.has(service.name)} title={`Bring out the spans of ${service.name}`} onClick={() => only(service.name)}>
            <ServiceDot name={service.name} notched={notched.has(service.name)} />
            <span className="f2">{service.name}</span> <span className="f3 num">{formatCount(service.spans)}</span>
          </button>
        ))}
      </div>
      <button type="button" className="btn" aria-label="Critical path" aria-pressed={state.path} title="The spans that decided how long it took (p)" onClick={() => flip('path')}>
        <Icon name="path" />
        <span className="wide">Critical path</span>
      </button>
      <button
        type="button"
        className="btn"
        aria-label="Fold waits"
        aria-pressed={state.folded && foldable > 0}
        disabled={foldable === 0}
        title={foldable === 0 ? 'No wait is long enough to fold' : `${plural(foldable, 'long wait')} folded out of the axis (f)`}
        onClick={() => flip('folded')}
      >
        <Icon name="fold" />
        <span className="wide">Fold waits</span>
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
