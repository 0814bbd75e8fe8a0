// Opens one large trace in a real Chromium and measures what a reader waits for: the first rows after the data arrived, and frames while scrolling, zooming and panning.
import { parseArgs } from 'node:util';
import { launch, openPage } from '../../tests/web/support/page.mjs';
import { startServer } from '../../tests/web/support/server.mjs';
import { spanId, traceId } from '../../tests/web/support/spans.mjs';

const options = parseArgs({ options: { spans: { type: 'string', default: '100000' }, frames: { type: 'string', default: '300' }, runs: { type: 'string', default: '3' } } }).values;
const [count, frameCount, runs] = ['spans', 'frames', 'runs'].map((name) => {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < 1) {
    console.error(`--${name} must be a whole number of 1 or more, not "${options[name]}"`);
    process.exit(2);
  }
  return value;
});

const services = ['hsi-backend', 'hsi-yolo26', 'hsi-nemotron', 'hsi-frontend'];
const stepNano = 300_000n;
const waitNano = 40_000_000_000n;

/** Branches of 2,000 spans, each ten deep again and again; half-way all wait for 40 s, so that the axis folds. One span in 997 fails, one in 500 links back. */
async function fill(server) {
  const start = BigInt(Date.now() - 600_000) * 1_000_000n;
  const spans = services.map(() => []);
  const half = Math.floor(count / 2);
  const end = BigInt(count) * stepNano + waitNano;
  const add = (i, span) => spans[i % 4].push({ traceId: traceId(1), kind: 1, ...span });
  for (let i = 0; i < count - 1; i++) {
    const parent = i === 0 ? null : i % 2000 === 1 || i % 2000 === 0 ? 0 : (i - 1) % 10 === 0 ? Math.floor(i / 2000) * 2000 + 1 : i - 1;
    const at = BigInt(i) * stepNano + (i >= half ? waitNano : 0n);
    const length = i === 0 ? end : BigInt(1 + (i % 50)) * stepNano;
    const until = i !== 0 && i < half && BigInt(i) * stepNano + length > BigInt(half) * stepNano ? BigInt(half) * stepNano : at + length;
    add(i, {
      spanId: spanId(1, i + 1), ...(parent === null ? {} : { parentSpanId: spanId(1, parent + 1) }), name: `step ${i % 37}`, startTimeUnixNano: String(start + at), endTimeUnixNano: String(start + until),
      ...(i % 997 === 5 ? { status: { code: 2, message: 'timeout' } } : {}), ...(i % 500 === 499 ? { links: [{ traceId: traceId(1), spanId: spanId(1, i - 100) }] } : {}),
    });
  }
  add(0, { spanId: spanId(1, count), parentSpanId: spanId(1, 1), name: 'batch_wait', startTimeUnixNano: String(start + BigInt(half) * stepNano), endTimeUnixNano: String(start + BigInt(half) * stepNano + waitNano), attributes: [{ key: 'wait.kind', value: { stringValue: 'batch_window' } }] });
  for (const [index, list] of spans.entries())
    for (let from = 0; from < list.length; from += 5000)
      await server.send({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: services[index] } }] }, scopeSpans: [{ spans: list.slice(from, from + 5000) }] }] });
}

/** Notes when the trace's JSON was parsed, and the second frame after its first row was in the document. */
function watch() {
  const original = Response.prototype.json;
  Response.prototype.json = async function () {
    const received = performance.now();
    const value = await original.call(this);
    if (this.url.includes('/traces/')) globalThis.received ??= received;
    return value;
  };
  new MutationObserver(() => {
    if (globalThis.painted === undefined && document.querySelector('.sp') !== null) requestAnimationFrame(() => requestAnimationFrame(() => (globalThis.painted ??= performance.now())));
  }).observe(document, { childList: true, subtree: true });
}

/** One action a frame; what each frame took, in milliseconds. */
const frames = (page, action) =>
  page.evaluate(
    async ({ what, length }) => {
      const [rows, timeline] = [document.querySelector('.rows'), document.querySelector('.tl')];
      const wheel = (change) => timeline.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, ...change }));
      const times = [];
      await new Promise((resolve) => requestAnimationFrame(resolve));
      let last = performance.now();
      for (let i = 0; i < length; i++) {
        if (what === 'scroll') rows.scrollTop += 220;
        else if (what === 'jump') rows.scrollTop = ((i * 7919) % 997) * (rows.scrollHeight / 997);
        else if (what === 'zoom') wheel({ ctrlKey: true, deltaY: i % 60 < 30 ? -40 : 40 });
        else wheel({ shiftKey: true, deltaY: i % 60 < 30 ? 30 : -30 });
        await new Promise((resolve) => requestAnimationFrame(resolve));
        times.push(performance.now() - last);
        last = performance.now();
      }
      return times;
    },
    { what: action, length: frameCount },
  );

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
const median = (values) => quantile(values.toSorted((a, b) => a - b), 0.5);

async function measure(browser, address) {
  const opened = await openPage(browser, null);
  const { page } = opened;
  await page.addInitScript(watch);
  await page.goto(address);
  await page.waitForFunction(() => globalThis.painted !== undefined);
  const found = { 'first paint after the data arrived, ms': await page.evaluate(() => globalThis.painted - globalThis.received), 'from the address to the first paint, ms': await page.evaluate(() => globalThis.painted) };
  for (const [name, action] of [['scrolling by 10 rows a frame', 'scroll'], ['scrolling to anywhere', 'jump'], ['zooming at the pointer', 'zoom'], ['panning', 'pan']]) {
    if (action === 'pan') for (let i = 0; i < 10; i++) await page.keyboard.press('w');
    const times = (await frames(page, action)).sort((a, b) => a - b);
    found[`${name}, frames a second`] = (1000 * times.length) / times.reduce((sum, time) => sum + time, 0);
    found[`${name}, 95th percentile of a frame, ms`] = quantile(times, 0.95);
    found[`${name}, longest frame, ms`] = times.at(-1);
  }
  found['memory of the page, MB'] = (await page.evaluate(() => performance.memory.usedJSHeapSize)) / 1e6;
  if (opened.complaints.length > 0) throw new Error(`the browser complained: ${opened.complaints.join('; ')}`);
  await opened.close();
  return found;
}

const server = await startServer();
const browser = await launch();
try {
  await fill(server);
  const all = [];
  for (let run = 0; run < runs; run++) all.push(await measure(browser, `${server.http}/trace/${traceId(1)}`));
  console.log(`A trace of ${count.toLocaleString('en')} spans, 1440 x 900, medians of ${runs} openings, ${frameCount} frames each:\n`);
  for (const name of Object.keys(all[0])) console.log(`${name.padEnd(70)} ${median(all.map((one) => one[name])).toFixed(1).padStart(8)}`);
} finally {
  await browser.close();
  await server.stop();
}
