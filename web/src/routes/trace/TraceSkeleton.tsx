const indents = [0, 1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 2, 3, 3, 1, 1];

/** The screen before its trace: the final geometry, empty. */
export function TraceSkeleton({ visible }: { readonly visible: boolean }) {
  return (
    <div className="tskel" role="status" aria-label="Loading the trace">
      <div className="ttl">
        <div className="line tline">{visible && <i className="skeleton w-sum" />}</div>
        <p className="story">{visible && <i className="skeleton w-story" />}</p>
      </div>
      <div className="tools" />
      <div className="skrows">{visible && indents.map((indent, row) => <i key={row} className="skeleton" style={{ marginLeft: 26 + indent * 12, width: 220 - indent * 24 }} />)}</div>
    </div>
  );
}
