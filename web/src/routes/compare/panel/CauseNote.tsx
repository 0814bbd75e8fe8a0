import { tagNote } from '../../../model/compareTags';
import type { Cause } from '../../../model/compareCauses';
import type { MergedTree } from '../../../model/compareTree';
import { formatCount } from '../../../model/format';
import { useTags } from './useTags';

/** Under a cause: that only one trace has it, or what else differs there. */
export function CauseNote({ tree, cause }: { readonly tree: MergedTree; readonly cause: Cause }) {
  const tags = useTags(tree, cause.only === null ? cause.node : -1);
  if (cause.node < 0) return <span className="f3 wnote">no span on the way accounts for it</span>;
  const note = tags.difference === null ? '' : tagNote(tags.difference);
  const parts = [
    cause.only === null ? '' : `only in ${cause.only.toUpperCase()}`,
    cause.only === null && cause.nodes > 1 ? `${formatCount(cause.nodes)} spans together` : '',
    cause.wait === null ? cause.service : `wait of ${cause.service}, ${cause.name}`,
    note,
  ].filter((part) => part !== '');
  return <span className="f3 wnote">{parts.join(' · ')}</span>;
}
