import { formatAgo, formatBytes, formatCount, plural } from './format';
import type { UnixNano } from './nano';
import type { ServerStatus } from './server';

/** One option that the server can be started with, and what holds. */
export interface Setting {
  readonly option: string;
  readonly description: string;
  /** Null where it is not set, and has no default. */
  readonly value: string | null;
  readonly isDefault: boolean;
}

export interface BlockLevel {
  readonly level: number;
  readonly blocks: number;
  readonly spans: bigint;
  readonly bytes: bigint;
}

/** What lies in the store of logs, of metrics or of profiles. */
export interface SignalStatus {
  readonly name: string;
  readonly items: bigint;
  readonly headItems: bigint;
  readonly blocks: number;
  readonly blockBytes: bigint;
  readonly logBytes: bigint;
  readonly earliest: UnixNano | null;
  readonly latest: UnixNano | null;
  readonly retention: { readonly droppedBlocks: bigint; readonly droppedItems: bigint; readonly droppedBytes: bigint };
  readonly problems: readonly string[];
}

/** How passing on to another endpoint stands. */
export interface Forwarding {
  readonly target: string;
  readonly protocol: string;
  readonly share: number;
  /** Items that the target took, by signal: those that are passed on. */
  readonly sent: Readonly<Record<string, bigint>>;
  readonly sentRequests: bigint;
  readonly sentBytes: bigint;
  readonly lastSent: UnixNano | null;
  readonly queuedItems: bigint;
  readonly queuedBytes: bigint;
  readonly maxQueuedBytes: bigint;
  readonly oldest: UnixNano | null;
  readonly retries: bigint;
  readonly lastError: string | null;
  readonly failingSince: UnixNano | null;
  readonly nextAttempt: UnixNano | null;
  readonly lost: readonly { readonly reason: string; readonly items: bigint; readonly lastMessage: string; readonly last: UnixNano }[];
}

/** All that the server says of itself. */
export interface WholeStatus extends ServerStatus {
  readonly redacted: bigint;
  readonly headSpans: bigint;
  readonly blocks: number;
  readonly blockBytes: bigint;
  readonly logBytes: bigint;
  readonly levels: readonly BlockLevel[];
  readonly compaction: { readonly idle: boolean; readonly backlogBlocks: number; readonly backlogSpans: bigint; readonly merges: bigint; readonly mergedSpans: bigint };
  readonly retention: { readonly hiddenBefore: UnixNano; readonly pinnedTraces: number; readonly droppedBlocks: bigint; readonly droppedTraces: bigint; readonly droppedBytes: bigint };
  readonly signals: readonly SignalStatus[];
  /** Null while nothing is passed on. */
  readonly forwarding: Forwarding | null;
}

/** What is wrong with any store, the traces' first. */
export const allProblems = (status: WholeStatus): readonly string[] => [...status.problems, ...status.signals.flatMap((signal) => signal.problems)];

/** Bytes of an item in blocks; null while there are none. */
export function signalBytesEach({ items, headItems, blockBytes }: SignalStatus): number | null {
  return items === headItems ? null : Number(blockBytes) / Number(items - headItems);
}

/** Bytes of a stored span in blocks, which is where it stays; null while there are none. */
export function bytesASpan(status: WholeStatus): number | null {
  const spans = status.levels.reduce((sum, level) => sum + level.spans, 0n);
  return spans === 0n ? null : Number((status.blockBytes * 10n) / spans) / 10;
}

/** Spans a second between two looks at the same server; null when they can't be compared. */
export function ingestRate(before: WholeStatus, now: WholeStatus): number | null {
  const nanos = Number(now.now - before.now);
  return before.started !== now.started || nanos <= 0 || now.spans < before.spans ? null : (Number(now.spans - before.spans) / nanos) * 1e9;
}

/** Spans a second since the server's start. */
export const meanRate = (status: WholeStatus): number => {
  const nanos = Number(status.now - status.started);
  return nanos <= 0 ? 0 : (Number(status.spans) / nanos) * 1e9;
};

export const formatRate = (aSecond: number): string => (aSecond === 0 ? '0/s' : aSecond >= 100 ? `${formatCount(Math.round(aSecond))}/s` : aSecond >= 10 ? `${aSecond.toFixed(1)}/s` : aSecond >= 0.01 ? `${aSecond.toFixed(2)}/s` : '< 0.01/s');

const refusals: Readonly<Record<string, readonly [name: string, counts: 'request' | 'span' | 'item', remedy: string]>> = {
  malformed: ['Not an export request', 'request', 'The body could not be read as OTLP: check what the sender, or a proxy on the way, sends.'],
  invalid_ids: ['Invalid ids', 'span', 'A trace or span id was all zero or of the wrong length: a defect of the sender.'],
  invalid_items: ['Invalid items', 'item', 'A log record or a point of a metric lacked what it needs, as the message says: a defect of the sender.'],
  too_many_series: ['Too many series', 'item', 'Some attribute of a metric has ever new values: send fewer attributes, or raise --metrics-max-series.'],
  too_large: ['Too large', 'request', 'Let senders send smaller batches, or raise --max-body-bytes and --max-expanded-body-bytes.'],
  unsupported_type: ['Unsupported type', 'request', 'Send application/x-protobuf or application/json.'],
  unsupported_encoding: ['Unsupported compression', 'request', 'Send gzip, deflate, or no compression.'],
  unsupported_signal: ['Unsupported signal', 'request', 'There is no store for it in this version: switch it off at the sender.'],
  overloaded: ['Overloaded', 'request', 'Senders were asked to try again. Raise --max-requests or --max-in-flight-bytes if it goes on.'],
  unavailable: ['Store not available', 'request', 'Senders were asked to try again: the server was starting, stopping, or its disk refused.'],
  too_slow: ['Too slow', 'request', 'The body took longer than --body-timeout-seconds to arrive: check the network.'],
  forbidden: ['Not allowed', 'request', 'The host, the origin or the token was not right: see --allow-host, --otlp-cors-origin, --token.'],
};

/** A reason of refusal in words: its name, what is counted, and what to do. */
export function refusalInWords(reason: string): { readonly name: string; readonly counts: 'request' | 'span' | 'item'; readonly remedy: string } {
  const [name, counts, remedy] = refusals[reason] ?? [reason.replaceAll('_', ' '), 'request' as const, ''];
  return { name, counts, remedy };
}

const losses: Readonly<Record<string, readonly [name: string, remedy: string]>> = {
  queue_full: ['Queue full', 'The target was away for longer than the queue holds: raise --forward-queue-bytes.'],
  refused: ['Refused by the target', 'The target will never take these; its message says why.'],
  too_large: ['Too large for the target', 'Raise the target’s limit of a request.'],
  rejected_in_part: ['Rejected in part', 'The target took the requests, but not all that they held; its message says why.'],
  not_written: ['Not written', 'The queue’s disk did not take them.'],
  unreadable: ['Unreadable', 'They were in the queue and cannot be read: see the disk.'],
};

/** Why something was not passed on, in words: its name, and what to do. */
export function lossInWords(reason: string): { readonly name: string; readonly remedy: string } {
  const [name, remedy] = losses[reason] ?? [reason.replaceAll('_', ' '), ''];
  return { name, remedy };
}

/** What forwarding does just now, in a word or two, and how well that is. */
export function forwardingState({ lastError, queuedItems, lastSent }: Forwarding): { readonly level: 'good' | 'bad' | 'idle'; readonly words: string } {
  if (lastError !== null) return { level: 'bad', words: 'The last attempt failed' };
  if (queuedItems > 0n) return { level: 'good', words: 'Sending' };
  return lastSent === null ? { level: 'idle', words: 'Nothing has been sent yet' } : { level: 'good', words: 'All has been sent' };
}

/** What the screen says first. */
export function statusSentence(status: WholeStatus): { readonly strong: string; readonly rest: string; readonly worry: string } {
  const bytes = formatBytes(Number(status.blockBytes + status.logBytes));
  const strong = status.storedSpans === 0n ? 'Nothing is stored yet.' : `${plural(status.storedSpans, 'span')} of ${plural(status.storedTraces, 'trace')} take ${bytes}.`;
  const rest = status.lastReceived === null ? ` Nothing has been received since the start, ${formatAgo(status.started, status.now)}.` : ` The last came ${formatAgo(status.lastReceived, status.now)}.`;
  const turnedAway = status.refused.reduce((sum, refusal) => sum + refusal.count, 0n);
  const problems = allProblems(status);
  const worries = [problems.length > 0 ? `${plural(problems.length, 'problem')} of the store` : '', turnedAway > 0n ? `${formatCount(turnedAway)} refused since the start` : ''].filter((worry) => worry !== '');
  return { strong, rest, worry: worries.length === 0 ? '' : ` ${worries.join(', ')}.` };
}

/** Who sends: the services with spans in the last hour by the server's clock; where there are none, who was the last (`last`: those of the minute up to the newest span). */
export function sendersLine(recent: readonly string[], last: readonly string[], latest: UnixNano, now: UnixNano): { readonly level: 'good' | 'unsure'; readonly title: string; readonly detail: string } {
  if (recent.length === 0) return { level: 'unsure', title: 'No service has sent in the last hour', detail: last.length === 0 ? `The newest span started ${formatAgo(latest, now)}.` : `Last seen ${formatAgo(latest, now)}: ${last.join(', ')}.` };
  const title = `${plural(recent.length, 'service')} with spans in the last hour`;
  return recent.length > 1 ? { level: 'good', title, detail: recent.join(', ') } : { level: 'unsure', title, detail: `${recent.join('')}. If others should be there, check that they are instrumented and pass trace context on.` };
}

const groups: readonly (readonly [title: string, options: RegExp])[] = [
  ['Retention', /^--(retention|max-pinned|(logs|metrics|profiles)-retention)/],
  ['Storage', /^--(data|head-|log-|block|compact|duplicate|(logs|metrics|profiles)-(head|log|cache)-)/],
  ['Queries', /^--(query|trace-max)/],
  ['Receiving', /^--(max|header-timeout|body-timeout|no-redact|otlp-cors|metrics-max)/],
  ['Forwarding', /^--forward/],
  ['Lanes below a trace', /^--lane-/],
  ['Addresses and access', /^--(http|otlp|token|insecure|allow-host|grafana|jaeger)/],
];

/** The options by what they are about, in the order of the screen; what fits nowhere comes last. */
export function grouped(settings: readonly Setting[]): readonly { readonly title: string; readonly settings: readonly Setting[] }[] {
  const titleOf = (setting: Setting): string => groups.find(([, options]) => options.test(setting.option))?.[0] ?? 'Others';
  return [...groups.map(([title]) => title), 'Others'].map((title) => ({ title, settings: settings.filter((setting) => titleOf(setting) === title) })).filter((group) => group.settings.length > 0);
}

const isBytes = /-bytes$/;
/** A value as it reads best: bytes and counts with their unit, yes and no for switches. */
export function settingText({ option, value }: Setting): string {
  if (value === null) return 'not set';
  if (value === 'true') return 'on';
  if (value === 'false') return 'off';
  if (!/^\d+$/.test(value)) return value === '' ? 'none' : value;
  if (isBytes.test(option)) return value === '0' && option.endsWith('retention-bytes') ? 'no limit' : formatBytes(Number(value));
  if (value === '0' && option === '--retention-traces') return 'no limit';
  if (option.endsWith('-seconds')) return `${formatCount(BigInt(value))} s`;
  return formatCount(BigInt(value));
}
