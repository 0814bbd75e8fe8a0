import { Icon } from '../../ui/Icon';
import type { SearchState } from './url';

/** Switches live follow. A range that stands still has nothing to follow; what pauses it is said. */
export function LiveButton({ state, change, paused }: { readonly state: SearchState; readonly change: (next: SearchState) => void; readonly paused: string | null }) {
  const fixed = state.range.kind === 'between';
  const title = fixed ? 'This time range stands still. Choose “Last …” or all time to follow new traces.' : state.live ? (paused ?? 'New traces show as they arrive') : 'Show new traces as they arrive';
  return (
    <button type="button" className={state.live && paused !== null ? 'btn live paused' : 'btn live'} aria-pressed={state.live && !fixed} aria-disabled={fixed} title={title} onClick={() => !fixed && change({ ...state, live: !state.live })}>
      <Icon name="live" />
      <span>{state.live && !fixed && paused !== null ? 'Paused' : 'Live'}</span>
    </button>
  );
}
