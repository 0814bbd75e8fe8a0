import { describe, expect, it } from 'vitest';
import { eventCounts, eventPage } from '../src/api/eventsWire';
import { batchFlow } from '../src/model/batchFlow';
import { eventColumns, eventOf, pictureEnds, riskLevels, shareOf, stepsTime, tracesOf, type SecurityEvent } from '../src/model/events';
import { unixNano } from '../src/model/nano';
import { batchAddress, readEvents, writeEvents, type EventsState } from '../src/routes/events/url';
import { randomFrom } from './support/random';

const wire = {
  id: 12, batchId: 'b1', cameraId: 'front_door', cameraName: 'Front door', startedAt: '2026-11-22T12:00:00.1234567+00:00', endedAt: '2026-11-22T12:00:03+00:00', closeReason: 'window',
  riskScore: null, riskLevel: 'odd', summary: 's', reasoning: 'r', model: 'm', fallback: true, fallbackReason: null, traceId: 'a'.repeat(32),
  images: [{ imageId: 'i', receivedAt: '2026-11-22T12:00:00Z', sha256: 'x', detections: 'person', traceId: 'b'.repeat(32) }, { imageId: 'j', receivedAt: '2026-11-22T12:00:01Z', sha256: 'y', detections: '', traceId: '' }],
};
const read = (): SecurityEvent => {
  const [event] = eventPage.parse({ events: [wire], next: 11 }).events;
  if (event === undefined) throw new Error('there is one');
  return event;
};

describe('an event', () => {
  it('is read with every digit of its times; what is not known of it is said', () => {
    const event = read();
    expect([event.started, event.ended - event.started]).toEqual([1_795_348_800_123_456_700n, 2_876_543_300n]);
    expect([event.riskLevel, event.fallback]).toEqual(['unknown', 'no reason is given']);
    expect(tracesOf(event)).toEqual(['a'.repeat(32), 'b'.repeat(32)]);
  });
  it('is refused when a time is none', () => expect(eventPage.safeParse({ events: [{ ...wire, startedAt: 'soon' }], next: null }).success).toBe(false));
  it('is found by the trace of its analysis before those of its images', () => {
    const [one, other] = [read(), { ...read(), id: 13, traceId: 'b'.repeat(32) }];
    expect([eventOf([one, other], 'b'.repeat(32))?.id, eventOf([one], 'b'.repeat(32))?.id, eventOf([one, other], 'c'.repeat(32))]).toEqual([13, 12, undefined]);
  });
});

describe('the picture of events', () => {
  it('lasts as long as its range, and from the first to the last event where that is open', () => {
    const times = [5n, 9n, 7n].map((time) => unixNano(time));
    const now = unixNano(50n);
    expect(pictureEnds(times, null, unixNano(8n), now)).toEqual({ from: 5n, to: 9n });
    expect(pictureEnds(times, unixNano(1n), unixNano(20n), now)).toEqual({ from: 1n, to: 20n });
    expect(pictureEnds(times, unixNano(1n), null, now)).toEqual({ from: 1n, to: 50n });
    expect(pictureEnds(times, null, null, now)).toEqual({ from: 5n, to: 9n });
    expect(pictureEnds([], null, null, now)).toEqual({ from: 50n, to: 50n });
  });
  it('holds everything', () => expect([shareOf(unixNano(5n), unixNano(5n), unixNano(5n)), shareOf(unixNano(9n), unixNano(5n), unixNano(7n)), shareOf(unixNano(6n), unixNano(5n), unixNano(7n))]).toEqual([0, 1, 0.5]));
});

describe('the counts of events', () => {
  const read = (more: object = {}) => eventCounts.parse({ from: '2026-11-22T12:00:00+00:00', to: '2026-11-22T12:00:07+00:00', total: 9, levels: { high: [0, 2, 1], low: [0, 0, 3], odd: [1, 0, 0], unknown: [1, 0, 1] }, cameras: [{ id: 'f', name: 'Front', events: 9 }], ...more });
  it('are read by level; one that is not known counts as not judged', () => expect(Object.fromEntries(read().levels)).toEqual({ high: [0, 2, 1], low: [0, 0, 3], unknown: [2, 0, 1] }));
  it('are drawn in lanes of one scale, the worst first', () => {
    const columns = eventColumns(read());
    expect([columns?.most, columns?.steps, columns?.lanes.map(({ level, total }) => [level, total])]).toEqual([3, 3, [['critical', 0], ['high', 3], ['medium', 0], ['low', 3], ['unknown', 3]]]);
  });
  it('are nothing to draw where there is none', () => {
    expect(eventColumns(read({ levels: {} }))).toBeNull();
    expect(eventColumns(read({ from: null, to: null, levels: {} }))).toBeNull();
  });
  it('cut the time into steps that meet and cover it', () => {
    const columns = eventColumns(read());
    if (columns === null) throw new Error('there are some');
    const steps = [0, 1, 2].map((step) => stepsTime(columns, step, step));
    expect([steps[0]?.from, steps[2]?.to]).toEqual([columns.from, columns.to]);
    expect([steps[0]?.to, steps[1]?.to]).toEqual([steps[1]?.from, steps[2]?.from]);
    expect(stepsTime(columns, 2, 1)).toEqual({ from: steps[1]?.from, to: columns.to });
  });
});

describe('the flow of a batch', () => {
  const image = (id: string, seconds: number, trace: string) => ({ imageId: id, received: unixNano(BigInt(seconds) * 1_000_000_000n), detections: '', traceId: trace });
  const event = (images: SecurityEvent['images'], closeReason = 'window'): SecurityEvent => ({ ...read(), started: unixNano(10_000_000_000n), ended: unixNano(14_000_000_000n), closeReason, traceId: 'a', images });
  it('is in the order of arrival, says who waited how long, and whose trace carries the analysis', () => {
    const flow = batchFlow(event([image('late', 13, 'b'), image('first', 10, 'a'), image('beyond', 15, '')]));
    expect(flow.members.map(({ image: { imageId }, waited, at, carries }) => [imageId, waited, at, carries])).toEqual([['first', 4e9, 0, true], ['late', 1e9, 0.75, false], ['beyond', 0, 1, false]]);
    expect(flow.sentence).toMatch(/^3 images of 2 traces were judged together\. The first waited 4\.00\u2009s; the batch was closed because its window was over\.$/);
  });
  it('of one image, and of none, is told', () => {
    expect(batchFlow(event([image('one', 12, 'a')], 'odd')).sentence).toMatch(/^One image .* waited 2\.00\u2009s; its batch was closed because odd\.$/);
    expect(batchFlow(event([image('one', 12, 'a')], 'constructor')).sentence).toMatch(/was closed because constructor\.$/);
    expect(batchFlow(event([])).sentence).toBe('The backend names no image of it.');
  });
});

describe('the address of the events', () => {
  it('says all that is shown', () => {
    const random = randomFrom(4);
    for (let i = 0; i < 300; i++) {
      const between = random.below(2) === 0;
      const state: EventsState = {
        range: between ? { kind: 'between', from: unixNano(BigInt(random.below(1000))), to: unixNano(BigInt(1000 + random.below(1000))) } : random.below(2) === 0 ? { kind: 'all' } : { kind: 'last', preset: ['15m', '1h', '3d'][random.below(3)] ?? '1h' },
        risk: [null, ...riskLevels][random.below(6)] ?? null, camera: ['', 'front door & co'][random.below(2)] ?? '', event: random.below(2) === 0 ? null : random.below(1e6), live: !between && random.below(2) === 0,
      };
      expect(readEvents(writeEvents(state).replace(/^\/events\??/, ''))).toEqual(state);
    }
  });
  it.each(['risk=awful', 'event=x', 'from=9&to=2', 'range=soon'])('with nonsense (%s) is the default', (search) => expect(readEvents(search)).toEqual({ range: { kind: 'last', preset: '1h' }, risk: null, camera: '', event: null, live: false }));
  it('leads to the traces of a batch', () => expect(new URLSearchParams(batchAddress('b"1').split('?')[1]).get('q')).toBe('batch.id="b\\"1"'));
});
