/** Rate, errors and durations of one operation; durations are nanoseconds. */
export interface RedOperation {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly spans: number;
  readonly errors: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** The sum of all durations. */
  readonly total: number;
}

export interface RedOperations {
  readonly operations: readonly RedOperation[];
  readonly truncated: string | null;
  /** Whether sampled spans were counted for what they stand for. */
  readonly estimated?: boolean | undefined;
}

export interface OperationSteps {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly spans: readonly number[];
  readonly errors: readonly number[];
  readonly p50: readonly number[];
  readonly p95: readonly number[];
}

export interface OperationSeries {
  readonly first: bigint;
  readonly step: number;
  readonly steps: number;
  readonly operations: readonly OperationSteps[];
  readonly truncated: string | null;
  /** Whether sampled spans were counted for what they stand for. */
  readonly estimated?: boolean | undefined;
}

export interface Call {
  readonly parent: string;
  readonly child: string;
  readonly calls: number;
  readonly errors: number;
  readonly p50: number;
  readonly p95: number;
}

export interface Calls {
  readonly edges: readonly Call[];
  readonly truncated: string | null;
  /** Whether sampled spans were counted for what they stand for. */
  readonly estimated?: boolean | undefined;
}

const ms = 1e6;

/** A stage of the reference pipeline: which operation it is, and what is typical. The ranges are the latency table of its description. */
export interface StageRule {
  readonly name: string;
  /** Span name and kind, the first that has spans counts. */
  readonly operations: readonly (readonly [name: string, kind: string])[];
  /** Operations whose time counts to the stage as well, for its share: what others wait for it. */
  readonly also: readonly string[];
  readonly waits: boolean;
  readonly low: number;
  readonly high: number;
}

export const referenceStages: readonly StageRule[] = [
  { name: 'Image upload', operations: [['Process Detection', 'server']], also: [], waits: false, low: 10 * ms, high: 50 * ms },
  { name: 'Object detection', operations: [['detect_objects', 'client'], ['detect_objects', 'server']], also: [], waits: false, low: 100 * ms, high: 200 * ms },
  { name: 'Batch wait', operations: [['batch_wait', 'internal']], also: [], waits: true, low: 0, high: 90_000 * ms },
  { name: 'LLM analysis', operations: [['analyze_batch', 'client'], ['analyze_batch', 'server']], also: ['await_analysis'], waits: false, low: 500 * ms, high: 2000 * ms },
  { name: 'Database save', operations: [['save_event', 'internal']], also: [], waits: false, low: 5 * ms, high: 20 * ms },
];

/** A stage with what was measured in the time range. */
export interface Stage {
  readonly name: string;
  readonly waits: boolean;
  /** Who does the work: of a call, the service that is called. */
  readonly service: string;
  readonly operation: RedOperation;
  /** What is usual: of the description, or of the time range before; null when there is nothing to compare with. */
  readonly typical: { readonly low: number; readonly high: number } | null;
  /** All of its time in nanoseconds, what others wait for it included. */
  readonly total: number;
  /** Part of the time of all stages, 0 to 1; null where stages lie within each other, so that parts would not add up. */
  readonly share: number | null;
}

export interface Stages {
  /** Of the reference pipeline, or the operations in which most of the time is. */
  readonly kind: 'reference' | 'derived';
  readonly stages: readonly Stage[];
}

/** Operations that a derived view shows. */
const mostDerived = 8;

const byName = /(^|[_\s.-])(wait|await|queue|backoff|delay)/i;
/** Whether an operation is a wait, by what it is called. */
export const waitsByName = (name: string): boolean => byName.test(name);

const busiest = (operations: readonly RedOperation[], name: string, kind: string): RedOperation | undefined =>
  operations.filter((operation) => operation.name === name && operation.kind === kind).toSorted((a, b) => b.spans - a.spans)[0];

function referenceOf(operations: readonly RedOperation[]): readonly Stage[] {
  const found = referenceStages.flatMap((rule) => {
    const operation = rule.operations.map(([name, kind]) => busiest(operations, name, kind)).find((candidate) => candidate !== undefined);
    if (operation === undefined) return [];
    const server = operation.kind === 'client' ? busiest(operations, operation.name, 'server') : undefined;
    const total = operations.filter((other) => rule.also.includes(other.name)).reduce((sum, other) => sum + other.total, operation.total);
    return [{ rule, operation, total, service: server?.service ?? operation.service }];
  });
  const all = found.reduce((sum, { total }) => sum + total, 0);
  return found.map(({ rule, operation, total, service }) => ({ name: rule.name, waits: rule.waits, service, operation, typical: { low: rule.low, high: rule.high }, total, share: all === 0 ? null : total / all }));
}

/**
 * The stages that the operations make: those of the reference pipeline where at least two of its own operations are there (a root called `Process Detection` alone is not
 * enough), else the operations with the most time in them. `before` are the operations of the time range before, which a derived stage is compared with.
 */
export function stagesOf(operations: readonly RedOperation[], before: readonly RedOperation[]): Stages {
  const reference = referenceOf(operations);
  if (reference.length >= 2) return { kind: 'reference', stages: reference };
  const derived = operations.toSorted((a, b) => b.total - a.total).slice(0, mostDerived);
  return {
    kind: 'derived',
    stages: derived.map((operation) => {
      const earlier = before.find((other) => other.service === operation.service && other.name === operation.name && other.kind === operation.kind);
      return { name: operation.name, waits: waitsByName(operation.name), service: operation.service, operation, typical: earlier === undefined ? null : { low: earlier.p50, high: earlier.p95 }, total: operation.total, share: null };
    }),
  };
}

/** How far a stage's p95 is from what is usual: above 1 is slower than that; null when nothing is usual or it is in its range. */
export const excess = (stage: Stage): number | null => (stage.typical === null || stage.typical.high <= 0 || stage.operation.p95 <= stage.typical.high * 1.016 ? null : stage.operation.p95 / stage.typical.high);

/** Whether even the slow calls of a reference stage are shorter than what is typical. */
export const isFaster = (stage: Stage): boolean => stage.typical !== null && stage.operation.p95 < stage.typical.low;

export const errorRate = ({ spans, errors }: { readonly spans: number; readonly errors: number }): number => (spans === 0 ? 0 : errors / spans);

/** Operations that wait, those with the most time first, but for those that are a stage already. */
export function waitsOf(operations: readonly RedOperation[], stages: Stages): readonly RedOperation[] {
  const shown = new Set(stages.stages.map((stage) => stage.operation));
  return operations.filter((operation) => waitsByName(operation.name) && !shown.has(operation)).toSorted((a, b) => b.total - a.total);
}

/**
 * The queue of the reference pipeline that lies between its stages, for whatever it is waited in there, where that takes more time than any stage; else null. Queues of the services that
 * are called lie within stages.
 */
export function queueBetween(operations: readonly RedOperation[], { kind, stages }: Stages): RedOperation | null {
  if (kind !== 'reference') return null;
  const callers = new Set(stages.filter((stage) => stage.operation.kind === 'client').map((stage) => stage.operation.service));
  const longest = operations.filter((operation) => operation.name === 'queue_wait' && callers.has(operation.service)).toSorted((a, b) => b.total - a.total)[0];
  return longest !== undefined && stages.every((stage) => stage.total < longest.total) ? longest : null;
}

/** Where a duration lies on a logarithmic axis, 0 to 1; shorter than the axis is its start. */
export const onLogAxis = (nanos: number, axis: LogAxis): number => Math.min(1, Math.max(0, Math.log(Math.max(nanos, axis.from) / axis.from) / Math.log(axis.to / axis.from)));

export interface LogAxis {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
}

/** Whole powers of ten around all values, at least from 1 ms to 1 s. */
export function logAxis(values: readonly number[]): LogAxis {
  const positive = values.filter((value) => value > 0);
  const from = 10 ** Math.floor(Math.log10(Math.max(1e3, Math.min(ms, ...positive))) + 1e-9);
  const least = Math.max(1e9, ...positive);
  const whole = 10 ** Math.ceil(Math.log10(least) - 1e-9);
  // Half a decade less where that is enough: what is measured takes the room.
  const to = whole / 3 >= least ? whole / 3 : whole;
  const ticks: number[] = [];
  for (let tick = from; tick <= to * 1.001; tick *= 10) ticks.push(tick);
  return { from, to, ticks };
}

const stepChoices = [1n, 2n, 5n, 10n, 15n, 30n, 60n, 120n, 300n, 600n, 900n, 1800n, 3600n, 7200n, 21600n, 43200n, 86400n].map((seconds) => seconds * 1_000_000_000n);
/** A round step so that a range has about forty. */
export const stepOf = (nanos: bigint): bigint => stepChoices.find((step) => nanos / step <= 48n) ?? (nanos / 40n / 86_400_000_000_000n + 1n) * 86_400_000_000_000n;
