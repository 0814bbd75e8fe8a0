import { describe, expect, it } from 'vitest';
import { linearAxis } from '../src/model/axis';
import { foldedAxis } from '../src/model/foldedAxis';
import { firstLanes, formatLane, laneMetrics, lanesOf, strained, strainTime, strips, valueAt, type Lane, type LaneThresholds } from '../src/model/lanes';
import type { Metric, MetricSeries } from '../src/model/metric';
import { unixNano } from '../src/model/nano';

const start = unixNano(1_795_219_200_000_000_000n);
const second = 1e9;
const thresholds: LaneThresholds = { gpu: { saturated: 0.95, starved: 0.1 }, vram: { saturated: 0.95, starved: null }, cpu: { saturated: 0.9, starved: null }, queue: { saturated: 8, starved: null }, batch: { saturated: null, starved: 1 } };
const at = (seconds: number) => unixNano(start + BigInt(Math.round(seconds * second)));

const metric = (name: string, more: Partial<Metric> = {}): Metric => ({ service: 'svc', name, unit: '1', description: '', kind: 'gauge', monotonic: false, ...more });
const gauge = (name: string, points: readonly (readonly [number, number])[], more: Partial<MetricSeries> = {}): MetricSeries => ({
  ...metric(name), attributes: {}, resource: {}, points: points.map(([time, value]) => ({ time: at(time), since: null, value })), ...more,
});
const rate = (name: string, points: readonly (readonly [number, number, number])[], more: Partial<MetricSeries> = {}): MetricSeries => ({
  ...metric(name, { kind: 'sum', monotonic: true }), attributes: {}, resource: {}, points: points.map(([since, time, value]) => ({ time: at(time), since: at(since), value })), ...more,
});
const one = (series: readonly MetricSeries[], total = 20): Lane => {
  const lanes = lanesOf(series, start, total * second, thresholds);
  expect(lanes).toHaveLength(1);
  const [lane] = lanes;
  if (lane === undefined) throw new Error('no lane');
  return lane;
};

describe('what a value is a share of', () => {
  const cpu = (instance: string, points: readonly (readonly [number, number, number])[], cores: number): readonly MetricSeries[] => {
    const resource = { 'service.instance.id': instance };
    return [
      rate('process.cpu.time', points, { resource, attributes: { 'cpu.mode': 'user' } }),
      rate('process.cpu.time', points, { resource, attributes: { 'cpu.mode': 'system' } }),
      gauge('process.cpu.count', points.map(([, time]) => [time, cores]), { resource }),
    ];
  };
  it('is the cores of all instances together', () => expect(one([...cpu('a', [[0, 10, 1], [10, 20, 1]], 2), ...cpu('b', [[0, 10, 1], [10, 20, 1]], 2)]).held.map(({ value }) => value)).toEqual([1, 1]));
  it('adds the modes of a process up, and not its instances', () => {
    const used = (instance: string, mode: string, value: number) => gauge('process.cpu.utilization', [[0, value], [10, value]], { resource: { id: instance }, attributes: { 'cpu.mode': mode } });
    expect(one([used('a', 'user', 0.5), used('a', 'system', 0.25), used('b', 'user', 0.1)]).held[0]?.value).toBe(0.75);
  });
  it('is a percent by its unit or name, also while nothing is used', () => {
    expect(one([gauge('DCGM_FI_DEV_GPU_UTIL', [[0, 1], [10, 0]], { unit: '' })]).held[0]?.value).toBe(0.01);
    expect(one([gauge('hw.gpu.utilization', [[0, 1], [10, 1]])]).held[0]?.value).toBe(1);
    expect(one([gauge('gpu_utilization', [[0, 40], [10, 1]], { unit: '' })]).held.map(({ value }) => value)).toEqual([0.4, 0.01]);
  });
});

describe('thresholds', () => {
  it('are those that the server says, and none where it says none', () => {
    const series = [gauge('pipeline.queue.depth', [[0, 5], [10, 5]])];
    expect(lanesOf(series, start, 20 * second, { queue: { saturated: 4, starved: null } })[0]?.thresholds).toEqual({ saturated: 4, starved: null });
    expect(lanesOf(series, start, 20 * second, {})[0]?.thresholds).toEqual({ saturated: null, starved: null });
  });
});

describe('which metrics make lanes', () => {
  it.each([
    ['hw.gpu.utilization', 'auto'], ['hw.gpu.memory.limit', 'auto'], ['dotnet.process.cpu.time', 'auto'], ['dotnet.process.cpu.count', 'auto'], ['process.cpu.utilization', 'auto'],
    ['pipeline.queue.depth', 'auto'], ['detector.queue.depth', 'auto'], ['pipeline.batch.fill', 'auto'], ['llm.tokens_per_second', 'avg'],
  ] as const)('%s', (name, aggregation) => {
    const wanted = laneMetrics([metric(name)]);
    expect(wanted[aggregation]).toEqual([name]);
    expect(wanted[aggregation === 'auto' ? 'avg' : 'auto']).toEqual([]);
  });
  it.each(['dotnet.thread_pool.queue.length', 'kestrel.queue.length', 'http.server.request.duration', 'pipeline.batch.size', 'pipeline.uploads'])('not %s', (name) => expect(laneMetrics([metric(name)])).toEqual({ auto: [], avg: [] }));
});

describe('when a value held', () => {
  it('is from its point to the next one, of a gauge', () => {
    const lane = one([gauge('a.queue.depth', [[0, 3], [5, 4], [10, 9]])]);
    expect(lane.held).toEqual([{ from: 0, to: 5 * second, value: 3 }, { from: 5 * second, to: 10 * second, value: 4 }, { from: 10 * second, to: 15 * second, value: 9 }]);
    expect([valueAt(lane, -1), valueAt(lane, 0), valueAt(lane, 9.9 * second), valueAt(lane, 16 * second)]).toEqual([null, 3, 4, null]);
    expect(lane.every).toBe(5 * second);
  });
  it('is nobody knows after a silence', () => expect(one([gauge('a.queue.depth', [[0, 3], [1, 4], [2, 4], [10, 9]])]).held.map(({ to }) => to / second)).toEqual([1, 2, 3, 11]));
  it('is since the point before, of a rate', () => {
    const lane = one([rate('dotnet.process.cpu.time', [[-2, 3, 0.5], [3, 8, 1.5]])]);
    expect(lane.held).toEqual([{ from: -2 * second, to: 3 * second, value: 0.5 }, { from: 3 * second, to: 8 * second, value: 1.5 }]);
    expect(lane.unit).toBe('cores');
  });
  it('leaves out what lies beside the trace', () => expect(lanesOf([gauge('a.queue.depth', [[-30, 3], [-20, 4], [30, 9]])], start, 5 * second, thresholds)).toEqual([]));
});

describe('series of one lane', () => {
  it('add up where they are parts, known or not', () => {
    const user = rate('dotnet.process.cpu.time', [[0, 10, 1], [10, 20, 2]], { attributes: { 'cpu.mode': 'user' } });
    const system = rate('dotnet.process.cpu.time', [[5, 15, 0.5]], { attributes: { 'cpu.mode': 'system' } });
    expect(one([user, system]).held.map(({ from, to, value }) => [from / second, to / second, value])).toEqual([[0, 5, 1], [5, 10, 1.5], [10, 15, 2.5], [15, 20, 2]]);
  });
  it('are a share of the limit that goes with them', () => {
    const lane = one([rate('dotnet.process.cpu.time', [[0, 10, 3]]), gauge('dotnet.process.cpu.count', [[0, 4]])]);
    expect([lane.unit, lane.held[0]?.value, lane.top, lane.thresholds.saturated]).toEqual(['share', 0.75, 1, 0.9]);
  });
  it('are lanes of their own by queue and by GPU', () => {
    const lanes = lanesOf(
      [
        gauge('pipeline.queue.depth', [[0, 1]], { attributes: { 'queue.name': 'detect' } }), gauge('pipeline.queue.depth', [[0, 2]], { attributes: { 'queue.name': 'analyze' } }),
        gauge('detector.queue.depth', [[0, 5]], { service: 'yolo' }), gauge('hw.gpu.utilization', [[0, 0.5]], { service: 'yolo', attributes: { 'hw.id': 'G1' } }),
      ],
      start,
      5 * second,
      thresholds,
    );
    expect(lanes.map(({ key, label }) => [key, label])).toEqual([['gpu yolo G1', 'GPU'], ['queue svc analyze', 'Queue analyze'], ['queue svc detect', 'Queue detect'], ['queue yolo detector', 'Queue detector']]);
  });
  it('are one lane where a service says its CPU in two ways', () => expect(one([rate('dotnet.process.cpu.time', [[0, 10, 3]]), gauge('process.cpu.utilization', [[0, 0.4]])]).unit).toBe('cores'));
  it('read per cent as shares', () => expect(one([gauge('DCGM_FI_DEV_GPU_UTIL', [[0, 97]])]).held[0]?.value).toBe(0.97));
});

describe('strain', () => {
  const gpu = one([gauge('hw.gpu.utilization', [[0, 0.02], [5, 0.5], [10, 0.96], [15, 1]])]);
  it('is marked in stretches', () => {
    const drawn = strips(gpu, linearAxis(0, 20 * second, 200));
    expect(strained(gpu, drawn)).toEqual([{ x0: 0, x1: 50, strain: 'starved' }, { x0: 100, x1: 200, strain: 'saturated' }]);
    expect([strainTime(gpu, 'starved', 20 * second), strainTime(gpu, 'saturated', 18 * second)]).toEqual([5 * second, 8 * second]);
  });
  it('lies where the folded axis puts it', () => {
    const axis = foldedAxis({ folds: [{ from: 2 * second, to: 18 * second }], total: 20 * second, width: 400 });
    const drawn = strips(gpu, axis);
    expect(drawn[0]?.x0).toBe(0);
    expect(drawn.at(-1)?.x1).toBe(400);
    drawn.slice(1).forEach((strip, index) => expect(strip.x0).toBeCloseTo(drawn[index]?.x1 ?? -1));
    expect(drawn[1]?.x0).toBeCloseTo(axis.x(5 * second));
  });
  it('keeps the largest of what shares a pixel', () => {
    const dense = one([gauge('a.queue.depth', Array.from({ length: 2000 }, (_, i) => [i / 100, i === 777 ? 50 : 1] as const))]);
    const drawn = strips(dense, linearAxis(0, 20 * second, 100));
    expect(drawn.length).toBeLessThanOrEqual(110);
    expect(Math.max(...drawn.map(({ value }) => value))).toBe(50);
  });
  it('comes first where there are more lanes than room', () => {
    const calm = Array.from({ length: 6 }, (_, i) => gauge('q.queue.depth', [[0, 1]], { attributes: { 'queue.name': `q${i}` } }));
    const lanes = lanesOf([...calm, gauge('q.queue.depth', [[0, 99]], { attributes: { 'queue.name': 'z' } })], start, 5 * second, thresholds);
    expect(firstLanes(lanes, 5 * second).map(({ label }) => label)).toEqual(['Queue z', 'Queue q0', 'Queue q1', 'Queue q2', 'Queue q3']);
  });
  it('is none where there is no limit to know', () => expect(one([rate('dotnet.process.cpu.time', [[0, 10, 30]])]).thresholds).toEqual({ saturated: null, starved: null }));
});

it.each([
  ['share', 0.874, '87\u2009%'], ['cores', 1.5, '1.50 cores'], ['items', 12, '12'], ['rate', 48.26, '48.3/s'], ['bytes', 3.2e9, null],
] as const)('%s %d', (unit, value, text) => (text === null ? expect(formatLane(unit, value)).toMatch(/B$/) : expect(formatLane(unit, value)).toBe(text)));
