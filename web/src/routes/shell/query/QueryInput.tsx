import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import type { ApiProblem } from '../../../api/problem';
import { accepted, operatorTyped, placeAt, type Place, type Suggestion } from '../../../model/completion';
import { tokens } from '../../../model/filterText';
import { Icon } from '../../../ui/Icon';
import { optionId, Suggestions } from '../../../ui/Suggestions';

interface QueryInputProps {
  /** The query as the address has it. */
  readonly text: string;
  readonly commit: (text: string) => void;
  readonly problem: ApiProblem | null;
  /** The element that says what is wrong with the query. */
  readonly problemId: string;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly label: string;
  readonly placeholder: string;
  /** A hook: what could stand at the caret. */
  readonly useOffers: (place: Place, draft: string, open: boolean) => readonly Suggestion[];
  /** Told of a query that was asked, and of one that is not to be offered any more. */
  readonly keep?: (query: string) => void;
  readonly forget?: (query: string) => void;
}

/** The text of the box, coloured, below the transparent text of the input; the place of an error is underlined. */
function Coloured({ text, wrongAt }: { readonly text: string; readonly wrongAt: number | null }) {
  const pieces = useMemo(() => tokens(text), [text]);
  const end = text.length;
  return (
    <>
      {pieces.map((token) => {
        const wrong = wrongAt !== null && token.kind !== 'blank' && token.from <= wrongAt && token.from + token.text.length > wrongAt;
        return (
          <span key={token.from} className={wrong ? `tk-${token.kind} wrong` : `tk-${token.kind}`}>
            {token.text}
          </span>
        );
      })}
      {wrongAt !== null && wrongAt >= end && <span className="wrong">{'\u00a0'}</span>}
    </>
  );
}

/** The box of a query: plain conditions and free text, completed from what the store has. The address is the truth; the box holds a draft of it. */
export function QueryInput({ text, commit, problem, problemId, input, label, placeholder, useOffers, keep, forget }: QueryInputProps) {
  const [draft, setDraft] = useState(text);
  const [committed, setCommitted] = useState(text);
  if (committed !== text) {
    setCommitted(text);
    setDraft(text);
  }
  const [caret, setCaret] = useState(0);
  const [open, setOpen] = useState(false);
  // What the arrows chose; null while only the first is offered.
  const [chosen, setChosen] = useState<number | null>(null);
  const place = useMemo(() => placeAt(draft, Math.min(caret, draft.length)), [draft, caret]);
  const wrong = problem?.parameter === 'q' && draft === text ? problem : null;
  const list = useOffers(place, draft, open);
  const shown = open && list.length > 0;
  const active = Math.min(chosen ?? 0, list.length - 1);

  const mirror = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState(0);
  const follow = (): void => {
    const element = input.current;
    if (element === null) return;
    if (mirror.current !== null) mirror.current.style.transform = `translateX(${-element.scrollLeft}px)`;
    setScroll(element.scrollLeft);
    setCaret(element.selectionStart ?? element.value.length);
  };
  useEffect(() => {
    if (mirror.current !== null && input.current !== null) mirror.current.style.transform = `translateX(${-input.current.scrollLeft}px)`;
  });
  const caretTo = useRef<number | null>(null);
  useEffect(() => {
    if (caretTo.current === null) return;
    input.current?.setSelectionRange(caretTo.current, caretTo.current);
    caretTo.current = null;
  }, [draft, input]);

  const write = (next: { readonly text: string; readonly caret: number }): void => {
    setDraft(next.text);
    setCaret(next.caret);
    caretTo.current = next.caret;
  };
  // Where a completion has just put an operator: one that is typed there is not a second one.
  const completed = useRef<{ readonly text: string; readonly caret: number } | null>(null);
  const typesOperator = (event: KeyboardEvent<HTMLInputElement>): boolean => {
    const { current } = completed;
    const { selectionStart, selectionEnd } = event.currentTarget;
    if (current === null || event.metaKey || event.ctrlKey !== event.altKey || current.text !== draft || selectionStart !== current.caret || selectionEnd !== current.caret) return false;
    const next = operatorTyped(draft, current.caret, event.key);
    if (next === null) return false;
    completed.current = null;
    if (next.text !== draft) {
      write(next);
      setOpen(true);
    }
    return true;
  };
  const searchFor = (asked: string): void => {
    setOpen(false);
    setChosen(null);
    keep?.(asked.trim());
    commit(asked.trim());
  };
  const take = (suggestion: Suggestion): void => {
    if (suggestion.whole === true) {
      setDraft(suggestion.insert);
      searchFor(suggestion.insert);
      return;
    }
    const next = accepted(draft, place, suggestion);
    write(next);
    completed.current = suggestion.goesOn ? next : null;
    setChosen(null);
    setOpen(suggestion.goesOn);
  };
  const search = (): void => searchFor(draft);
  const step = (by: number): void => {
    if (!shown) setOpen(true);
    else setChosen(chosen === null && by > 0 && list.length > 1 ? 1 : (active + by + list.length) % list.length);
  };
  const keys: Readonly<Record<string, (event: KeyboardEvent) => void | false>> = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Tab: (event) => {
      const suggestion = list[active];
      if (!shown || suggestion === undefined || event.shiftKey) return false;
      if (suggestion.whole === true) {
        write({ text: suggestion.insert, caret: suggestion.insert.length });
        setOpen(false);
      } else take(suggestion);
    },
    Enter: () => {
      const suggestion = list[active];
      if (shown && chosen !== null && suggestion !== undefined) take(suggestion);
      else search();
    },
    Delete: (event) => {
      const suggestion = list[active];
      if (!shown || suggestion?.whole !== true || !event.shiftKey) return false;
      forget?.(suggestion.insert);
      setChosen(null);
    },
    Escape: () => {
      if (shown) setOpen(false);
      else if (draft !== text) setDraft(text);
      else input.current?.blur();
    },
  };

  const column = wrong?.position ?? null;
  return (
    <form
      role="search"
      className="grow qform"
      onSubmit={(event) => {
        event.preventDefault();
        search();
      }}
    >
      <div className={wrong === null ? 'input q' : 'input q bad'}>
        <Icon name="search" />
        <div className="qtext">
          <div className="mirror" aria-hidden="true">
            <div ref={mirror}>
              <Coloured text={draft} wrongAt={column} />
            </div>
          </div>
          <input
            ref={input}
            type="text"
            role="combobox"
            aria-label={label}
            aria-autocomplete="list"
            aria-expanded={shown}
            aria-controls={shown ? 'suggestions' : undefined}
            aria-activedescendant={shown ? optionId(active) : undefined}
            aria-invalid={wrong !== null}
            aria-describedby={wrong === null ? undefined : problemId}
            placeholder={placeholder}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={draft}
            onChange={(event) => {
              setDraft(event.target.value);
              setCaret(event.target.selectionStart ?? event.target.value.length);
              setChosen(null);
              setOpen(true);
            }}
            onScroll={follow}
            onKeyUp={follow}
            onClick={() => {
              follow();
              setOpen(true);
            }}
            onBlur={() => setOpen(false)}
            onKeyDown={(event) => {
              if (typesOperator(event)) {
                event.preventDefault();
                return;
              }
              const handler = event.ctrlKey || event.altKey || event.metaKey ? undefined : keys[event.key];
              if (handler !== undefined && handler(event) !== false) event.preventDefault();
            }}
          />
        </div>
        {draft !== text ? (
          <span className="hint">
            <kbd>Enter</kbd> to search
          </span>
        ) : draft !== '' ? (
          <button type="button" className="clear" aria-label="Clear the filter text" onClick={() => commit('')}>
            <Icon name="close" />
          </button>
        ) : (
          <kbd>/</kbd>
        )}
      </div>
      {shown && <Suggestions list={list} active={active} typed={place.typed} left={`max(0px, calc(${place.from}ch + 26px - ${scroll}px))`} choose={take} />}
    </form>
  );
}
