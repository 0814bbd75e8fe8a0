import type { TimeAxis } from './axis';
import { formatBytes } from './format';
import type { Metric, MetricSeries } from './metric';
import type { UnixNano } from './nano';

/*
 * Resource lanes: what the services of a trace had at hand while it ran. `laneMetrics` picks the metrics that tell of that, `lanesOf` makes lanes of
 * their series, `strips` says where a lane lies on an axis. Times are nanoseconds since the trace's start.
 */

export type LaneKind = 'gpu' | 'vram' | 'cpu' | 'queue' | 'batch' | 'tokens';

/** A value that held for a while. */
export interface Held {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** When there is too much to do, and when too little. */
export interface Thresholds {
  readonly saturated: number | null;
  readonly starved: number | null;
}

/** By kind of lane; a kind that is not there has none. */
export type LaneThresholds = Readonly<Record<string, Thresholds>>;

export interface Lane {
  /** In the address: `gpu hsi-yolo26 GPU-0`. */
  readonly key: string;
  readonly kind: LaneKind;
  readonly service: string;
  /** `GPU`, `queue detect`. */
  readonly label: string;
  readonly unit: 'share' | 'bytes' | 'cores' | 'items' | 'rate';
  /** In order, without overlaps; gaps where nobody knows. */
  readonly held: readonly Held[];
  readonly thresholds: Thresholds;
  /** The value at the upper edge. */
  readonly top: number;
  /** Nanoseconds between two samples, the median. */
  readonly every: number;
}

/** Metrics that a lane is made of; `limit` is what their value is a share of. */
interface Rule {
  readonly kind: LaneKind;
  readonly metric: RegExp;
  readonly limit: RegExp | null;
  /** The attribute that tells lanes of one service apart; null joins all. */
  readonly by: string | null;
  /** How series of one lane are joined at a moment: those of one instance, then those of all. */
  readonly within: 'sum' | 'max';
  readonly join: 'sum' | 'max';
  readonly aggregation: 'auto' | 'avg';
  /** Without a limit. */
  readonly unit: Lane['unit'];
}

/* In the order in which lanes are shown. Names are OpenTelemetry's where it has them, and those of common exporters. */
const rules: readonly Rule[] = [
  { kind: 'gpu', metric: /^(hw\.gpu\.utilization|gpu[._]utilization|DCGM_FI_DEV_GPU_UTIL|nvidia_smi_utilization_gpu_ratio)$/, limit: null, by: 'hw.id', within: 'max', join: 'max', aggregation: 'auto', unit: 'share' },
  { kind: 'vram', metric: /^(hw\.gpu\.memory\.usage|gpu[._]memory[._]used?)$/, limit: /^(hw\.gpu\.memory\.limit|gpu[._]memory[._]total)$/, by: 'hw.id', within: 'max', join: 'max', aggregation: 'auto', unit: 'bytes' },
  { kind: 'cpu', metric: /^(dotnet\.process\.cpu\.time|process\.cpu\.time)$/, limit: /^(dotnet\.process\.cpu\.count|process\.cpu\.count)$/, by: null, within: 'sum', join: 'sum', aggregation: 'auto', unit: 'cores' },
  { kind: 'cpu', metric: /^(process\.cpu\.utilization|jvm\.cpu\.recent_utilization)$/, limit: null, by: null, within: 'sum', join: 'max', aggregation: 'auto', unit: 'share' },
  { kind: 'queue', metric: /^(?!dotnet\.|kestrel\.).*queue[._](depth|length|size)$/, limit: null, by: 'queue.name', within: 'sum', join: 'sum', aggregation: 'auto', unit: 'items' },
  { kind: 'batch', metric: /(^|\.)batch[._]fill$/, limit: null, by: null, within: 'max', join: 'max', aggregation: 'auto', unit: 'items' },
  { kind: 'tokens', metric: /(^|\.)tokens_per_second$/, limit: null, by: null, within: 'max', join: 'max', aggregation: 'avg', unit: 'rate' },
];

const labels: Readonly<Record<LaneKind, string>> = { gpu: 'GPU', vram: 'VRAM', cpu: 'CPU', queue: 'Queue', batch: 'Batch fill', tokens: 'Tokens/s' };

/** How many lanes are shown when nobody has chosen. */
const mostLanes = 5;

const ruleOf = (name: string): Rule | undefined => rules.find((rule) => rule.metric.test(name) || (rule.limit?.test(name) ?? false));

/** The names to ask for, by how their points become values. */
export function laneMetrics(metrics: readonly Metric[]): Readonly<Record<'auto' | 'avg', readonly string[]>> {
  const names = { auto: new Set<string>(), avg: new Set<string>() };
  for (const { name } of metrics) {
    const rule = ruleOf(name);
    if (rule !== undefined) names[rule.aggregation].add(name);
  }
  return { auto: [...names.auto].sort(), avg: [...names.avg].sort() };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

/** A point of one moment holds until the next, but no longer than a few of the usual intervals: then nobody knows. */
const mostIntervals = 2.5;
const standardInterval = 60e9;

/** The values of a series by when they held; its points are in the order of time. */
function heldOf({ points }: MetricSeries, start: UnixNano): readonly Held[] {
  const at = points.map((point) => Number(point.time - start));
  const usual = median(at.slice(1).map((time, index) => time - (at[index] ?? 0)).filter((gap) => gap > 0)) || standardInterval;
  return points.flatMap((point, index): readonly Held[] => {
    const time = at[index] ?? 0;
    if (point.since !== null) return point.since < point.time ? [{ from: Number(point.since - start), to: time, value: point.value }] : [];
    const next = at[index + 1] ?? time + usual;
    return next > time ? [{ from: time, to: next - time > mostIntervals * usual ? time + usual : next, value: point.value }] : [];
  });
}

/** Series of one lane as one: at each moment their sum or the largest, of those that are known then. */
function joined(series: readonly (readonly Held[])[], join: 'sum' | 'max'): readonly Held[] {
  const [only] = series;
  if (series.length === 1 && only !== undefined) return only;
  const bounds = [...new Set(series.flatMap((held) => held.flatMap(({ from, to }) => [from, to])))].sort((a, b) => a - b);
  const places = series.map(() => 0);
  const result: Held[] = [];
  for (let i = 0; i + 1 < bounds.length; i++) {
    const [from, to] = [bounds[i] ?? 0, bounds[i + 1] ?? 0];
    let value: number | null = null;
    series.forEach((held, index) => {
      while ((held[places[index] ?? 0]?.to ?? Infinity) <= from) places[index] = (places[index] ?? 0) + 1;
      const here = held[places[index] ?? 0];
      if (here === undefined || here.from > from) return;
      value = value === null ? here.value : join === 'sum' ? value + here.value : Math.max(value, here.value);
    });
    if (value !== null) result.push({ from, to, value });
  }
  return result;
}

/** `queue.name=detect` is what a queue is called; a queue without a name is called by its metric: `detector.queue.depth`. */
function placeOf(rule: Rule, series: MetricSeries): string {
  const told = rule.by === null ? undefined : series.attributes[rule.by];
  if (told !== undefined) return told;
  return rule.kind === 'queue' ? series.name.replace(/[._]?queue[._](depth|length|size)$/, '') : '';
}

/** Percents, not shares: by their unit, by their name, or where there is neither because no share is that large. */
function isPercent(kind: LaneKind, values: readonly MetricSeries[]): boolean {
  if (kind !== 'gpu' && kind !== 'cpu') return false;
  if (values.some(({ unit, name }) => unit === '%' || unit === 'percent' || name === 'DCGM_FI_DEV_GPU_UTIL')) return true;
  if (values.some(({ unit, name }) => unit === '1' || name.endsWith('_ratio'))) return false;
  return kind === 'gpu' && values.some(({ points }) => points.some(({ value }) => value > 1.5));
}

/** Series of one rule as one, those of each instance first: two modes of one process add up, two processes of a service need not. */
function joinedByInstance(series: readonly MetricSeries[], { within, join }: Rule, start: UnixNano): readonly Held[] {
  const instances = new Map<string, (readonly Held[])[]>();
  for (const one of series) {
    const key = JSON.stringify(Object.entries(one.resource).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = instances.get(key);
    if (known === undefined) instances.set(key, [heldOf(one, start)]);
    else known.push(heldOf(one, start));
  }
  return joined([...instances.values()].map((held) => joined(held, within)), join);
}

/** Values as shares of what there was at that time; where that is not known, of the nearest that is. */
function shares(held: readonly Held[], capacity: readonly Held[]): readonly Held[] {
  let place = 0;
  return held.flatMap((one): readonly Held[] => {
    while (place + 1 < capacity.length && (capacity[place]?.to ?? 0) <= one.from) place++;
    const there = capacity[place]?.value ?? 0;
    return there > 0 ? [{ ...one, value: one.value / there }] : [];
  });
}

/** The lanes that there are data for between the trace's start and end, in the order of their kinds. */
export function lanesOf(series: readonly MetricSeries[], start: UnixNano, total: number, thresholds: LaneThresholds): readonly Lane[] {
  const groups = new Map<string, { readonly rule: Rule; readonly place: string; readonly service: string; readonly values: MetricSeries[]; readonly limits: MetricSeries[] }>();
  for (const one of series) {
    const rule = ruleOf(one.name);
    if (rule === undefined) continue;
    const place = placeOf(rule, one);
    const key = [rules.indexOf(rule), one.service, place].join('\n');
    const group = groups.get(key) ?? { rule, place, service: one.service, values: [], limits: [] };
    groups.set(key, group);
    (rule.metric.test(one.name) ? group.values : group.limits).push(one);
  }
  const lanes: Lane[] = [];
  const order = [...groups.values()].sort((a, b) => rules.indexOf(a.rule) - rules.indexOf(b.rule) || a.service.localeCompare(b.service) || a.place.localeCompare(b.place));
  for (const { rule, place, service, values, limits } of order) {
    const capacity = joinedByInstance(limits, rule, start).filter(({ value }) => value > 0);
    const scale = isPercent(rule.kind, values) ? 100 : 1;
    const all = joinedByInstance(values, rule, start);
    const held = (capacity.length > 0 ? shares(all, capacity) : all.map((one) => ({ ...one, value: one.value / scale }))).filter(({ from, to }) => to > 0 && from < total);
    if (held.length === 0) continue;
    const unit = capacity.length > 0 ? 'share' : rule.unit;
    const key = [rule.kind, service, place].filter((part) => part !== '').join(' ');
    // A service that reports its CPU in two ways has one lane of it.
    if (lanes.some((lane) => lane.key === key)) continue;
    const limit = (unit === 'share' || rule.kind === 'queue' || rule.kind === 'batch' ? thresholds[rule.kind] : undefined) ?? { saturated: null, starved: null };
    const most = Math.max(...held.map(({ value }) => value));
    lanes.push({
      key,
      kind: rule.kind,
      service,
      label: [labels[rule.kind], rule.by === 'hw.id' && groupsOf(groups, rule, service) < 2 ? '' : place].filter((part) => part !== '').join(' '),
      unit,
      held,
      thresholds: limit,
      top: unit === 'share' ? Math.max(1, most) : Math.max(most, limit.saturated ?? 0, limit.starved ?? 0, 1) * 1.1,
      every: median(values.flatMap(({ points }) => points.slice(1).map((point, index) => Number(point.time - (points[index]?.time ?? point.time))))),
    });
  }
  return lanes;
}

const groupsOf = (groups: ReadonlyMap<string, { readonly rule: Rule; readonly service: string }>, rule: Rule, service: string): number => [...groups.values()].filter((group) => group.rule === rule && group.service === service).length;

/** The value at a time; null when nobody knows. */
export function valueAt(lane: Lane, time: number): number | null {
  return lane.held.find(({ from, to }) => time >= from && time < to)?.value ?? null;
}

export type Strain = 'saturated' | 'starved';

export function strainOf({ thresholds: { saturated, starved } }: Lane, value: number): Strain | null {
  if (saturated !== null && value >= saturated) return 'saturated';
  return starved !== null && value <= starved ? 'starved' : null;
}

/** A stretch of the axis in pixels, with what holds there: neighbours that fall on one pixel are the largest of them. */
export interface Strip {
  readonly x0: number;
  readonly x1: number;
  readonly value: number;
}

export function strips(lane: Lane, axis: TimeAxis): readonly Strip[] {
  const found: Strip[] = [];
  for (const { from, to, value } of lane.held) {
    if (to <= axis.from || from >= axis.to) continue;
    const [x0, x1] = [Math.max(0, axis.x(Math.max(from, axis.from))), Math.min(axis.width, axis.x(Math.min(to, axis.to)))];
    const last = found.at(-1);
    if (last !== undefined && x1 - last.x0 < 1) found[found.length - 1] = { x0: last.x0, x1, value: Math.max(last.value, value) };
    else if (x1 > x0) found.push({ x0, x1, value });
  }
  return found;
}

/** Where a lane is under strain, neighbours joined. */
export function strained(lane: Lane, drawn: readonly Strip[]): readonly (Omit<Strip, 'value'> & { readonly strain: Strain })[] {
  const found: { x0: number; x1: number; strain: Strain }[] = [];
  for (const { x0, x1, value } of drawn) {
    const strain = strainOf(lane, value);
    if (strain === null) continue;
    const last = found.at(-1);
    if (last !== undefined && last.strain === strain && x0 - last.x1 < 1) last.x1 = x1;
    else found.push({ x0, x1, strain });
  }
  return found;
}

/** The lanes that are shown when nobody has chosen: those under strain, then the others in their order. */
export function firstLanes(lanes: readonly Lane[], total: number): readonly Lane[] {
  const isStrained = (lane: Lane): boolean => strainTime(lane, 'saturated', total) > 0 || strainTime(lane, 'starved', total) > 0;
  return [...lanes.filter(isStrained), ...lanes.filter((lane) => !isStrained(lane))].slice(0, mostLanes);
}

/** Nanoseconds of the trace during which a lane was under a strain. */
export function strainTime(lane: Lane, strain: Strain, total: number): number {
  let sum = 0;
  for (const { from, to, value } of lane.held) if (strainOf(lane, value) === strain) sum += Math.max(0, Math.min(to, total) - Math.max(from, 0));
  return sum;
}

const short = (value: number): string => (value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** `87 %`, `3.2 GB`, `12`. */
export function formatLane(unit: Lane['unit'], value: number): string {
  if (unit === 'share') return `${Math.round(value * 100)}\u2009%`;
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'cores') return `${short(value)} cores`;
  return unit === 'rate' ? `${short(value)}/s` : short(value);
}

/** `saturated at 95 % and more`. */
export function thresholdText(lane: Lane, strain: Strain): string {
  const at = lane.thresholds[strain];
  return at === null ? '' : `${strain} at ${formatLane(lane.unit, at)} and ${strain === 'saturated' ? 'more' : 'less'}`;
}
