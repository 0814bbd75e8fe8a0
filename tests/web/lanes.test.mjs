// Resource lanes of a trace: real server, real browser, metrics sent by OTLP beside the spans.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { every, metricRequest } from './support/metrics.mjs';
import { assertAccessible, launch, openPage, place } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, traceId } from './support/spans.mjs';

let server, browser, opened, page;
const minute = 60_000;
const [full, bare, other] = [1, 2, 3];

before(async () => {
  server = await startServer();
  browser = await launch();
  const now = Date.now();
  const start = now - 30 * minute;
  await server.send(imageTrace(full, start, { wait: 41_200, failure: true }));
  // The GPU works at both ends of the trace and idles while the batch waits; the queue is long for three seconds.
  await server.sendMetrics(
    metricRequest('hsi-yolo26', start, [
      { name: 'hw.gpu.utilization', attributes: { 'hw.id': 'GPU-1' }, points: every(-5, 60, (s) => (s < 1 || s > 41 ? 0.97 : 0.03)) },
      { name: 'hw.gpu.memory.usage', unit: 'By', attributes: { 'hw.id': 'GPU-1' }, points: every(-5, 60, () => 6e9) },
      { name: 'hw.gpu.memory.limit', unit: 'By', attributes: { 'hw.id': 'GPU-1' }, points: every(-5, 60, () => 8e9) },
      { name: 'detector.queue.depth', unit: '{image}', points: every(-5, 60, (s) => (s >= 41 && s < 44 ? 12 : 1)) },
    ]),
  );
  await server.sendMetrics(
    metricRequest('hsi-backend', start, [
      { name: 'dotnet.process.cpu.time', unit: 's', sum: 'cumulative', attributes: { 'cpu.mode': 'user' }, points: every(-5, 60, (s) => 100 + s * 0.5) },
      { name: 'dotnet.process.cpu.count', unit: '{cpu}', points: every(-5, 60, () => 2) },
      { name: 'pipeline.batch.fill', unit: '{image}', attributes: { 'camera.id': 'front_door' }, points: every(-5, 60, (s) => (s < 20 ? 1 : 3)) },
    ]),
  );
  await server.send(shortTrace(bare, now - 20 * minute));
  await server.send(shortTrace(other, now - 10 * minute));
  await server.sendMetrics(metricRequest('hsi-backend', now - 10 * minute, [{ name: 'pipeline.uploads', sum: 'cumulative', points: every(-2, 2, (s) => s + 9) }]));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
afterEach(async () => {
  const [violations, complaints] = [await opened.violations(), opened.complaints];
  await opened.close();
  assert.deepEqual(violations, [], 'the content security policy was violated');
  assert.deepEqual(complaints, [], 'the browser complained');
});

const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  page = opened.page;
  await page.getByRole('treegrid').waitFor();
};
const lanes = () => page.getByRole('region', { name: 'Resources of the services' });
const lane = (name) => lanes().locator('.lane').filter({ hasText: name });
const plain = (text) => text.replaceAll('\u2009', ' ');
const button = () => page.getByRole('button', { name: 'Resource lanes' });

describe('a trace whose services sent metrics', () => {
  it('has lanes without a word, with what strained them said', async () => {
    await open(`/trace/${traceId(full)}`);
    await lanes().waitFor();
    await eventually(async () => assert.deepEqual(await lanes().locator('.lanename').allInnerTexts(), ['GPU hsi-yolo26', 'VRAM hsi-yolo26', 'CPU hsi-backend', 'Queue detector hsi-yolo26', 'Batch fill hsi-backend']));
    const said = async (name) => plain(await lane(name).getByRole('img').getAttribute('aria-label'));
    await eventually(async () => assert.match(await said('GPU'), /^GPU of hsi-yolo26: 3 % to 97 %; saturated for [\d.]+ s \(saturated at 95 % and more\); starved for 41\.0 s \(starved at 10 % and less\)$/));
    await eventually(async () => assert.match(await said('VRAM'), /75 % to 75 %; never saturated/));
    await eventually(async () => assert.match(await said('CPU'), /25 % to 25 %; never saturated \(saturated at 90 % and more\)/));
    await eventually(async () => assert.match(await said('Queue detector'), /1 to 12; saturated for [\d.]+ s \(saturated at 8 and more\)/));
    await eventually(async () => assert.match(await said('Batch fill'), /1 to 3; starved for 20\.0 s \(starved at 1 and less\)/));
    await eventually(async () => assert.deepEqual((await lane('GPU').locator('.threshold text').allTextContents()).map(plain), ['≥ 95 %', '≤ 10 %']));
    await eventually(async () => assert.ok((await lane('GPU').locator('.strainmark').count()) >= 3));
    await eventually(async () => assert.equal(plain(await lane('CPU').locator('.v').innerText()), 'max 25 %'));
  });

  it('lies on the axis of the spans, folded and linear', async () => {
    await open(`/trace/${traceId(full)}`);
    await lanes().waitFor();
    const edges = () => lane('GPU').locator('.strain.saturated').evaluateAll((all) => all.map((one) => [Number(one.getAttribute('x')), Number(one.getAttribute('x')) + Number(one.getAttribute('width'))]));
    let width;
    await eventually(async () => {
      ({ width } = await place(lane('GPU').locator('svg')));
      const folded = await edges();
      assert.equal(folded[0][0], 0);
      assert.ok(Math.abs(folded.at(-1)[1] - width) < 1.5);
      // The fold takes 41.2 s out of the axis: what lies around it gets most of the width.
      assert.ok(folded.reduce((sum, [from, to]) => sum + to - from, 0) > width * 0.5);
    });
    await page.getByRole('button', { name: 'Fold waits' }).click();
    await page.waitForURL(/axis=linear/);
    await page.waitForFunction((w) => Number(document.querySelector('.lane .strain.saturated').getAttribute('width')) < w * 0.1, width);
    await eventually(async () => {
      const [plot, ruler] = [await place(lane('GPU').locator('svg')), await place(page.locator('.ruler'))];
      assert.deepEqual([plot.x, plot.width], [ruler.x, ruler.width]);
    });
  });

  it('tells the value at the pointer', async () => {
    await open(`/trace/${traceId(full)}?axis=linear`);
    await lanes().waitFor();
    const plot = await place(lane('GPU').locator('svg'));
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 10);
    await eventually(async () => assert.equal(plain(await lane('GPU').locator('.v').innerText()), '3 % starved'));
    await eventually(async () => assert.equal(plain(await lane('Batch fill').locator('.v').innerText()), '3'));
    // Over the spans, too: one line goes through all.
    await page.mouse.move(plot.x + plot.width * 0.2, plot.y + 300);
    await eventually(async () => assert.equal(plain(await lane('Batch fill').locator('.v').innerText()), '1 starved'));
    await page.mouse.move(5, 5);
    await eventually(async () => assert.equal(plain(await lane('GPU').locator('.v').innerText()), 'max 97 %'));
  });

  it('is chosen and hidden by clicks and keys, and the address holds it', async () => {
    await open(`/trace/${traceId(full)}`);
    await lanes().waitFor();
    await lanes().getByRole('button', { name: 'GPU of hsi-yolo26', exact: true }).click();
    await lanes().getByRole('button', { name: 'VRAM of hsi-yolo26' }).click();
    await page.waitForURL((url) => url.searchParams.getAll('lane').length === 3);
    await eventually(async () => assert.equal(await lanes().locator('.lane').count(), 3));
    await page.reload();
    await lanes().waitFor();
    await eventually(async () => assert.deepEqual(await lanes().locator('.lanename').allInnerTexts(), ['CPU hsi-backend', 'Queue detector hsi-yolo26', 'Batch fill hsi-backend']));
    await page.keyboard.press('m');
    await page.waitForURL(/lanes=off/);
    await eventually(async () => assert.equal(await lanes().count(), 0));
    await eventually(async () => assert.equal(await button().getAttribute('aria-pressed'), 'false'));
    await button().click();
    await page.waitForURL(/lanes=on/);
    await eventually(async () => assert.equal(await lanes().locator('.lane').count(), 3));
  });

  for (const theme of ['dark', 'light'])
    it(`can be read by everybody, ${theme}`, async () => {
      await open(`/trace/${traceId(full)}`, { theme });
      await lanes().waitFor();
      await assertAccessible(page, { tags: ['wcag2a', 'wcag2aa', 'wcag21aa'], within: '.resources' });
    });

  for (const [width, theme] of [[400, 'dark'], [1440, 'light'], [2560, 'dark']])
    it(`fits ${width} pixels`, async () => {
      await open(`/trace/${traceId(full)}`, { width, theme });
      await lanes().waitFor();
      await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true));
      await eventually(async () => {
        const [region, chart] = [await place(lanes()), await place(lane('GPU').locator('svg'))];
        assert.ok(chart.x + chart.width <= region.x + region.width);
      });
    });
});

describe('a trace without such metrics', () => {
  it('shows nothing, and why when it is asked', async () => {
    await open(`/trace/${traceId(bare)}`);
    await page.waitForFunction(() => document.querySelector('[aria-label="Resource lanes"]').title.startsWith('No metrics'));
    await eventually(async () => assert.equal(await lanes().count(), 0));
    await button().click();
    await eventually(async () => assert.match(await lanes().innerText(), /No metrics of .* at that time\. A service sends them with OTEL_METRICS_EXPORTER=otlp\./));
    await eventually(async () => assert.equal(await lanes().locator('svg').count(), 0));
  });

  it('says when there were others', async () => {
    await open(`/trace/${traceId(other)}?lanes=on`);
    await page.getByText(/sent 1 metric at that time, but none of a GPU, VRAM, CPU, queue or batch/).waitFor();
  });

  it('says when they cannot be read', async () => {
    opened = await openPage(browser, null);
    page = opened.page;
    await page.route('**/api/v1/metrics?*', (route) => route.fulfill({ status: 400, contentType: 'application/problem+json', body: '{"title":"Bad Request","detail":"broken for the test"}' }));
    await page.goto(`${server.http}/trace/${traceId(full)}?lanes=on`);
    await page.getByText(/The metrics can’t be read: .*broken for the test/).waitFor();
    // The browser itself reports the answer.
    opened.complaints.splice(0, opened.complaints.length, ...opened.complaints.filter((text) => !text.includes('400')));
  });
});
