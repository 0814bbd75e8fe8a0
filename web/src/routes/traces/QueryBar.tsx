import { useEffect, useMemo, useRef, useState, type ReactNode, type RefObject } from 'react';
import type { ApiProblem } from '../../api/problem';
import { tokens } from '../../model/filterText';
import type { UnixNano } from '../../model/nano';
import { Icon } from '../../ui/Icon';
import { TimeMenu } from './TimeMenu';
import { hasFilter, type SearchState } from './url';

interface QueryBarProps {
  readonly state: SearchState;
  readonly change: (next: SearchState) => void;
  readonly now: UnixNano;
  readonly problem: ApiProblem | null;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly share: () => void;
  readonly filters: () => void;
  readonly filtersOpen: boolean;
  readonly live: ReactNode;
}

/** The text of the box, coloured, below the transparent text of the input; the place of an error is underlined. */
function Coloured({ text, wrongAt }: { readonly text: string; readonly wrongAt: number | null }) {
  const pieces = useMemo(() => tokens(text), [text]);
  return (
    <>
      {pieces.map((token) => {
        const wrong = wrongAt !== null && token.kind !== 'blank' && token.from + token.text.length > wrongAt;
        return (
          <span key={token.from} className={wrong ? `tk-${token.kind} wrong` : `tk-${token.kind}`}>
            {token.text}
          </span>
        );
      })}
    </>
  );
}

function QueryBox({ state, change, problem, input }: Pick<QueryBarProps, 'state' | 'change' | 'problem' | 'input'>) {
  const [draft, setDraft] = useState(state.text);
  const [committed, setCommitted] = useState(state.text);
  // The address is the truth: when it changes (a link, the way back), the box follows.
  if (committed !== state.text) {
    setCommitted(state.text);
    setDraft(state.text);
  }
  const mirror = useRef<HTMLDivElement>(null);
  const follow = (): void => {
    if (mirror.current !== null && input.current !== null) mirror.current.style.transform = `translateX(${-input.current.scrollLeft}px)`;
  };
  useEffect(follow);
  const wrong = problem?.parameter === 'q' && draft === state.text ? problem : null;
  const column = wrong?.position ?? null;
  return (
    <form
      role="search"
      className="grow qform"
      onSubmit={(event) => {
        event.preventDefault();
        change({ ...state, text: draft.trim() });
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
            aria-label="Filter the traces"
            aria-invalid={wrong !== null}
            aria-describedby={wrong === null ? undefined : 'query-problem'}
            placeholder="Filter: words, or key=value such as camera.name=front_door error=true"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={draft}
            onChange={(event) => setDraft(event.target.value)}
            onScroll={follow}
            onKeyUp={follow}
            onKeyDown={(event) => {
              if (event.key !== 'Escape') return;
              if (draft !== state.text) setDraft(state.text);
              else event.currentTarget.blur();
            }}
          />
        </div>
        {draft !== state.text ? (
          <span className="hint">
            <kbd>Enter</kbd> to search
          </span>
        ) : draft !== '' ? (
          <button type="button" className="clear" aria-label="Clear the filter text" onClick={() => change({ ...state, text: '' })}>
            <Icon name="close" />
          </button>
        ) : (
          <kbd>/</kbd>
        )}
      </div>
      {wrong !== null && (
        <p id="query-problem" role="alert" className="pop qproblem">
          {column !== null && <b className="strong num">Column {column + 1}: </b>}
          {wrong.detail === '' ? wrong.title : wrong.detail}
        </p>
      )}
    </form>
  );
}

export function QueryBar(props: QueryBarProps) {
  const { state, change, now, share, filters, filtersOpen } = props;
  const active = state.services.length + state.operations.length + state.statuses.length + (state.minDuration === '' ? 0 : 1) + (state.maxDuration === '' ? 0 : 1);
  return (
    <div className="fb">
      <button type="button" className="btn filters" aria-expanded={filtersOpen} aria-controls="facets" onClick={filters}>
        <Icon name="filter" />
        Filters {active > 0 && <span className="num acct">{active}</span>}
      </button>
      <QueryBox {...props} />
      {hasFilter(state) && (
        <button type="button" className="btn ghost wide" onClick={() => change({ ...state, text: '', services: [], operations: [], statuses: [], minDuration: '', maxDuration: '' })}>
          Clear all
        </button>
      )}
      <TimeMenu range={state.range} now={now} change={(range) => change({ ...state, range })} />
      {props.live}
      <button type="button" className="btn ghost sq" aria-label="Copy a link to this search" title="Copy a link to this search, with its times fixed" onClick={share}>
        <Icon name="link" />
      </button>
    </div>
  );
}
