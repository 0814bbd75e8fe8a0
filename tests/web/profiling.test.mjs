// Profiles: the screen with its flame graph, table, comparison and traces of a frame; the tab of the trace, and the way from a span.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertNoGraveFault, launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { pprof, sendProfile } from './support/pprof.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace } from './support/spans.mjs';

let browser, opened;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const open = async (server, path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
afterEach(async () => {
  assert.deepEqual(await opened.violations(), []);
  await opened.close();
});
const text = async (locator) => (await locator.innerText()).replaceAll('\u2009', ' ').replaceAll(/\s+/g, ' ');

const types = [['cpu', 'nanoseconds'], ['wall', 'nanoseconds']];
const main = ['System.Threading.ThreadPoolWorkQueue.Dispatch|System.Private.CoreLib.dll', 'Hsi.Yolo26.Detector.Detect|hsi-yolo26.dll'];
const samples = (infer, trace, span) => [
  { stack: [...main, 'Hsi.Yolo26.Preprocess.Resize|hsi-yolo26.dll'], values: [200e6, 210e6], trace, span },
  { stack: [...main, 'Hsi.Yolo26.Session.Infer|hsi-yolo26.dll', 'Microsoft.ML.OnnxRuntime.Run|onnxruntime.dll'], values: [infer, infer + 5e6], trace, span },
  { stack: [main[0], 'System.Threading.Monitor.Wait|System.Private.CoreLib.dll'], values: [0, 4e9] },
];

describe('profiles of a service', () => {
  let server, trace, span;
  const now = Date.now();
  before(async () => {
    server = await startServer();
    const request = imageTrace(1, now - 300_000, { wait: 2000 });
    await server.send(request);
    const spans = request.resourceSpans.flatMap((resource) => resource.scopeSpans.flatMap((scope) => scope.spans.map((one) => ({ ...one, service: resource.resource.attributes.find((a) => a.key === 'service.name').value.stringValue }))));
    ({ traceId: trace, spanId: span } = spans[0]);
    await sendProfile(server, spans[0].service, now - 301_000, now - 291_000, pprof(types, samples(600e6, trace, span)));
    await sendProfile(server, 'hsi-yolo26', now - 120_000, now - 110_000, pprof(types, samples(900e6)));
    await sendProfile(server, 'hsi-yolo26', now - 5_000_000, now - 4_990_000, pprof(types, samples(100e6)));
  });
  after(() => server?.stop());

  it('shows what used the time, as picture and as table, and all of it is in the address', async () => {
    const page = await open(server, '/profiling?service=hsi-yolo26');
    await page.getByRole('application', { name: /Flame graph of hsi-yolo26/ }).waitFor();
    await eventually(async () => assert.match(await text(page.locator('.psum')), /Preprocess\.Resize used the most in itself of the service’s own code: 200 ms, 18 %/));
    await eventually(async () => assert.match(await text(page.locator('.psum')), /1\.10 s of CPU in 1 window/));
    await assertNoGraveFault(page);
    await page.getByRole('button', { name: 'Table' }).click();
    await page.getByRole('columnheader', { name: /With what it called/ }).getByRole('button').click();
    await eventually(() => assert.match(page.url(), /view=table.*sort=total/));
    const rows = page.getByRole('region', { name: 'Functions' }).getByRole('row');
    await eventually(async () => assert.match(await text(rows.nth(1)), /Detector\.Detect.* 1\.10 s 100 %/));
    await page.getByRole('searchbox', { name: 'Find functions' }).fill('onnx');
    await page.waitForURL(/find=onnx/);
    await eventually(async () => assert.equal(await rows.count(), 2));
    await page.getByRole('button', { name: 'Wall' }).click();
    await page.waitForURL(/type=wall/);
    await rows.nth(1).getByText('905 ms').first().waitFor();
    await assertNoGraveFault(page);
  });

  it('is moved through and zoomed by keys', async () => {
    const page = await open(server, '/profiling?service=hsi-yolo26');
    const picture = page.getByRole('application', { name: /Flame graph of hsi-yolo26/ });
    await picture.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await eventually(async () => assert.match(await text(page.locator('#stack-said')), /^Hsi\.Yolo26\.Detector\.Detect, hsi-yolo26\.dll; 1\.10 s, 100 % of all/));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/zoom=[0-9a-f]{8}/);
    await eventually(async () => assert.match(await text(page.locator('.psum')), /Session\.Infer: 900 ms, 82 % of 1\.10 s/));
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.search.includes('zoom'));
  });

  it('compares two ranges in words and signs', async () => {
    const page = await open(server, `/profiling?service=hsi-yolo26&from=${BigInt(now - 600_000) * 1_000_000n}&to=${BigInt(now) * 1_000_000n}&baseFrom=${BigInt(now - 6_000_000) * 1_000_000n}&baseTo=${BigInt(now - 4_000_000) * 1_000_000n}`);
    await page.getByText('has changed most').waitFor();
    await eventually(async () => assert.match(await text(page.locator('.psum')), /OnnxRuntime\.Run has changed most: 33 % then, 82 % now \(\+48 pts\)/));
    await page.getByRole('button', { name: 'Table' }).click();
    const rows = page.getByRole('region', { name: 'Functions' }).getByRole('row');
    await rows.nth(1).waitFor();
    await eventually(async () => assert.match(await text(rows.nth(1)), /▲ \+48 pts/));
    await assertNoGraveFault(page);
  });

  it('leads from a trace’s span to its profile, from a frame to its traces, and back', async () => {
    const page = await open(server, `/trace/${trace}?span=${span}`);
    await page.getByRole('complementary', { name: 'Span details' }).getByRole('button', { name: 'Profile' }).click();
    await page.waitForURL(/tab=profile.*pspan=/);
    await page.getByRole('application', { name: /Flame graph of/ }).waitFor();
    await eventually(async () => assert.match(await text(page.locator('.profmatch')), /^800 ms Samples of .* that carry the ids of the span/));
    await assertNoGraveFault(page);
    await page.getByRole('link', { name: 'Open in Profiling' }).click();
    await page.getByRole('application', { name: /Flame graph of/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('o');
    const traces = page.getByRole('complementary', { name: /Traces with/ });
    await traces.getByRole('link').first().waitFor();
    await eventually(async () => assert.match(await text(traces), /1 trace; 100 % of its 800 ms lie in traces/));
    await traces.getByRole('link').first().click();
    await page.waitForURL(new RegExp(`/trace/${trace}.*tab=profile`));
    await page.getByRole('application', { name: /Flame graph of/ }).waitFor();
  });

  it('says when samples are found by time only, and when there are none', async () => {
    const page = await open(server, `/trace/${trace}?tab=profile&pservice=hsi-backend`);
    await page.locator('.profmatch, .state').first().waitFor();
    await eventually(async () => assert.match(await text(page.getByRole('tabpanel')), /carry the ids of this trace|No profiles of this trace|No sample carries the ids/));
  });
});

describe('profiles with labels, and of a service that profiles itself', () => {
  let server;
  const now = Date.now();
  before(async () => {
    server = await startServer();
    await sendProfile(server, 'hsi-nemotron', now - 120_000, now - 110_000, pprof([['cpu', 'nanoseconds']], [
      { stack: ['Hsi.Nemotron.Worker.Run|hsi-nemotron.dll', 'Hsi.Nemotron.Prompt.Build|hsi-nemotron.dll'], values: [300e6], labels: { thread: 'worker 1', model: 'nemotron' } },
      { stack: ['Hsi.Nemotron.Worker.Run|hsi-nemotron.dll', 'Hsi.Nemotron.Answer.Parse|hsi-nemotron.dll'], values: [200e6], labels: { thread: 'worker 2', model: 'nemotron' } },
      { stack: ['System.Threading.Thread.Start|System.Private.CoreLib.dll', 'Throughline.Telemetry.Profiling.NetTrace.NetTraceReader.Read|Throughline.Telemetry.dll', 'System.IO.Stream.Read|System.Private.CoreLib.dll'], values: [500e6] },
    ]));
  });
  after(() => server?.stop());

  it('tells what taking the profile cost from the service’s own code', async () => {
    const page = await open(server, '/profiling?service=hsi-nemotron');
    await page.getByText('Prompt.Build', { exact: true }).waitFor();
    await eventually(async () => assert.match(await text(page.locator('.psum')), /Prompt\.Build used the most in itself of the service’s own code: 300 ms, 30 %/));
    await eventually(async () => assert.match(await text(page.locator('.psum')), /hatched: the profiler itself, 50 %/));
    const picture = page.getByRole('application', { name: /Flame graph of hsi-nemotron/ });
    await picture.focus();
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
    await page.locator('#stack-said').getByText(/NetTraceReader\.Read, Throughline\.Telemetry\.dll; the profiler;/).waitFor({ state: 'attached' });
  });

  it('shows only what has a label, which is in the address and can be taken away', async () => {
    const page = await open(server, '/profiling?service=hsi-nemotron');
    await page.getByRole('combobox', { name: 'Only with the label' }).selectOption('thread:worker 2');
    await page.waitForURL(/label=thread%3Aworker\+2/);
    await page.getByText('Answer.Parse', { exact: true }).waitFor();
    await eventually(async () => assert.match(await text(page.locator('.psum')), /Answer\.Parse used the most in itself of the service’s own code: 200 ms, 100 %/));
    await assertNoGraveFault(page);
    await page.getByRole('button', { name: 'Only thread:worker 2; remove' }).click();
    await page.waitForURL((url) => !url.search.includes('label'));
    await page.getByText('Prompt.Build', { exact: true }).waitFor();
  });

  it('says when profiles can’t be loaded, at first and for another range, and tries again', async () => {
    const page = await open(server, '/profiling');
    await page.getByText('Prompt.Build', { exact: true }).waitFor();
    const problem = { status: 507, contentType: 'application/problem+json', body: '{"title":"Insufficient Storage","status":507,"detail":"The profiles that were asked for need more than 1 MB."}' };
    await page.route('**/api/v1/profiles/flame?*', (route) => route.fulfill(problem));
    await page.reload();
    await page.getByRole('heading', { name: 'The profiles can’t be loaded' }).waitFor();
    await page.getByText('The profiles that were asked for need more than 1 MB.').waitFor();
    await assertNoGraveFault(page);
    await page.unroute('**/api/v1/profiles/flame?*');
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('Prompt.Build', { exact: true }).waitFor();
    await page.route('**/api/v1/profiles/flame?*', (route) => route.fulfill(problem));
    await page.getByRole('button', { name: '6 h', exact: true }).click();
    await page.getByRole('heading', { name: 'The profiles can’t be loaded' }).waitFor();
    await page.unroute('**/api/v1/profiles/flame?*');
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('Prompt.Build', { exact: true }).waitFor();
  });
});

describe('a server without profiles', () => {
  it('says how they are sent', async () => {
    const server = await startServer();
    try {
      const page = await open(server, '/profiling');
      await page.getByRole('heading', { name: 'No profile has arrived yet' }).waitFor();
      await eventually(async () => assert.match(await text(page.getByRole('main')), new RegExp(`curl --data-binary @cpu\\.pb\\.gz '${server.otlpHttp}/api/v1/profiles\\?service=NAME'`)));
      await assertNoGraveFault(page);
    } finally {
      await server.stop();
    }
  });
});
