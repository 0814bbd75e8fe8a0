import type { TimeAxis } from '../model/axis';
import { formatOffset, plural } from '../model/format';
import type { LogMark } from '../model/logView';
import { isGrave, levelName, levels, lineOf } from '../model/logs';

/** Marks nearer than this are one. */
const apart = 5;
const longTitle = 5;

interface Group {
  readonly x: number;
  readonly marks: LogMark[];
}

function grouped(marks: readonly LogMark[], axis: TimeAxis): readonly Group[] {
  const groups: Group[] = [];
  for (const mark of marks.toSorted((a, b) => a.at - b.at)) {
    const x = axis.x(mark.at);
    if (x < 0 || x > axis.width) continue;
    const last = groups.at(-1);
    if (last !== undefined && x - last.x < apart) last.marks.push(mark);
    else groups.push({ x, marks: [mark] });
  }
  return groups;
}

/** Log entries on their span's row: a tick, a triangle for a warning, a square that stands on its point for an error. */
export function LogMarks({ marks, axis }: { readonly marks: readonly LogMark[]; readonly axis: TimeAxis }) {
  return grouped(marks, axis).map(({ x, marks: group }) => {
    const gravest = group.reduce((most, { entry }) => Math.max(most, levels.indexOf(entry.level)), 0);
    const level = levels[gravest] ?? 'unset';
    const kind = isGrave(level) ? 'grave' : level === 'warn' ? 'warn' : 'plain';
    const lines = group.slice(0, longTitle).map(({ at, entry }) => `${formatOffset(at)} ${levelName(entry.level)}: ${lineOf(entry).slice(0, 160)}`);
    const title = [...lines, ...(group.length > longTitle ? [`and ${plural(group.length - longTitle, 'more log entry', 'more log entries')}`] : [])].join('\n');
    return (
      <i key={x} className={`tlogmark ${kind}`} style={{ left: x }} title={title} role="img" aria-label={`Log, ${levelName(level)}: ${title}`} />
    );
  });
}
