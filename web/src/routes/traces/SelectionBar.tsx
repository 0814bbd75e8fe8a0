import { formatClock, formatDuration } from '../../model/format';
import { nanosOf } from '../../model/nano';
import type { TraceSummary } from '../../model/summary';

interface SelectionProps {
  readonly selected: readonly string[];
  readonly find: (traceId: string) => TraceSummary | undefined;
  readonly clear: () => void;
  readonly compare: () => void;
}

const letters = ['A', 'B'] as const;

/** What is selected for comparing, over the foot of the list. */
export function SelectionBar({ selected, find, clear, compare }: SelectionProps) {
  if (selected.length === 0) return null;
  return (
    <div className="pop selbar" role="region" aria-label="Traces to compare">
      <span className="strong num">{selected.length} selected</span>
      {selected.map((id, index) => {
        const summary = find(id);
        return (
          <span key={id} className="line pick">
            <span className="tag">{letters[index]}</span>
            {summary === undefined ? (
              <span className="mono">{id.slice(0, 8)}</span>
            ) : (
              <>
                <span className="num">{formatDuration(nanosOf(summary.duration))}</span>
                <span className="f3 num">{formatClock(summary.start).slice(0, 8)}</span>
                {summary.errorType !== null && <span className="tag err trunc">{summary.errorType}</span>}
              </>
            )}
          </span>
        );
      })}
      <button type="button" className="btn ghost" onClick={clear}>
        Clear
      </button>
      <button type="button" className={selected.length === 2 ? 'btn primary' : 'btn'} aria-disabled={selected.length < 2} title={selected.length < 2 ? 'Select a second trace' : undefined} onClick={() => selected.length === 2 && compare()}>
        Compare <kbd>c</kbd>
      </button>
    </div>
  );
}
