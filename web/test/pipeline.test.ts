import { describe, expect, it } from 'vitest';
import type { FacetValue } from '../src/model/facets';
import { draw, layout, serviceMap } from '../src/model/map';
import { excess, logAxis, onLogAxis, stagesOf, stepOf, waitsByName, waitsOf, type Call, type RedOperation } from '../src/model/pipeline';
import { closeCause, deviceOf, errorKinds, formatRange, formatShare, verdict, type Facts } from '../src/model/pipelineStory';
import { unixNano } from '../src/model/nano';
import { readPipeline, tracesAddress, writePipeline } from '../src/routes/pipeline/url';

const ms = 1e6;
const operation = (service: string, name: string, kind: string, p50: number, p95 = p50, change: Partial<RedOperation> = {}): RedOperation => ({ service, name, kind, spans: 100, errors: 0, p50: p50 * ms, p95: p95 * ms, p99: p95 * ms, total: p50 * ms * 100, ...change });
const call = (parent: string, child: string, calls = 10, errors = 0): Call => ({ parent, child, calls, errors, p50: ms, p95: ms });
const reference = [
  operation('hsi-backend', 'Process Detection', 'server', 20, 40),
  operation('hsi-backend', 'detect_objects', 'client', 150, 400, { errors: 2 }),
  operation('hsi-yolo26', 'detect_objects', 'server', 140, 190),
  operation('hsi-yolo26', 'inference', 'internal', 120, 180),
  operation('hsi-backend', 'batch_wait', 'internal', 30_000, 60_000),
  operation('hsi-backend', 'analyze_batch', 'client', 900, 1900),
  operation('hsi-backend', 'await_analysis', 'internal', 900, 1900),
  operation('hsi-backend', 'save_event', 'internal', 8, 18),
];

describe('stages', () => {
  it('are those of the reference pipeline, as the caller sees them, each with its typical range', () => {
    const { kind, stages } = stagesOf(reference, []);
    expect(kind).toBe('reference');
    expect(stages.map((stage) => [stage.name, stage.operation.kind, stage.service])).toEqual([
      ['Image upload', 'server', 'hsi-backend'],
      ['Object detection', 'client', 'hsi-yolo26'],
      ['Batch wait', 'internal', 'hsi-backend'],
      ['LLM analysis', 'client', 'hsi-backend'],
      ['Database save', 'internal', 'hsi-backend'],
    ]);
    expect(stages.map((stage) => stage.typical)).toEqual([{ low: 10 * ms, high: 50 * ms }, { low: 100 * ms, high: 200 * ms }, { low: 0, high: 90_000 * ms }, { low: 500 * ms, high: 2000 * ms }, { low: 5 * ms, high: 20 * ms }]);
  });
  it('share the time of all stages, what members wait for the analysis counted to it', () => {
    const { stages } = stagesOf(reference, []);
    expect(stages.reduce((sum, stage) => sum + (stage.share ?? 0), 0)).toBeCloseTo(1);
    expect(stages[3]?.share).toBeCloseTo(1800 / (20 + 150 + 30_000 + 1800 + 8));
  });
  it('of another pipeline are its operations with the most time, compared with the time before', () => {
    const operations = [operation('shop', 'GET /', 'server', 10, 90), operation('shop', 'query', 'client', 50, 60), ...Array.from({ length: 9 }, (_, i) => operation('shop', `small ${i}`, 'internal', 1))];
    const { kind, stages } = stagesOf(operations, [operation('shop', 'GET /', 'server', 10, 30)]);
    expect(kind).toBe('derived');
    expect(stages).toHaveLength(8);
    expect(stages.slice(0, 2).map((stage) => [stage.name, stage.share, stage.typical])).toEqual([['query', null, null], ['GET /', null, { low: 10 * ms, high: 30 * ms }]]);
    expect(stages.map(excess).slice(0, 2)).toEqual([null, 3]);
  });
  it('are not taken from one name that another pipeline happens to have', () => expect(stagesOf([operation('x', 'save_event', 'internal', 5), operation('x', 'work', 'server', 9)], []).kind).toBe('derived'));
  it('are none without operations', () => expect(stagesOf([], []).stages).toEqual([]));
  it('are waits by what they are called, not by what the word is within', () =>
    expect(['GET /waiter', 'dequeue', 'awaited', 'queue_wait', 'gpu-queue', 'retry.backoff'].map(waitsByName)).toEqual([false, false, true, true, true, true]));
  it('leave the waits that are no stage to be listed', () => {
    const operations = [...reference, operation('hsi-yolo26', 'queue_wait', 'internal', 500), operation('hsi-backend', 'retry_backoff', 'internal', 2000)];
    expect(waitsOf(operations, stagesOf(operations, [])).map((wait) => wait.name)).toEqual(['retry_backoff', 'await_analysis', 'queue_wait']);
  });
});

describe('the verdict', () => {
  const say = (operations: readonly RedOperation[], images: readonly FacetValue[] = [], facts: Partial<Facts> = {}) => verdict(stagesOf(operations, []), operations, images, { device: 'GPU', queues: [], failures: [], ...facts });
  it('names the stage with the most of the time, and the one furthest out of its range', () => {
    const said = say(reference, [{ value: 'window', traces: 50 }, { value: 'idle', traces: 141 }, { value: 'shutdown', traces: 15 }]);
    expect(`${said.strong}${said.rest}`).toBe('The batch window holds each image for 30.0\u2009s at the median, 94 % of the time in all stages.');
    expect(said.worry).toBe(' Object detection, p95 400\u2009ms, is 2.0× its typical range. It fails in 2.0 %.');
    expect(said.stage?.name).toBe('Object detection');
    expect(said.cause).toContain('batches of 141 of 206 images close idle');
    expect(said.cause).toContain('Object detection: 80 % of it is inference of hsi-yolo26. Likely cause: GPU saturation. Remedy: Check GPU utilization.');
  });
  it('says how much of a stage its largest part is, and how often it is called, where the figures say so', () => {
    const cause = (total: number) => say([...reference.map((one) => (one.name === 'save_event' ? { ...one, p95: 596 * ms, total: 1000 * ms } : one)), operation('hsi-backend', 'db_query', 'client', 0.2, 12, { spans: 400, total: total * ms })]).cause;
    expect(cause(990)).toContain('Database save: 99 % of it is db_query of hsi-backend, 4 calls each time. Likely cause: Database performance.');
    expect(cause(1200)).toContain('Database save: of its parts, db_query of hsi-backend has the most time. Likely');
  });
  it('blames the device that the model says it runs on', () => {
    expect([deviceOf([]), deviceOf([{ value: 'cpu', traces: 3 }]), deviceOf([{ value: 'cuda:0', traces: 3 }, { value: 'cpu', traces: 1 }])]).toEqual(['GPU', 'CPU', 'GPU']);
    expect(say(reference, [], { device: 'CPU' }).cause).toContain('Object detection: 80 % of it is inference of hsi-yolo26. Likely cause: CPU saturation. Remedy: Check CPU utilization.');
    expect(errorKinds([{ value: 'timeout', traces: 1 }, { value: 'out_of_memory', traces: 1 }], 2, 'CPU').kinds.map((kind) => kind.pattern?.hint)).toEqual([
      'CPU overloaded. Check CPU utilization; send fewer images at once.',
      'Model or batch too large for the memory. Take a smaller model, or fewer images a batch.',
    ]);
  });
  it('names the queue between the stages where that takes more time than any of them', () => {
    const loaded = [...reference, operation('hsi-backend', 'queue_wait', 'internal', 40_000), operation('hsi-yolo26', 'queue_wait', 'internal', 90_000)];
    const said = say(loaded, [{ value: 'idle', traces: 9 }], { queues: [{ value: 'analysis', traces: 2 }, { value: 'detection', traces: 60 }] });
    expect(`${said.strong}${said.rest}`).toBe('Images wait in a queue of hsi-backend for 40.0\u2009s at the median, and in all longer than any stage takes.');
    expect(said.cause).toContain('Likely cause: work comes faster than it is taken up; 60 traces for detection, 2 traces for analysis.');
    expect(said.cause).toContain(' Object detection: ');
    const short = say([...reference, operation('hsi-backend', 'queue_wait', 'internal', 29_000)]);
    expect(short.strong).toContain('The batch window holds each image');
  });
  it('says why a stage fails rather than why it may be long, where most of its calls fail', () => {
    const down = [operation('hsi-backend', 'Process Detection', 'server', 1), operation('hsi-backend', 'detect_objects', 'client', 150, 400, { errors: 100 }), operation('hsi-backend', 'queue_wait', 'internal', 2)];
    const { cause } = say(down, [], { failures: [{ value: 'circuit_open', traces: 112 }, { value: 'connection_refused', traces: 16 }] });
    expect(cause).toBe('What fails says connection_refused. Service down. Check that the called service runs and listens.');
    const full = reference.map((one) => (one.name === 'Process Detection' ? { ...one, errors: 3 } : { ...one, p95: one.p50, errors: 0 }));
    expect(say(full, [], { failures: [{ value: 'overloaded', traces: 3 }] }).cause).toContain('Image upload: what fails says overloaded. More comes than the queues take.');
    // The service that is called says nothing, and the queue before the call is no part of it.
    expect(say(down).cause).toBe('Likely cause: GPU saturation. Remedy: Check GPU utilization.');
  });
  it('does not call a stage in its range that is faster', () => {
    const quick = reference.map((one) => (one.name === 'detect_objects' ? { ...one, p95: 60 * ms, errors: 0 } : one));
    expect(say(quick).worry).toBe(' No stage is slower than its typical range.');
  });
  it('says that all is in range where it is', () => {
    const calm = reference.map((one) => (one.name === 'detect_objects' ? { ...one, p95: 190 * ms, errors: 0 } : one));
    expect(say(calm)).toMatchObject({ worry: ' All stages are in their typical ranges.', stage: null });
  });
  it('does not guess why batches close when nothing says so', () => expect([closeCause([]), closeCause([{ value: 'idle', traces: 0 }])]).toEqual(['', '']));
  it('has words for a reason that it does not know', () => expect(closeCause([{ value: 'moved', traces: 3 }])).toBe('Likely cause: batches of 3 of 3 images close for the reason moved.'));
  it('says nothing of nothing', () => expect(say([]).strong).toBe(''));
});

describe('kinds of errors', () => {
  it('are the commonest of all types, known or not, and the rest is counted', () => {
    const values = ['circuit_open', 'A.B', 'constructor', 'timeout', 'e', 'f', 'g', 'h', 'i'].map((value, i) => ({ value, traces: i === 3 ? 99 : 50 - i }));
    const { kinds, more } = errorKinds(values, 12);
    expect(kinds.map((kind) => [kind.type, kind.pattern !== null])).toEqual([['timeout', true], ['circuit_open', true], ['A.B', false], ['constructor', false], ['e', false], ['f', false], ['g', false], ['h', false]]);
    expect(kinds[0]).toMatchObject({ traces: 99, text: 'error.type="timeout" error=true', pattern: { hint: 'GPU overloaded. Check GPU utilization; send fewer images at once.' } });
    expect(more).toBe(4);
    expect(errorKinds([], 0)).toEqual({ kinds: [], more: 0 });
  });
});

describe('the axis', () => {
  it('has powers of ten around all values', () => {
    const axis = logAxis([0.4 * ms, 25_000 * ms]);
    expect(axis.from).toBe(1e5);
    expect(axis.to).toBeGreaterThanOrEqual(25_000 * ms);
    expect(onLogAxis(axis.from, axis)).toBe(0);
    expect(onLogAxis(axis.to, axis)).toBeCloseTo(1);
    expect(onLogAxis(0, axis)).toBe(0);
  });
  it('stands without any value', () => expect(logAxis([]).ticks).toEqual([1e6, 1e7, 1e8, 1e9]));
  it('has round steps, about forty to a range', () => {
    expect(stepOf(3600n * 1_000_000_000n)).toBe(120n * 1_000_000_000n);
    expect(stepOf(0n)).toBe(1_000_000_000n);
    for (const days of [40n, 400n, 4000n]) expect((days * 86_400_000_000_000n) / stepOf(days * 86_400_000_000_000n)).toBeLessThanOrEqual(48n);
  });
});

describe('figures in words', () => {
  it('are short', () => {
    expect(formatRange({ low: 10 * ms, high: 50 * ms })).toBe('10 – 50\u2009ms');
    expect(formatRange({ low: 0, high: 90_000 * ms })).toBe('0 – 90\u2009s');
    expect(formatRange({ low: 500 * ms, high: 2000 * ms })).toBe('500\u2009ms – 2\u2009s');
    expect([0.94, 0.052, 0.0001].map(formatShare)).toEqual(['94 %', '5.2 %', '< 0.1 %']);
  });
});

describe('the service map', () => {
  const map = (calls: readonly Call[]) => serviceMap([], calls);
  it('has every service behind those that call it', () => {
    const places = new Map(layout(map([call('a', 'b'), call('b', 'c'), call('a', 'c')])).map((one) => [one.service, one.layer]));
    expect([...places].sort()).toEqual([['a', 0], ['b', 1], ['c', 2]]);
  });
  it('stands cycles and calls of oneself', () => {
    const placed = layout(map([call('a', 'b'), call('b', 'a'), call('c', 'c')]));
    expect(placed.map((one) => one.service).sort()).toEqual(['a', 'b', 'c']);
  });
  it('stands a chain of many thousand services', () => {
    const calls = Array.from({ length: 3000 }, (_, i) => call(`s${i}`, `s${i + 1}`));
    expect(Math.max(...layout(map(calls)).map((one) => one.layer))).toBe(3000);
  });
  it('puts services near those that call them', () => {
    const placed = layout(map([call('a', 'x'), call('b', 'y'), call('root', 'a'), call('root', 'b')]));
    const row = (service: string) => placed.find((one) => one.service === service)?.row;
    expect([row('a')! < row('b')!, row('x')! < row('y')!]).toEqual([true, true]);
  });
  it.each([380, 620, 1400])('lays no box over another and none outside, %d px wide', (width) => {
    const { boxes, width: wide, height } = draw(layout(map([call('a', 'b'), call('a', 'c'), call('c', 'd'), call('e', 'd')])), width, 300);
    for (const box of boxes) {
      expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= wide && box.y + box.height <= height).toBe(true);
      for (const other of boxes) if (other !== box) expect(box.x + box.width <= other.x || other.x + other.width <= box.x || box.y + box.height <= other.y || other.y + other.height <= box.y).toBe(true);
    }
  });
  it('takes entries for the rate of a service, all its spans only where it has none', () => {
    const { nodes } = serviceMap([operation('a', 'in', 'server', 5, 5, { errors: 1 }), operation('a', 'work', 'internal', 3), operation('b', 'task', 'internal', 2)], []);
    expect(nodes.map((node) => [node.service, node.spans, node.errors, node.entry?.name])).toEqual([['a', 100, 1, 'in'], ['b', 100, 0, 'task']]);
    expect(nodes.map((node) => node.counts)).toEqual(['requests', 'spans']);
  });
  it('counts the requests of a service that is called by untraced ones most of all', () => {
    const operations = [operation('back', 'root', 'server', 5, 5, { spans: 55, errors: 1 }), operation('back', 'GET', 'server', 2, 2, { spans: 2 }), operation('front', 'load', 'client', 9)];
    const of = (calls: number) => serviceMap(operations, [call('front', 'back', calls)]).nodes.map((node) => [node.service, node.counts, node.spans])[0];
    expect([of(2), of(28)]).toEqual([['back', 'requests', 57], ['back', 'calls', 28]]);
  });
  it('counts the calls into a service, not the server spans that lie within each other', () => {
    const operations = [operation('back', 'root', 'server', 5), operation('llm', 'analyze', 'server', 9, 9, { spans: 160, errors: 7 }), operation('llm', 'POST', 'server', 8, 8, { spans: 153 })];
    const { nodes } = serviceMap(operations, [call('back', 'llm', 160, 7), call('llm', 'llm', 153)]);
    expect(nodes.map((node) => [node.service, node.counts, node.spans, node.errors, node.entry?.name])).toEqual([['back', 'requests', 100, 0, 'root'], ['llm', 'calls', 160, 7, 'analyze']]);
  });
});

describe('addresses', () => {
  it('hold the state, without what is so by default', () => {
    for (const address of ['/pipeline', '/pipeline?range=15m&live=1', '/pipeline?range=all&map=table', '/pipeline?from=1&to=2']) expect(writePipeline(readPipeline(address.split('?')[1] ?? ''))).toBe(address);
    expect(readPipeline('range=nonsense&map=x&from=9&to=2')).toEqual({ range: { kind: 'last', preset: '1h' }, live: false, map: 'picture' });
  });
  it('of traces have the span in quotes, so that any name is one', () => {
    const address = tracesAddress({ kind: 'between', from: unixNano(1n), to: unixNano(2n) }, { service: 'a', name: 'say "hi" \\', kind: 'server', atLeast: 1500, failed: true });
    expect(Object.fromEntries(new URLSearchParams(address.split('?')[1]))).toEqual({ q: 'name="say \\"hi\\" \\\\" kind=server span.duration>=1us error=true', service: 'a', from: '1', to: '2', order: 'duration' });
  });
});
