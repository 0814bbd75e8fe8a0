import type { FacetValue } from './facets';
import { quoted } from './filterTerm';
import { formatDuration, plural } from './format';
import { errorRate, excess, isFaster, queueBetween, type RedOperation, type Stage, type Stages } from './pipeline';

export interface Verdict {
  /** What holds the most. */
  readonly strong: string;
  readonly rest: string;
  /** What is out of its range, or fails. */
  readonly worry: string;
  /** Likely cause and remedy of what the first sentence names; empty when there is nothing to say. */
  readonly cause: string;
  /** The stage that is marked; null when none stands out. */
  readonly stage: Stage | null;
}

/** What models run on. */
export type Device = 'GPU' | 'CPU';

/** The spans that say on what device the detector runs, and in which attribute. */
export const [deviceText, deviceKey] = ['name="detect_objects"', 'ai.inference.device'];
/** A GPU, as is usual, unless all that is said is that it is the processor. */
export const deviceOf = (values: readonly FacetValue[]): Device => (values.length > 0 && values.every(({ value }) => /^cpu\b/i.test(value)) ? 'CPU' : 'GPU');

/** What is known beside the figures; each is counted in traces. */
export interface Facts {
  readonly device: Device;
  /** What was queued for, between the stages: `queue.name`. */
  readonly queues: readonly FacetValue[];
  /** The types of errors of the stage that fails most. */
  readonly failures: readonly FacetValue[];
}

/** The table of long spans: which, why, and what helps. */
export const longSpans = (device: Device): readonly (readonly [operation: string, cause: string, remedy: string])[] => [
  ['llm_inference', 'LLM processing', 'Normal for complex analyses; fewer images a batch make shorter prompts'],
  ['detect_objects', `${device} saturation`, `Check ${device} utilization`],
  ['db_query', 'Database performance', 'Add indexes, optimize queries'],
  ['http_request', 'Network latency', 'Check connectivity'],
];

interface ErrorPattern {
  /** The spans that it is typical of; empty when it may be of any. */
  readonly where: string;
  /** Likely cause and remedy. */
  readonly hint: string;
}

/** The table of errors: what is known of a type. */
const errorPatterns = (device: Device): Readonly<Record<string, ErrorPattern>> => ({
  timeout: { where: 'yolo26 spans', hint: `${device} overloaded. Check ${device} utilization; send fewer images at once.` },
  connection_refused: { where: 'backend spans', hint: 'Service down. Check that the called service runs and listens.' },
  out_of_memory: { where: 'nemotron spans', hint: `${device === 'GPU' ? 'Model too large for GPU' : 'Model or batch too large for the memory'}. Take a smaller model, or fewer images a batch.` },
  validation_error: { where: 'API spans', hint: 'Invalid request data. Check what the camera or the caller sends.' },
  circuit_open: { where: '', hint: 'The breaker is open after repeated failures; look at what failed before.' },
  overloaded: { where: '', hint: 'More comes than the queues take. Send fewer images at once; a sender that tries again loses none.' },
  client_closed_request: { where: '', hint: 'The caller went away before it was answered; look at why it did.' },
});

const patternOf = (type: string, device: Device): ErrorPattern | null => {
  const patterns = errorPatterns(device);
  return Object.hasOwn(patterns, type) ? (patterns[type] ?? null) : null;
};

/** What the failed spans of a time range have as their type of error. */
export const failedText = 'error=true';
const mostErrorKinds = 8;

export interface ErrorKind {
  readonly type: string;
  readonly traces: number;
  /** Null for a type of which nothing is known. */
  readonly pattern: ErrorPattern | null;
  /** Finds the traces that have one. */
  readonly text: string;
}

/** The commonest types of errors, those of which something is known or not, and how many more there are. */
export function errorKinds(values: readonly FacetValue[], distinct: number, device: Device = 'GPU'): { readonly kinds: readonly ErrorKind[]; readonly more: number } {
  const kinds = values.toSorted((a, b) => b.traces - a.traces).slice(0, mostErrorKinds).map(({ value, traces }) => ({ type: value, traces, pattern: patternOf(value, device), text: `error.type=${quoted(value)} ${failedText}` }));
  return { kinds, more: Math.max(0, distinct - kinds.length) };
}

/** Finds the batches whose reason of closing counts. */
export const batchText = 'name="batch_wait"';
const closeWords: Readonly<Record<string, readonly [cause: string, remedy: string]>> = {
  idle: ['close idle, some time after their last image', 'a shorter idle time'],
  window: ['stay open to the end of their window', 'a shorter window'],
  full: ['close when they are full', 'larger batches, if the model has room for them'],
  fast_path: ['take the fast path', 'none: they do not wait'],
  shutdown: ['close because the service stops', 'fewer restarts'],
};

/** Why batches close: `images` are images by the reason of their batch, whatever reasons there are. */
export function closeCause(images: readonly FacetValue[]): string {
  const all = images.reduce((sum, { traces }) => sum + traces, 0);
  const best = images.toSorted((a, b) => b.traces - a.traces)[0];
  if (best === undefined || best.traces === 0) return '';
  const [cause, remedy] = (Object.hasOwn(closeWords, best.value) ? closeWords[best.value] : undefined) ?? [`close for the reason ${best.value}`, ''];
  return `Likely cause: batches of ${best.traces} of ${all} images ${cause}.${remedy === '' ? '' : ` Remedy: ${remedy}.`}`;
}

const trimmed = (nanos: number): string => formatDuration(nanos).replace(/\.0+(?=\D)|(?<=\.\d*[1-9])0+(?=\D)/, '');
/** A range of durations as short as it goes: `10 – 50 ms`, `0 – 90 s`, `500 ms – 2 s`. */
export function formatRange({ low, high }: { readonly low: number; readonly high: number }): string {
  const [from, to] = [trimmed(low), trimmed(high)];
  const unit = /[^\d.]+$/.exec(to)?.[0] ?? '';
  return from === to ? to : `${unit !== '' && from.endsWith(unit) && !/\d/.test(unit) ? from.slice(0, -unit.length) : from} – ${to}`;
}

const percent = (part: number): string => (part >= 0.1 ? `${Math.round(part * 100)} %` : part >= 0.001 ? `${(part * 100).toFixed(1)} %` : '< 0.1 %');
export { percent as formatShare };

const times = (factor: number): string => `${factor >= 9.95 ? Math.round(factor) : factor.toFixed(1)}×`;
export { times as formatTimes };

/** Which operation within a stage has the most time; the stages' own operations are no part of one. */
const within: Readonly<Record<string, readonly string[]>> = {
  'Image upload': ['receive_image'],
  'Object detection': ['queue_wait', 'preprocess', 'inference', 'postprocess'],
  'LLM analysis': ['queue_wait', 'build_prompt', 'llm_inference', 'parse_response'],
  'Database save': ['db_query'],
};

/** Of a call there is no part where the service that was called says nothing: what waits at its caller is none. */
const partOf = (stage: Stage, operations: readonly RedOperation[]): RedOperation | undefined =>
  stage.operation.kind === 'client' && stage.service === stage.operation.service ? undefined : operations.filter((operation) => (within[stage.name] ?? []).includes(operation.name) && operation.service === stage.service).toSorted((a, b) => b.total - a.total)[0];

/** How much of a stage its largest part is, by the time in both: quantiles over all calls of the part would not compare with those of the stage. */
function partInWords({ operation }: Stage, part: RedOperation): string {
  const named = `${part.name} of ${part.service}`;
  // More time than the stage has: it is called from elsewhere, too, or several at once.
  if (operation.total <= 0 || part.total > operation.total) return `Of its parts, ${named} has the most time. `;
  const calls = operation.spans === 0 ? 0 : part.spans / operation.spans;
  return `${percent(part.total / operation.total)} of it is ${named}${calls >= 1.5 ? `, ${calls.toFixed(1).replace('.0', '')} calls each time` : ''}. `;
}

/** Why calls of a stage fail. What is said of calls that were not even tried is no reason where others were. */
function failureCause(failures: readonly FacetValue[], device: Device): string {
  const all = failures.toSorted((a, b) => b.traces - a.traces);
  const [first] = all.filter(({ value }) => value !== 'circuit_open').concat(all);
  return first === undefined ? '' : `What fails says ${first.value}. ${patternOf(first.value, device)?.hint ?? ''}`.trim();
}

/** Why the queue between the stages is long. */
function queueCause(queues: readonly FacetValue[]): string {
  const parts = queues.toSorted((a, b) => b.traces - a.traces).map(({ value, traces }) => `${plural(traces, 'trace')} for ${value}`);
  return `Likely cause: work comes faster than it is taken up${parts.length > 0 ? `; ${parts.join(', ')}` : ''}. Remedy: fewer images, or more at once where what does the work has room.`;
}

function causeOf(stage: Stage, operations: readonly RedOperation[], images: readonly FacetValue[], { device, failures }: Facts): string {
  if (stage.name === 'Batch wait') return closeCause(images);
  // How long it takes is no question where most of its calls fail, or where it is in its range and only fails.
  const rate = errorRate(stage.operation);
  if (failures.length > 0 && (rate >= 0.5 || (rate >= 0.01 && excess(stage) === null))) return failureCause(failures, device);
  const part = partOf(stage, operations);
  const found = part !== undefined && part.name !== stage.operation.name ? partInWords(stage, part) : '';
  const long = longSpans(device);
  const hint = long.find(([name]) => name === stage.operation.name) ?? long.find(([name]) => name === part?.name);
  return hint === undefined ? found.trim() : `${found}Likely cause: ${hint[1]}. Remedy: ${hint[2]}.`;
}

/** The stage that fails most, of those that fail in more than one of a hundred. */
export const failingStage = (stages: Stages): Stage | undefined => stages.stages.filter((stage) => errorRate(stage.operation) >= 0.01).toSorted((a, b) => errorRate(b.operation) - errorRate(a.operation))[0];

/** Names the bottleneck: the queue between the stages where that takes the most time, else the stage with the most of the time, and the one that is furthest out of its range. `images` are images by why their batch closed. */
export function verdict(stages: Stages, operations: readonly RedOperation[], images: readonly FacetValue[], facts: Facts = { device: 'GPU', queues: [], failures: [] }): Verdict {
  const [first] = stages.stages;
  if (first === undefined) return { strong: '', rest: '', worry: '', cause: '', stage: null };
  const slowest = stages.stages.filter((stage) => excess(stage) !== null).toSorted((a, b) => (excess(b) ?? 0) - (excess(a) ?? 0))[0];
  const failing = failingStage(stages);
  const queue = queueBetween(operations, stages);
  const largest = stages.kind === 'reference' ? stages.stages.toSorted((a, b) => (b.share ?? 0) - (a.share ?? 0))[0] ?? first : first;
  const share = largest.share;
  const strong =
    queue !== null
      ? `Images wait in a queue of ${queue.service} for ${formatDuration(queue.p50)}`
      : stages.kind === 'derived'
        ? `${largest.operation.name} of ${largest.operation.service} has the most time`
        : largest.waits
          ? `The batch window holds each image for ${formatDuration(largest.operation.p50)}`
          : `${largest.name} takes ${formatDuration(largest.operation.p50)}`;
  const rest = queue !== null ? ' at the median, and in all longer than any stage takes.' : `${stages.kind === 'derived' ? `, ${formatDuration(largest.operation.p50)}` : ''} at the median${share === null ? '' : `, ${percent(share)} of the time in all stages`}.`;
  const worries: string[] = [];
  const reference = stages.kind === 'reference' ? 'its typical range' : 'the time before';
  if (slowest !== undefined) worries.push(`${slowest.name}, p95 ${formatDuration(slowest.operation.p95)}, is ${times(excess(slowest) ?? 1)} ${reference}.`);
  if (failing !== undefined) worries.push(`${failing === slowest ? 'It' : failing.name} fails in ${percent(errorRate(failing.operation))}.`);
  const named = slowest ?? failing ?? null;
  const causes = [queue !== null ? queueCause(facts.queues) : causeOf(largest, operations, images, facts)];
  if (named !== null && (named !== largest || queue !== null)) {
    const other = causeOf(named, operations, images, facts);
    if (other !== '') causes.push(`${named.name}: ${other.charAt(0).toLowerCase()}${other.slice(1)}`);
  }
  return { strong, rest, worry: worries.length > 0 ? ` ${worries.join(' ')}` : stages.stages.every((stage) => stage.typical !== null) ? stages.kind === 'reference' && stages.stages.some(isFaster) ? ' No stage is slower than its typical range.' : ` All stages are in ${stages.kind === 'reference' ? 'their typical ranges' : 'the ranges of the time before'}.` : '', cause: causes.filter((cause) => cause !== '').join(' '), stage: named };
}
