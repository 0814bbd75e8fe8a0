import { Link } from 'wouter';
import { rangeName, rangePhrase, wider } from '../../model/timeRange';
import type { EventsState } from './url';

/** With the geometry of what comes: the picture, the heads, the rows. */
export function Skeleton({ visible }: { readonly visible: boolean }) {
  return (
    <div className="eskel" role="status" aria-label="Loading the events">
      <div className="etime" />
      {visible && Array.from({ length: 14 }, (_, row) => <div key={row} className="erow still"><i className="skeleton" /><i className="skeleton" /><i className="skeleton" /><i className="skeleton" style={{ width: `${78 - (row % 4) * 11}%` }} /></div>)}
    </div>
  );
}

/** No span is stored: no other time and no other filter would show an event. */
export function NothingStored() {
  return (
    <div className="state">
      <h3 className="big">No span has arrived yet</h3>
      <p className="sub">Events show once there are traces of them.</p>
      <div className="acts">
        <Link className="btn" href="/settings">
          Check what is received
        </Link>
      </div>
    </div>
  );
}

export function Empty({ state, change, what }: { readonly state: EventsState; readonly change: (next: EventsState) => void; readonly what: string }) {
  const filtered = state.risk !== null || state.camera !== '';
  const next = wider(state.range);
  return (
    <div className="state">
      <h3 className="big">
        No {what} {rangePhrase(state.range)}
      </h3>
      <p className="sub">{filtered ? 'None meets the filter.' : 'An event is saved when a batch of images was judged; that takes the batch window and the analysis.'}</p>
      <div className="acts">
        {filtered && (
          <button type="button" className="btn primary" onClick={() => change({ ...state, risk: null, camera: '' })}>
            Clear the filter
          </button>
        )}
        {state.range.kind !== 'all' && (
          <button type="button" className={filtered ? 'btn' : 'btn primary'} onClick={() => change({ ...state, range: next })}>
            Look in {rangeName(next).toLowerCase()}
          </button>
        )}
      </div>
    </div>
  );
}
