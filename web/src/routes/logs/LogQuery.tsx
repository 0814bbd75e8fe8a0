import { useMemo, useRef, useState, type RefObject } from 'react';
import type { ApiProblem } from '../../api/problem';
import { tokens } from '../../model/filterText';
import { Icon } from '../../ui/Icon';

interface LogQueryProps {
  readonly text: string;
  readonly commit: (text: string) => void;
  readonly problem: ApiProblem | null;
  readonly input: RefObject<HTMLInputElement | null>;
}

/** The query: words and plain conditions. The address is the truth; the box holds a draft of it until Enter. */
export function LogQuery({ text, commit, problem, input }: LogQueryProps) {
  const [draft, setDraft] = useState(text);
  const [committed, setCommitted] = useState(text);
  if (committed !== text) {
    setCommitted(text);
    setDraft(text);
  }
  const mirror = useRef<HTMLDivElement>(null);
  const follow = (): void => {
    if (mirror.current !== null && input.current !== null) mirror.current.style.transform = `translateX(${-input.current.scrollLeft}px)`;
  };
  const pieces = useMemo(() => tokens(draft), [draft]);
  const wrongAt = problem?.parameter === 'q' && draft === text ? problem.position : null;
  return (
    <form
      className="grow qform"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        commit(draft.trim());
      }}
    >
      <div className={wrongAt !== null || problem?.parameter === 'q' ? 'input q bad' : 'input q'}>
        <Icon name="search" />
        <div className="qtext">
          <div ref={mirror} className="mirror" aria-hidden="true">
            {pieces.map((token) => (
              <span key={token.from} className={`tk-${token.kind}${wrongAt !== null && token.kind !== 'blank' && token.from <= wrongAt && token.from + token.text.length > wrongAt ? ' wrong' : ''}`}>
                {token.text}
              </span>
            ))}
            {draft === '' && <span className="f3">words in the message, level&gt;=warn, service=…, key=value</span>}
          </div>
          <input
            ref={input}
            type="text"
            aria-label="Query"
            aria-invalid={problem?.parameter === 'q'}
            aria-describedby={problem?.parameter === 'q' ? 'logs-problem' : undefined}
            autoComplete="off"
            spellCheck={false}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            onScroll={follow}
            onKeyUp={follow}
            onBlur={() => commit(draft.trim())}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              event.preventDefault();
              event.stopPropagation();
              if (draft !== text) setDraft(text);
              else event.currentTarget.blur();
            }}
          />
        </div>
        {draft !== '' && (
          <button
            type="button"
            className="clear"
            aria-label="Clear the query"
            title="Clear the query"
            onClick={() => {
              setDraft('');
              commit('');
              input.current?.focus();
            }}
          >
            <Icon name="close" />
          </button>
        )}
        <kbd>/</kbd>
      </div>
      {problem?.parameter === 'q' && (
        <div className="pop qproblem" id="logs-problem" role="alert">
          {problem.detail}
        </div>
      )}
    </form>
  );
}
