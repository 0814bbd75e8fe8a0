import { useEffect, useState, type FormEvent, type RefObject } from 'react';
import { ApiProblem } from '../../../api/problem';
import { brushTimes } from '../../../model/brush';
import type { UnixNano } from '../../../model/nano';
import { Icon } from '../../../ui/Icon';
import { TimeMenu } from '../../shell/TimeMenu';
import { ModeSwitch } from '../ModeSwitch';
import type { CohortState } from './url';

interface FormProps {
  readonly state: CohortState;
  readonly now: UnixNano;
  readonly change: (next: CohortState) => void;
  readonly problem: ApiProblem | null;
  readonly busy: boolean;
  readonly first: RefObject<HTMLInputElement | null>;
}

/** What is compared: B by a condition, A the others of what is searched. */
export function CohortForm({ state, now, change, problem, busy, first }: FormProps) {
  const [chosen, setChosen] = useState(state.chosen);
  const [text, setText] = useState(state.text);
  useEffect(() => setChosen(state.chosen), [state.chosen]);
  useEffect(() => setText(state.text), [state.text]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change({ ...state, chosen: chosen.trim(), text: text.trim() });
  };
  const wrong = problem?.kind === 'refused' ? problem.parameter : null;
  return (
    <>
      <form className="cohform" role="search" onSubmit={submit}>
        <ModeSwitch mode="cohorts" />
        <label className={wrong === 'bq' ? 'input bad cohq' : 'input cohq'}>
          <span className="ab">B</span>
          <input ref={first} type="search" aria-label="What B has" aria-invalid={wrong === 'bq'} aria-describedby={wrong === 'bq' ? 'cohort-problem' : undefined} placeholder="What B has: error=true, duration>=5s" spellCheck={false} value={chosen} onChange={(event) => setChosen(event.target.value)} />
        </label>
        {state.from !== null && state.to !== null && (
          <span className="tag num">
            {brushTimes({ from: state.from, to: state.to }, now)}
            <button type="button" className="btn ghost sq" aria-label="B at any time" title="B at any time" onClick={() => change({ ...state, from: null, to: null })}>
              <Icon name="close" />
            </button>
          </span>
        )}
        <span className="f3">against the others of</span>
        <label className={wrong === 'q' ? 'input bad cohq' : 'input cohq'}>
          <Icon name="search" />
          <input type="search" aria-label="What is searched" aria-invalid={wrong === 'q'} aria-describedby={wrong === 'q' ? 'cohort-problem' : undefined} placeholder="all traces, or those with name=…" spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <TimeMenu range={state.range} now={now} change={(range) => change({ ...state, chosen: chosen.trim(), text: text.trim(), range })} />
        <button type="submit" className="btn primary" aria-busy={busy}>
          Compare
        </button>
      </form>
      {problem !== null && wrong !== null && (
        <div className="notice box" role="alert">
          <Icon name="error" className="errt" strokeWidth={1.6} />
          <p id="cohort-problem" className="grow">
            {problem.position !== null && <b className="strong num">{`Column ${problem.position + 1} of ${wrong === 'bq' ? 'B' : 'what is searched'}: `}</b>}
            {problem.detail === '' ? problem.title : problem.detail}
          </p>
        </div>
      )}
    </>
  );
}
