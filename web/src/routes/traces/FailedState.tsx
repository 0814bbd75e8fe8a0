import type { ApiProblem } from '../../api/problem';

/** A search that failed: what the server said, and the way to try again. */
export function FailedState({ problem, retry, busy }: { readonly problem: ApiProblem; readonly retry: () => void; readonly busy: boolean }) {
  return (
    <div className="state" role="alert">
      <div className="box">
        <b className="strong">{problem.title}</b>
        {problem.detail !== '' && <div className="f2">{problem.detail}</div>}
        {problem.kind === 'unreachable' && <div className="f2">Start it with ./run, then retry. Nothing that it acknowledged is lost.</div>}
        <div className="line again">
          <button type="button" className="btn" aria-busy={busy} onClick={retry}>
            Retry
          </button>
        </div>
      </div>
    </div>
  );
}
