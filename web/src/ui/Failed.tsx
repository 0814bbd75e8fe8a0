/** What could not be loaded, why, and the way to try again. */
export function Failed({ title, problem, retry, busy }: { readonly title: string; readonly problem: string; readonly retry: () => void; readonly busy: boolean }) {
  return (
    <div className="state" role="alert">
      <h3 className="big">{title}</h3>
      <p className="sub">{problem}</p>
      <div className="acts">
        <button type="button" className="btn primary" aria-busy={busy} onClick={retry}>
          Retry
        </button>
      </div>
    </div>
  );
}
