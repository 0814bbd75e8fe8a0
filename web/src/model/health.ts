import { formatAgo, formatBytes, plural } from './format';
import type { UnixNano } from './nano';

/** What keeps the server from its work, or from a part of it. */
export interface ServerHealth {
  readonly now: UnixNano;
  /** Nothing is taken in: the disk is full, or fails. */
  readonly readOnly: { readonly reason: string; readonly message: string; readonly since: UnixNano } | null;
  readonly memory: { readonly bytes: bigint; readonly maxBytes: bigint; readonly isFull: boolean };
  /** What stores could not read or do, of all signals. */
  readonly problems: readonly string[];
  /** The last attempt to pass something on failed. */
  readonly forwarding: { readonly target: string; readonly error: string; readonly since: UnixNano } | null;
}

/** A line across every screen: what is so, what that means, what to do. */
export interface HealthNotice {
  readonly key: string;
  readonly level: 'bad' | 'unsure';
  readonly strong: string;
  readonly rest: string;
}

/** A target that is away for less long than this has often come back by itself. */
const shortOutage = 60_000_000_000n;

/** What every screen says of the server's health, the worst first; nothing while all is well. */
export function healthNotices({ now, readOnly, memory, problems, forwarding }: ServerHealth): readonly HealthNotice[] {
  const notices: HealthNotice[] = [];
  if (readOnly !== null)
    notices.push({
      key: 'readOnly',
      level: 'bad',
      strong: readOnly.reason === 'disk_full' ? 'Read-only: the disk is full' : 'Read-only: the disk fails',
      rest: `${readOnly.message} Senders are told to try again; this began ${formatAgo(readOnly.since, now)}.`,
    });
  if (memory.isFull)
    notices.push({
      key: 'memory',
      level: 'bad',
      strong: 'Out of memory',
      rest: `The server takes ${formatBytes(Number(memory.bytes))} of the ${formatBytes(Number(memory.maxBytes))} that it may (--max-memory-bytes). Senders are told to try again; queries go on. Raise the limit, or send less.`,
    });
  const [first] = problems;
  if (first !== undefined)
    notices.push({ key: 'problems', level: 'unsure', strong: `${plural(problems.length, 'problem')} of the stores`, rest: `${first}${problems.length > 1 ? ' The others are listed in Settings.' : ''}` });
  if (forwarding !== null && now - forwarding.since > shortOutage)
    notices.push({ key: 'forwarding', level: 'unsure', strong: 'Forwarding fails', rest: `${forwarding.error.replace(/\.$/, '')}. This began ${formatAgo(forwarding.since, now)}; what is to go to ${forwarding.target} waits on disk.` });
  return notices;
}
