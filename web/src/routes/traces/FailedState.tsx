import type { ApiProblem } from '../../api/problem';

/** A search that failed: what the server said, and the way to try again. */
export function FailedState({ problem, retry, busy, clear }: { readonly problem: ApiProblem; readonly retry: () => void; readonly busy: boolean; readonly clear: (() => void) | null }) {
  return (
    <div className="state" role="alert">
      <div className="box">
        <b className="strong">{clear === null ? problem.title : 'The filter can’t be read'}</b>
        {problem.detail !== '' && <div className="f2">{problem.detail}</div>}
        {problem.kind === 'unreachable' && <div className="f2">Start it with ./run, then retry. Nothing that it acknowledged is lost.</div>}
        <div className="line again">
          {clear === null ? (
            <button type="button" className="btn" aria-busy={busy} onClick={retry}>
              Retry
            </button>
          ) : (
            <button type="button" className="btn" onClick={clear}>
              Clear filter
            </button>
          )}
        </div>
      </div>
    </div>
  );
}
