import { afterEach, describe, expect, it, vi } from 'vitest';
import { getJson } from '../src/api/http';
import { ApiProblem } from '../src/api/problem';
import { searchParameters } from '../src/api/queries';
import { trace } from '../src/api/traceWire';
import * as wire from '../src/api/wire';
import { unixNano } from '../src/model/nano';

const answer = (body: string, status = 200): void => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })));
};
afterEach(() => vi.unstubAllGlobals());
const problemOf = async (signal = new AbortController().signal): Promise<unknown> => getJson('/api/v1/services', wire.services, signal).then(() => 'no problem', (problem: unknown) => problem);

describe('a request', () => {
  it('gives what the schema makes of the answer', async () => {
    answer('{"services":[{"name":"a","spans":"18446744073709551615","errors":"0"}]}');
    await expect(getJson('/x', wire.services, new AbortController().signal)).resolves.toEqual([{ name: 'a', spans: 18446744073709551615n, errors: 0n }]);
  });
  it('that is refused tells the problem, the parameter and the position', async () => {
    answer('{"title":"Bad Request","status":400,"detail":"no such unit","parameter":"q","position":9}', 400);
    expect(await problemOf()).toMatchObject({ kind: 'refused', status: 400, title: 'Bad Request', detail: 'no such unit', parameter: 'q', position: 9 });
  });
  it('that fails without problem details still says what happened', async () => {
    answer('<html>gateway</html>', 502);
    expect(await problemOf()).toMatchObject({ kind: 'failed', status: 502, title: expect.stringContaining('502') });
  });
  it('to a server that is gone is unreachable', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')));
    expect(await problemOf()).toMatchObject({ kind: 'unreachable' });
  });
  it('that was cancelled is no problem but the abort itself', async () => {
    const abort = new AbortController();
    abort.abort();
    vi.stubGlobal('fetch', () => Promise.reject(new DOMException('gone', 'AbortError')));
    const reason = await problemOf(abort.signal);
    expect(reason).not.toBeInstanceOf(ApiProblem);
    expect(reason).toMatchObject({ name: 'AbortError' });
  });
  const hanging = (_: string, request: RequestInit): Promise<Response> => new Promise((_resolve, reject) => request.signal?.addEventListener('abort', () => reject(new DOMException('gone', 'AbortError'))));
  it('to a server that hangs is given up after a minute', async () => {
    vi.useFakeTimers();
    vi.stubGlobal('fetch', hanging);
    const reason = problemOf();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await reason).toMatchObject({ kind: 'unreachable', title: 'The server does not answer' });
    vi.useRealTimers();
  });
  it('to a server that hangs is let go at once when the reader leaves', async () => {
    vi.stubGlobal('fetch', hanging);
    const abort = new AbortController();
    const reason = problemOf(abort.signal);
    abort.abort();
    expect(await reason).toMatchObject({ name: 'AbortError' });
  });
  it('whose answer is no JSON says so', async () => {
    answer('<html>login</html>');
    expect(await problemOf()).toMatchObject({ kind: 'unreadable', title: 'The answer is no JSON' });
  });
  it('whose answer has another form names the field', async () => {
    answer('{"services":[{"name":"a","spans":5,"errors":"0"}]}');
    expect(await problemOf()).toMatchObject({ kind: 'unreadable', detail: expect.stringContaining('services.0.spans') });
  });
});

describe('numbers of 64 bits', () => {
  it.each(['0', '1795219201000000000', '18446744073709551615'])('%s is a time', (text) => expect(wire.time.parse(text)).toBe(BigInt(text)));
  it.each(['', '-1', '1.5', '18446744073709551616', '999999999999999999999', 'x'])('%s is none', (text) => expect(wire.time.safeParse(text).success).toBe(false));
});

const summary = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  root: null,
  first: { service: 'hsi-backend', name: 'Process Detection' },
  startUnixNano: '1795219201000000000',
  durationNano: '1970000000',
  waitingNano: '61000000',
  spans: 2,
  errors: 0,
  orphans: 1,
  errorType: null,
  services: [{ name: 'hsi-backend', spans: 2, errors: 0 }],
};
const wireTrace = {
  traceId: summary.traceId,
  startUnixNano: summary.startUnixNano,
  summary,
  services: ['hsi-backend'],
  names: ['Process Detection', 'work'],
  texts: ['batch_window'],
  columns: { spanId: ['a', 'b'], parent: [-2, 0], service: [0, 0], name: [0, 1], start: [0, 5], duration: [36400000, 9007199254740991], kind: [2, 1], status: [0, 2], error: [0, 1], events: [1, 0], links: [0, 0], wait: [-1, 0], label: [-1, -1], warnings: [2, 0] },
  links: [],
  excerpt: null,
  sampling: [],
  orphans: [],
  generations: [{ row: 0, model: 'm', inputTokens: 7, outputTokens: null, firstTokenNano: 5 }],
  truncated: null,
};

describe('a trace', () => {
  it('of which a part was loaded lasts as long as the whole, and shows no gaps between what was loaded', () => {
    const part = trace.parse({ ...wireTrace, columns: { ...wireTrace.columns, start: [0, 900], duration: [10, 10], omitted: [3, 0] }, excerpt: { spans: 5, omittedRoots: 0 } });
    expect(part.total).toBe(1_970_000_000);
    expect([...(part.spans.omitted ?? [])]).toEqual([3, 0]);
    expect(part.waits.filter((wait) => wait.row < 0)).toEqual([]);
    expect(trace.parse(wireTrace).spans.omitted).toBeNull();
  });
  it('becomes columns', () => {
    const read = trace.parse(wireTrace);
    expect([...read.spans.parent]).toEqual([-2, 0]);
    expect(read.spans.duration[1]).toBe(9007199254740991);
    expect(read.summary.duration).toBe(1970000000n);
  });
  it.each([
    ['columns of different length', { columns: { ...wireTrace.columns, name: [0] } }],
    ['a text where a number belongs', { columns: { ...wireTrace.columns, start: [0, '5'] } }],
    ['a column that is missing', { columns: { ...wireTrace.columns, wait: undefined } }],
    ['a name that is no text', { names: ['a', 5] }],
  ])('with %s is refused', (_, change) => expect(trace.safeParse({ ...wireTrace, ...change }).success).toBe(false));
});

it('every type of attribute is read, nested ones too', () => {
  const attributes = [
    { key: 's', type: 'string', value: '' },
    { key: 'i', type: 'int', value: '-9223372036854775808' },
    { key: 'd', type: 'double', value: '-Infinity' },
    { key: 'a', type: 'array', value: [{ type: 'kvlist', value: [{ key: 'k', type: 'bytes', value: 'AQI=' }] }, { type: 'empty', value: null }] },
    { key: 's', type: 'bool', value: true },
  ];
  const origin = { attributes: [], droppedAttributes: 0, schemaUrl: '' };
  const span = {
    traceId: 't', spanId: 's', parentSpanId: null, traceState: '', flags: 257, name: '', kind: 'server', startUnixNano: '5', endUnixNano: '4', durationNano: '0', status: { code: 'unset', message: '' }, service: '',
    attributes, droppedAttributes: 1, events: [], droppedEvents: 0, links: [], droppedLinks: 0, resource: origin, scope: { ...origin, name: '', version: '' }, warnings: [],
  };
  expect(wire.spanDetails.parse({ spans: [span] })[0]?.attributes).toEqual(attributes);
});

it('a search is written as the server takes it', () => {
  const request = { from: unixNano(5n), to: null, text: 'k=v', order: 'duration', direction: 'asc' } as const;
  expect(searchParameters(request, 200, 'c').toString()).toBe('from=5&q=k%3Dv&order=duration&direction=asc&limit=200&cursor=c');
});
