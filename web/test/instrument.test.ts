import { ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, ParentBasedSampler, SamplingDecision, SimpleSpanProcessor, WebTracerProvider, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-web';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Calls } from '../src/instrument/calls';
import { instant } from '../src/instrument/clock';
import { ExportQueue } from '../src/instrument/queue';
import { ShareSampler } from '../src/instrument/sampler';
import { Visits } from '../src/instrument/visits';
import { atMost, callOf, isAnswerTo, isTracedCall, templateOf } from '../src/model/pageCalls';
import { isKept, thresholdOf, thresholdText } from '../src/model/sampling';
import { randomFrom } from './support/random';

const hexOf = (random: ReturnType<typeof randomFrom>, length: number): string => Array.from({ length }, () => random.below(16).toString(16)).join('');

describe('a share of the traces', () => {
  it.each([[1, null], [0, null], [0.5, '8'], [0.25, 'c'], [0.1, 'e666'], [0.01, 'fd70a'], [0.001, 'ffbe77']])('of %s is told as %s', (share, text) => expect(thresholdText(thresholdOf(share))).toBe(text));
  it('keeps what a lower share keeps', () => {
    const random = randomFrom(7);
    for (let i = 0; i < 500; i++) {
      const id = hexOf(random, 32);
      const [low, high] = [random.below(1000) / 1000, random.below(1000) / 1000].toSorted((a, b) => a - b);
      if (isKept(id, thresholdOf(low ?? 0))) expect(isKept(id, thresholdOf(high ?? 0))).toBe(true);
    }
  });
  it('is about as large as it says, and all or nothing at its ends', () => {
    const random = randomFrom(8);
    const ids = Array.from({ length: 4000 }, () => hexOf(random, 32));
    for (const share of [0.1, 0.5, 0.9]) expect(Math.abs(ids.filter((id) => isKept(id, thresholdOf(share))).length / ids.length - share)).toBeLessThan(0.03);
    expect([ids.every((id) => isKept(id, thresholdOf(1))), ids.some((id) => isKept(id, thresholdOf(0)))]).toEqual([true, false]);
  });
  it('goes into the trace state of what is kept', () => {
    const sampler = new ShareSampler(0.5);
    expect(sampler.shouldSample(ROOT_CONTEXT, `${'0'.repeat(18)}80000000000000`)).toMatchObject({ decision: SamplingDecision.RECORD_AND_SAMPLED });
    expect(sampler.shouldSample(ROOT_CONTEXT, `${'0'.repeat(18)}80000000000000`).traceState?.serialize()).toBe('ot=th:8');
    expect(sampler.shouldSample(ROOT_CONTEXT, 'f'.repeat(18) + '7fffffffffffff')).toEqual({ decision: SamplingDecision.NOT_RECORD });
  });
});

describe('a call of the page', () => {
  it.each([
    ['/api/v1/search', '/api/v1/search'],
    [`/api/v1/traces/${'a1'.repeat(16)}/spans/${'b2'.repeat(8)}`, '/api/v1/traces/{traceId}/spans/{spanId}'],
    ['/events-api/12/images/front-1.jpg', '/events-api/{id}/images/{imageId}'],
    [`/trace/${'a1'.repeat(16)}`, '/trace/{traceId}'],
    ['/', '/'],
  ])('%s is called %s', (path, name) => expect(templateOf(path)).toBe(name));
  it('is one to the APIs of its own server', () => {
    const is = (address: string): boolean => isTracedCall(new URL(address, 'http://here:1/'), 'http://here:1');
    expect(['/api/v1/search?q=x', '/events-api', '/events-api/1'].map(is)).toEqual([true, true, true]);
    expect(['/otlp/v1/traces', '/assets/x.js', '/apiary', 'http://there/api/v1/search'].map(is)).toEqual([false, false, false, false]);
  });
  it('is found by the timing of the browser: the first that had begun', () => {
    const open = [{ url: 'u', start: 10 }, { url: 'v', start: 11 }, { url: 'u', start: 30 }];
    expect(callOf(open, { name: 'u', startTime: 10.2 })).toBe(open[0]);
    expect(callOf(open.slice(1), { name: 'u', startTime: 12 })).toBeUndefined();
    expect(callOf(open.slice(1), { name: 'u', startTime: 29.5 })).toBe(open[2]);
    expect(callOf(open, { name: 'w', startTime: 99 })).toBeUndefined();
  });
  it('is an answer to what the user did a moment before', () => expect([isAnswerTo(null, 5), isAnswerTo({ at: 0 }, 1000), isAnswerTo({ at: 0 }, 1001)]).toEqual([false, true, false]));
});

it('tells so many errors a minute and no more', () => {
  const may = atMost(2);
  expect([0, 1, 2, 59_999, 60_000, 60_001, 60_002].map(may)).toEqual([true, true, false, false, true, true, false]);
});

it('an instant keeps the order and the distance of the page’s clock', () => {
  const [a, b] = [instant(1000.25), instant(1002.5)];
  expect((b[0] - a[0]) * 1e9 + b[1] - a[1]).toBeCloseTo(2_250_000, -3);
});

const spanOf = (name: string, sampled = true): ReadableSpan => {
  const exporter = new InMemorySpanExporter();
  const tracer = new WebTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer('t');
  tracer.startSpan(name).end();
  const [span] = exporter.getFinishedSpans();
  if (span === undefined) throw new Error('there is one');
  return sampled ? span : { ...span, spanContext: () => ({ ...span.spanContext(), traceFlags: TraceFlags.NONE }) };
};

/** Takes batches when it is told to. */
class Slow implements SpanExporter {
  readonly batches: string[][] = [];
  readonly answers: ((code: number) => void)[] = [];
  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    this.batches.push(spans.map(({ name }) => name));
    this.answers.push((code) => done({ code }));
  }
  async shutdown(): Promise<void> {}
}
const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe('the queue of spans', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const limits = { most: 5, batch: 2, delayMillis: 1000 };

  it('sends in batches, one after the other, and late ones after a while', async () => {
    const slow = new Slow();
    const queue = new ExportQueue(slow, limits);
    for (const name of ['a', 'b', 'c']) queue.onEnd(spanOf(name));
    expect(slow.batches).toEqual([['a', 'b']]);
    slow.answers[0]?.(0);
    await settle();
    expect(slow.batches).toEqual([['a', 'b'], ['c']]);
    slow.answers[1]?.(0);
    await settle();
    queue.onEnd(spanOf('d'));
    expect(slow.batches).toHaveLength(2);
    vi.advanceTimersByTime(1000);
    expect(slow.batches[2]).toEqual(['d']);
    expect(queue.lost).toBe(0);
  });
  it('has a bound, and counts what it loses', async () => {
    const slow = new Slow();
    const queue = new ExportQueue(slow, limits);
    for (let i = 0; i < 10; i++) queue.onEnd(spanOf(String(i)));
    // Two are under way, five wait.
    expect([slow.batches, queue.lost]).toEqual([[['0', '1']], 3]);
    slow.answers[0]?.(1);
    await settle();
    expect(queue.lost).toBe(5);
  });
  it('sends all at once when the page goes', () => {
    const slow = new Slow();
    const queue = new ExportQueue(slow, limits);
    for (let i = 0; i < 7; i++) queue.onEnd(spanOf(String(i)));
    queue.sendAll();
    expect(slow.batches).toEqual([['0', '1'], ['2', '3'], ['4', '5'], ['6']]);
    queue.sendAll();
    expect(slow.batches).toHaveLength(4);
  });
  it('takes nothing that is not sampled', () => {
    const slow = new Slow();
    const queue = new ExportQueue(slow, limits);
    queue.onEnd(spanOf('no', false));
    queue.sendAll();
    expect(slow.batches).toEqual([]);
  });
});

describe('what a user does', () => {
  const setUp = (options: { busy?: () => boolean; lost?: () => number; rate?: number } = {}) => {
    const exporter = new InMemorySpanExporter();
    const provider = new WebTracerProvider({ sampler: new ParentBasedSampler({ root: new ShareSampler(options.rate ?? 1) }), spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const tracer = provider.getTracer('t');
    const visits = new Visits(tracer, options.lost ?? (() => 0), options.busy ?? (() => false));
    const sent: { url: string; parent: string | null; resolve: (response: Response) => void; reject: (cause: unknown) => void }[] = [];
    const plain = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> =>
      new Promise((resolve, reject) => void sent.push({ url: String(input), parent: new Headers(init?.headers).get('traceparent'), resolve, reject }));
    const calls = new Calls(tracer, visits, new W3CTraceContextPropagator(), plain);
    const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
    return { visits, calls, sent, spans, named: (name: string) => spans().find((span) => span.name === name) };
  };
  const length = (span: ReadableSpan | undefined): number => (span === undefined ? Number.NaN : span.duration[0] * 1000 + span.duration[1] / 1e6);
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date', 'requestAnimationFrame'] }));
  afterEach(() => void vi.useRealTimers());

  it('is a navigation with its calls, which carry the trace on', async () => {
    const { visits, calls, sent, named } = setUp();
    visits.navigate('/', `/trace/${'a'.repeat(32)}`, 'push', performance.now());
    const answer = calls.fetch('/api/v1/search?q=x', { headers: { accept: 'application/json' } });
    vi.advanceTimersByTime(700);
    sent[0]?.resolve(new Response('{}', { status: 200 }));
    expect((await answer).status).toBe(200);
    // No timing of the browser comes here, so that it ends with the answer's head.
    vi.advanceTimersByTime(30_000);
    vi.advanceTimersByTime(500);
    const [call, visit] = [named('GET /api/v1/search'), named('navigate /trace/{traceId}')];
    expect(call?.parentSpanContext?.spanId).toBe(visit?.spanContext().spanId);
    expect(sent[0]?.parent).toBe(`00-${visit?.spanContext().traceId}-${call?.spanContext().spanId}-01`);
    expect(call?.attributes).toMatchObject({ 'http.request.method': 'GET', 'http.response.status_code': 200, 'url.template': '/api/v1/search' });
    expect([length(call), length(visit)].map(Math.round)).toEqual([700, 700]);
    expect(visit?.attributes['page.interrupted']).toBeUndefined();
  });
  it('is no call that nobody waits for, and none of a file', async () => {
    const { calls, sent, spans } = setUp();
    void calls.fetch('/api/v1/search');
    void calls.fetch('/otlp/v1/traces', { method: 'POST' });
    expect(sent.map(({ parent }) => parent)).toEqual([null, null]);
    vi.advanceTimersByTime(100_000);
    expect(spans()).toEqual([]);
  });
  it('is a click that the page answers by a call', () => {
    const { visits, calls, sent, spans } = setUp();
    visits.input('click', performance.now());
    vi.advanceTimersByTime(300);
    void calls.fetch('/api/v1/status');
    expect(sent[0]?.parent).not.toBeNull();
    visits.end('page left');
    expect(spans().map(({ name, attributes }) => [name, attributes['page.interrupted']])).toEqual([[`click ${templateOf(location.pathname)}`, 'page left']]);
  });
  it('ends a call that failed as an error, and one that was given up as none', async () => {
    const { visits, calls, sent, spans } = setUp();
    visits.navigate('/', '/logs', 'push', performance.now());
    const abort = new AbortController();
    const [one, other, third] = [calls.fetch('/api/v1/a'), calls.fetch('/api/v1/b', { signal: abort.signal }), calls.fetch('/api/v1/c')];
    sent[0]?.reject(new TypeError('no way'));
    abort.abort();
    sent[1]?.reject(abort.signal.reason);
    sent[2]?.resolve(new Response('{}', { status: 503 }));
    await expect(one).rejects.toThrow('no way');
    await expect(other).rejects.toBe(abort.signal.reason);
    await third;
    vi.advanceTimersByTime(31_000);
    const told = Object.fromEntries(spans().map(({ name, status, attributes }) => [name, [status.code, attributes['error.type'], attributes['page.cancelled']]]));
    expect(told['GET /api/v1/a']).toEqual([2, 'TypeError', undefined]);
    expect(told['GET /api/v1/b']).toEqual([0, undefined, true]);
    expect(told['GET /api/v1/c']).toEqual([2, '503', undefined]);
  });
  it('goes on while the page waits for data, and is cut at last', () => {
    let busy = true;
    const { visits, named } = setUp({ busy: () => busy });
    visits.begin('first', {}, performance.now());
    vi.advanceTimersByTime(5000);
    expect(named('first')).toBeUndefined();
    busy = false;
    vi.advanceTimersByTime(500);
    expect(named('first')).toBeDefined();
    busy = true;
    visits.begin('second', {}, performance.now());
    vi.advanceTimersByTime(61_000);
    expect(named('second')?.attributes['page.interrupted']).toBe('too long');
  });
  it('says what was lost', () => {
    const { visits, named } = setUp({ lost: () => 7 });
    visits.begin('one', {}, performance.now());
    visits.end(null);
    expect(named('one')?.attributes['page.spans_lost']).toBe(7);
  });
  it('goes out unsampled where its trace is', () => {
    const { visits, calls, sent, spans } = setUp({ rate: 0 });
    visits.navigate('/', '/logs', 'push', performance.now());
    void calls.fetch('/api/v1/logs');
    expect(sent[0]?.parent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    visits.end('page left');
    expect(spans()).toEqual([]);
    expect(trace.getSpan(visits.context)).toBeUndefined();
  });
});
