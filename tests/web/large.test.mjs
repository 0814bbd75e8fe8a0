// A trace of 100,000 spans opens, and only what is in view is in the document. Times are printed, not asserted: they depend on the machine.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { spanId, traceId } from './support/spans.mjs';

const count = 100_000;
let server, browser;
before(async () => {
  server = await startServer();
  browser = await launch();
  const start = BigInt(Date.now() - 60_000) * 1_000_000n;
  const services = ['hsi-backend', 'hsi-yolo26', 'hsi-nemotron', 'hsi-frontend'];
  // Fifty branches of two thousand spans, each branch nine deep again and again.
  const spans = services.map(() => []);
  for (let i = 0; i < count; i++) {
    const parent = i === 0 ? null : i % 2000 === 1 ? 0 : (i - 1) % 10 === 0 ? Math.floor(i / 2000) * 2000 + 1 : i - 1;
    const at = BigInt(i) * 300_000n;
    spans[i % 4].push({
      traceId: traceId(1), spanId: spanId(1, i + 1), ...(parent === null ? {} : { parentSpanId: spanId(1, parent === i ? i : parent + 1) }), name: `step ${i % 37}`, kind: 1,
      startTimeUnixNano: String(start + at), endTimeUnixNano: String(start + at + BigInt(i === 0 ? count : 1 + (i % 50)) * 300_000n), ...(i % 997 === 5 ? { status: { code: 2, message: 'timeout' } } : {}),
    });
  }
  for (const [index, list] of spans.entries())
    for (let from = 0; from < list.length; from += 5000)
      await server.send({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: services[index] } }] }, scopeSpans: [{ spans: list.slice(from, from + 5000) }] }] });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

it('a trace of 100,000 spans opens, scrolls, zooms and is searched', async (test) => {
  const { page, complaints, violations, close } = await openPage(browser, null);
  await page.addInitScript(() => {
    const original = Response.prototype.json;
    Response.prototype.json = async function () {
      const value = await original.call(this);
      if (this.url.includes('/traces/')) globalThis.arrived ??= performance.now();
      return value;
    };
    new MutationObserver(() => {
      if (globalThis.painted === undefined && document.querySelector('.sp') !== null) requestAnimationFrame(() => requestAnimationFrame(() => (globalThis.painted ??= performance.now())));
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(`${server.http}/trace/${traceId(1)}`);
  const grid = page.getByRole('treegrid');
  await grid.waitFor();
  await eventually(async () => assert.equal(await grid.getAttribute('aria-rowcount'), String(count)));
  await eventually(async () => assert.ok((await grid.locator('.sp').count()) < 90, 'rows out of view are in the document'));
  await page.waitForFunction(() => globalThis.painted !== undefined);
  test.diagnostic(`first paint ${await page.evaluate(() => Math.round(globalThis.painted - globalThis.arrived))} ms after the data was read`);

  const frames = (action) =>
    page.evaluate(async (what) => {
      const rows = document.querySelector('.rows');
      const times = [];
      let last = performance.now();
      for (let i = 0; i < 60; i++) {
        if (what === 'scroll') rows.scrollTop += 500;
        else document.querySelector('.tl').dispatchEvent(new WheelEvent('wheel', { deltaY: i < 30 ? -60 : 60, ctrlKey: true, bubbles: true, cancelable: true }));
        await new Promise((resolve) => requestAnimationFrame(resolve));
        times.push(performance.now() - last);
        last = performance.now();
      }
      times.sort((a, b) => a - b);
      return `median ${times[30].toFixed(1)} ms, worst of 60 ${times[59].toFixed(1)} ms`;
    }, action);
  test.diagnostic(`a frame while scrolling: ${await frames('scroll')}`);
  test.diagnostic(`a frame while zooming: ${await frames('zoom')}`);

  // The last span of all is reached by key, and found by its id.
  await grid.focus();
  await page.keyboard.press('End');
  await page.locator('.sp[aria-selected="true"]').waitFor();
  await eventually(async () => assert.equal(await page.locator('.sp[aria-selected="true"]').getAttribute('aria-rowindex'), String(count)));
  await page.getByLabel('Find spans').fill(spanId(1, 54_321));
  await page.keyboard.press('Enter');
  await page.getByText('1 of 1', { exact: true }).waitFor();
  await page.locator('.sp[aria-selected="true"] .hit').waitFor();
  await page.getByRole('button', { name: 'Depth −, one level less' }).click();
  await eventually(async () => assert.ok(Number(await grid.getAttribute('aria-rowcount')) < count));
  assert.deepEqual([complaints, await violations()], [[], []]);
  await close();
});

it('a trace of more spans than are loaded at once comes by windows', async () => {
  // A job of 1,000 chunks, each with 210 items of its own length: the shortest of all are not loaded until the view is at their chunk.
  const [chunks, items, chunkNano] = [1000, 210, 1_000_000n];
  const start = BigInt(Date.now() - 120_000) * 1_000_000n;
  const span = (id, parent, name, from, length) => ({
    traceId: traceId(2), spanId: spanId(2, id), ...(parent === 0 ? {} : { parentSpanId: spanId(2, parent) }), name, kind: 1, startTimeUnixNano: String(start + from), endTimeUnixNano: String(start + from + length),
  });
  const send = (spans) => server.send({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'jobs' } }] }, scopeSpans: [{ spans }] }] });
  await send([span(1, 0, 'job', 0n, BigInt(chunks) * chunkNano)]);
  for (let first = 0; first < chunks; first += 40) {
    const spans = [];
    for (let chunk = first; chunk < first + 40; chunk++) {
      const from = BigInt(chunk) * chunkNano;
      const id = 2 + chunk * (items + 1);
      spans.push(span(id, 1, `chunk ${chunk}`, from, chunkNano));
      for (let item = 0; item < items; item++) spans.push(span(id + 1 + item, id, `item ${item}`, from + BigInt(item) * 4000n, BigInt(1000 + item * 10)));
    }
    await send(spans);
  }
  const total = 1 + chunks * (items + 1);

  const { page, complaints, violations, close } = await openPage(browser, `${server.http}/trace/${traceId(2)}`);
  await page.getByText(`200,000 spans of ${total.toLocaleString('en')} spans are loaded`).waitFor();
  const grid = page.getByRole('treegrid');
  await eventually(async () => assert.equal(await grid.getAttribute('aria-rowcount'), '200000'));
  await page.getByRole('row', { name: /chunk 0 .*not loaded/ }).waitFor();
  await eventually(async () => assert.equal(await page.getByRole('button', { name: 'Critical path' }).isDisabled(), true));

  // Half a chunk in view: it is loaded whole, and most of the others are not.
  await page.goto(`${server.http}/trace/${traceId(2)}?zoom=700000000-700500000&find=chunk+700`);
  await page.getByText('1 of 1', { exact: true }).or(page.getByText('– of 1', { exact: true })).waitFor();
  await page.waitForFunction(() => Number(document.querySelector('[role=treegrid]').getAttribute('aria-rowcount')) < 2000);
  await page.getByLabel('Find spans').press('Enter');
  const found = page.getByRole('row', { name: /^Close chunk 700 /, selected: true });
  await found.waitFor();
  await eventually(async () => assert.doesNotMatch(await found.innerText(), /not loaded/));

  // Out again: the first part is still there.
  await page.getByRole('button', { name: 'Fit' }).click();
  await page.waitForFunction(() => document.querySelector('[role=treegrid]').getAttribute('aria-rowcount') === '200000');
  assert.deepEqual([complaints, await violations()], [[], []]);
  await close();

  // A span that is too short for the first part is loaded when the address names it.
  const linked = await openPage(browser, `${server.http}/trace/${traceId(2)}?span=${spanId(2, 2 + 500 * (items + 1) + 1)}`);
  await linked.page.getByRole('row', { name: /^item 0 /, selected: true }).waitFor();
  await linked.close();
});
