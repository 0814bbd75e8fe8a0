// The page as a traced service of its own: its load, its screens and its calls in the store, and on into the pipeline's events API; and nothing of all that where it is not asked for.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, it } from 'node:test';
import { launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace } from './support/spans.mjs';

/** What only the script that traces the page has in it. */
const tracing = /documentFetch/;
let browser, server, bare, api;
const asked = [];
before(async () => {
  browser = await launch();
  api = http.createServer((request, response) => {
    asked.push({ url: request.url, traceparent: request.headers.traceparent, authorization: request.headers.authorization });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ events: [], next: null }));
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  server = await startServer(['--page-trace-rate', '1', '--events-url', `http://127.0.0.1:${api.address().port}/api/events`]);
  bare = await startServer();
  for (const each of [server, bare]) await each.send(imageTrace(1, Date.now() - 60_000));
});
after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), bare?.stop()]);
  api?.closeAllConnections();
  api?.close();
});

/** The page's traces that have these operations, once there is one. */
const traceWith = (operations, accept = () => true) =>
  eventually(async () => {
    const { traces } = await server.get('/api/v1/search?service=hsi-frontend&limit=200');
    for (const { traceId } of traces) {
      const trace = await server.get(`/api/v1/traces/${traceId}`);
      const names = trace.columns.name.map((name) => trace.names[name]);
      if (operations.every((operation) => names.includes(operation)) && accept(trace)) return { ...trace, spanNames: names };
    }
    assert.fail(`no trace with ${operations.join(', ')}`);
  }, { pause: 200 });
const requests = (page) => {
  const seen = [];
  page.on('request', (request) => seen.push(request));
  return seen;
};

it('has its load, its screens and their calls in the store', async () => {
  const opened = await openPage(browser, null);
  const { page } = opened;
  const seen = requests(page);
  await page.goto(server.http);
  await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  await eventually(async () => assert.ok((await Promise.all(seen.filter((request) => request.resourceType() === 'script').map(async (request) => (await request.response()).text()))).some((text) => tracing.test(text)), 'its script was fetched'));
  const load = await traceWith(['documentLoad', 'documentFetch', 'resourceFetch', 'first screen /']);
  const at = load.spanNames.indexOf('documentLoad');
  assert.equal(load.columns.parent[at], -1, 'the load is the root');

  await page.getByRole('link', { name: 'Pipeline' }).click();
  await page.waitForURL('**/pipeline*');
  const visit = await traceWith(['navigate /pipeline'], (trace) => trace.names.some((name) => name.startsWith('GET /api/v1/')));
  const row = visit.spanNames.findIndex((name) => name.startsWith('GET /api/v1/'));
  assert.equal(visit.columns.parent[row], visit.spanNames.indexOf('navigate /pipeline'), 'the call is a child of the navigation');
  const { spans: [span] } = await server.get(`/api/v1/traces/${visit.traceId}/spans/${visit.columns.spanId[row]}`);
  const attributes = Object.fromEntries(span.attributes.map(({ key, value }) => [key, value]));
  assert.equal(span.service, 'hsi-frontend');
  assert.equal(span.kind, 'client');
  assert.equal(attributes['http.response.status_code'], '200');
  assert.ok(span.events.some(({ name }) => name === 'responseEnd'));
  assert.ok(span.resource.attributes.some(({ key }) => key === 'service.instance.id'));

  // The call itself said which span it is.
  const headers = await Promise.all(seen.map((request) => request.allHeaders()));
  assert.ok(headers.some(({ traceparent }) => traceparent === `00-${visit.traceId}-${visit.columns.spanId[row]}-01`));
  // What sends spans is not traced itself.
  const exports = seen.flatMap((request, index) => (request.url().endsWith('/otlp/v1/traces') ? [headers[index]] : []));
  assert.ok(exports.length > 0);
  assert.ok(exports.every(({ traceparent }) => traceparent === undefined));
  const { traces } = await server.get('/api/v1/search?service=hsi-frontend&limit=200');
  for (const { traceId } of traces) assert.ok(!(await server.get(`/api/v1/traces/${traceId}`)).names.some((name) => name.includes('otlp')));
  assert.deepEqual(await opened.violations(), []);
  assert.deepEqual(opened.complaints, []);
  await opened.close();
});

it('goes on in the pipeline: its calls of the events API arrive there with their trace', async () => {
  const opened = await openPage(browser, `${server.http}/`);
  const { page } = opened;
  await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  await traceWith(['documentLoad']);
  await page.waitForFunction(() => fetch.name !== 'fetch' || !/native/.test(String(fetch)));
  asked.length = 0;
  await page.getByRole('link', { name: 'Events' }).click();
  await page.waitForURL('**/events*');
  await page.getByRole('heading', { name: /^No events/ }).waitFor();
  const visit = await traceWith(['navigate /events', 'GET /events-api']);
  const spanId = visit.columns.spanId[visit.spanNames.indexOf('GET /events-api')];
  assert.ok(asked.some(({ traceparent }) => traceparent === `00-${visit.traceId}-${spanId}-01`), JSON.stringify(asked));
  assert.ok(asked.every(({ authorization }) => authorization === undefined));
  opened.complaints.length = 0;
  await opened.close();
});

it('sends what it has when it is left', async () => {
  const opened = await openPage(browser, `${server.http}/logs`);
  await opened.page.waitForFunction(() => !/native/.test(String(fetch)));
  const { total: before } = await server.get('/api/v1/search?service=hsi-frontend&operation=page%20error');
  assert.equal(before.value, 0);
  await opened.page.evaluate(() => {
    setTimeout(() => {
      throw new RangeError('made for a test');
    });
    return new Promise((resolve) => setTimeout(resolve, 0));
  });
  // Before the queue's time is over.
  await opened.page.goto('about:blank');
  const trace = await traceWith(['page error']);
  const row = trace.spanNames.indexOf('page error');
  const { spans: [span] } = await server.get(`/api/v1/traces/${trace.traceId}/spans/${trace.columns.spanId[row]}`);
  assert.equal(span.status.code, 'error');
  assert.ok(JSON.stringify(span.events).includes('made for a test'));
  await opened.close();
});

it('is silent to its user when its spans are not taken', async () => {
  const opened = await openPage(browser, null);
  let refused = 0;
  await opened.page.route('**/otlp/v1/traces', (route) => {
    refused++;
    return route.fulfill({ status: 400, contentType: 'application/json', body: '{"code":3,"message":"no"}' });
  });
  await opened.page.goto(server.http);
  await opened.page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  await opened.page.waitForRequest('**/otlp/v1/traces');
  await eventually(() => assert.ok(refused > 0, 'its spans were not taken'));
  await eventually(async () => assert.equal(await opened.page.getByRole('alert').count(), 0));
  // The browser itself notes an answer of 400; the page says nothing.
  assert.deepEqual(opened.complaints.filter((line) => !/status of 400/.test(line)), []);
  await opened.close();
});

it('is nothing where it is not asked for: no script, no spans, and a path that says how', async () => {
  const opened = await openPage(browser, null);
  const seen = requests(opened.page);
  await opened.page.goto(bare.http);
  await opened.page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  await opened.page.getByRole('link', { name: 'Pipeline' }).click();
  await opened.page.waitForURL('**/pipeline*');
  await opened.page.getByRole('heading', { name: 'Pipeline' }).waitFor();
  await opened.page.waitForLoadState('networkidle');
  const headers = await Promise.all(seen.map((request) => request.allHeaders()));
  assert.ok(headers.every(({ traceparent }) => traceparent === undefined));
  assert.ok(!seen.some((request) => /\/otlp\//.test(request.url())));
  const scripts = seen.filter((request) => request.resourceType() === 'script');
  assert.ok(scripts.length > 0);
  for (const script of scripts) await eventually(async () => assert.ok(!tracing.test(await (await script.response()).text()), script.url()));
  const answer = await fetch(`${bare.http}/otlp/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  assert.equal(answer.status, 404);
  assert.match((await answer.json()).message, /--page-trace-rate/);
  assert.equal((await bare.get('/api/v1/search?service=hsi-frontend')).total.value, 0);
  await opened.close();
});
