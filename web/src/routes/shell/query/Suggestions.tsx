import { cutAtHit, type Suggestion } from '../../../model/completion';

export const optionId = (index: number): string => `suggestion-${index}`;

/** What could stand at the caret, and whole queries that were asked before. */
export function Suggestions({ list, active, typed, left, choose }: { readonly list: readonly Suggestion[]; readonly active: number; readonly typed: string; readonly left: string; readonly choose: (suggestion: Suggestion) => void }) {
  return (
    <div className="pop cmp" style={{ left }}>
      <ul role="listbox" id="suggestions" aria-label="Suggestions">
        {list.map((suggestion, index) => {
          const [before, hit, behind] = cutAtHit(suggestion.label, typed);
          return (
            // Pressing the pointer must not take the focus from the text.
            <li key={`${suggestion.whole === true ? 'recent ' : ''}${suggestion.label}`} id={optionId(index)} className={suggestion.whole === true ? 'recent' : undefined} role="option" aria-selected={index === active} title={suggestion.label} onPointerDown={(event) => event.preventDefault()} onClick={() => choose(suggestion)}>
              <span className="trunc">
                {before}
                <mark>{hit}</mark>
                {behind}
              </span>
              <span className="n">{suggestion.note}</span>
            </li>
          );
        })}
      </ul>
      <div className="ft" aria-hidden="true">
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> choose
        </span>
        <span>
          <kbd>Tab</kbd> accept
        </span>
        <span>
          <kbd>Enter</kbd> search
        </span>
        {list[active]?.whole === true && (
          <span>
            <kbd>Shift</kbd> <kbd>Del</kbd> forget
          </span>
        )}
      </div>
    </div>
  );
}
