import type { RefObject } from 'react';
import { formatCount } from '../../model/format';
import { Icon } from '../../ui/Icon';
import type { CompareState } from './url';

interface ToolsProps {
  readonly state: CompareState;
  readonly change: (change: (old: CompareState) => CompareState) => void;
  readonly found: Int32Array;
  readonly differing: Int32Array;
  readonly finder: RefObject<HTMLInputElement | null>;
  /** Where the focus goes when the reader leaves the search. */
  readonly leave: () => void;
  /** Whether both traces have the selected span, so that they can be aligned at it. */
  readonly alignable: boolean;
  readonly next: (nodes: Int32Array, direction: 1 | -1) => void;
}

/** What of the merged tree is shown, and the ways through it. */
export function CompareTools({ state, change, found, differing, finder, leave, alignable, next }: ToolsProps) {
  const at = found.indexOf(state.selected);
  return (
    <div className="ctools" role="toolbar" aria-label="Merged tree">
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
            if (event.key === 'Enter') next(found, event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') {
              change((old) => ({ ...old, text: '' }));
              leave();
            }
          }}
        />
        {state.text === '' ? (
          <kbd>/</kbd>
        ) : (
          <span className="f3 xs num" role="status">
            {found.length === 0 ? 'none' : `${at < 0 ? '–' : formatCount(at + 1)} of ${formatCount(found.length)}`}
          </span>
        )}
      </div>
      <button type="button" className="btn" aria-pressed={state.onlyDifferent} title="Leave out what is equal (o)" onClick={() => change((old) => ({ ...old, onlyDifferent: !old.onlyDifferent }))}>
        Only differences <span className="num f3">{formatCount(differing.length)}</span>
      </button>
      <span className="seg" role="group" aria-label="Difference">
        <button type="button" className="btn ghost sq" aria-label="Previous difference (D)" title="Previous difference (D)" disabled={differing.length === 0} onClick={() => next(differing, -1)}>
          <Icon name="up" />
        </button>
        <button type="button" className="btn ghost sq" aria-label="Next difference (d)" title="Next difference (d)" disabled={differing.length === 0} onClick={() => next(differing, 1)}>
          <Icon name="down" />
        </button>
      </span>
      <span className="grow" />
      <button
        type="button"
        className="btn"
        aria-pressed={state.aligned && alignable}
        disabled={!alignable}
        title={alignable ? 'Move the traces so that the selected span begins at one place in both (a)' : 'Select a span that both traces have, to move them so that it begins at one place in both'}
        onClick={() => change((old) => ({ ...old, aligned: !old.aligned }))}
      >
        Align at selected
      </button>
      <span className="seg" role="group" aria-label="Times">
        <button type="button" aria-pressed={state.measure === 'duration'} title="From a span’s start to its end" onClick={() => change((old) => ({ ...old, measure: 'duration' }))}>
          Duration
        </button>
        <button type="button" aria-pressed={state.measure === 'self'} title="Less what its children cover" onClick={() => change((old) => ({ ...old, measure: 'self' }))}>
          Self time
        </button>
      </span>
    </div>
  );
}
