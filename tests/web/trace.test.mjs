// The trace screen in a real browser against the real server.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { axisWidth, launch, openPage, place, steady } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, spanId, traceId, traceRequest } from './support/spans.mjs';

let server, browser, opened;
const minute = 60_000;

before(async () => {
  server = await startServer();
  browser = await launch();
  const now = Date.now();
  await server.send(imageTrace(1, now - 10 * minute, { wait: 41_200, failure: true }));
  await server.send(shortTrace(2, now - 9 * minute));
  await server.send(
    traceRequest(3, now - 8 * minute, [
      { id: 2, parent: 1, service: 'hsi-backend', name: 'orphaned_work', kind: 'server', at: 0, for: 50, links: [{ trace: 2, span: 2 }] },
      { id: 3, parent: 2, service: 'hsi-yolo26', name: 'outlives', at: 10, for: 100 },
    ]),
  );
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  await opened.page.getByRole('treegrid').waitFor();
  return opened.page;
};
afterEach(async () => {
  const [violations, complaints] = [await opened.violations(), opened.complaints];
  await opened.close();
  assert.deepEqual(violations, [], 'the content security policy was violated');
  assert.deepEqual(complaints, [], 'the browser complained');
});

const rows = (page) => page.getByRole('treegrid').locator('.sp');
const names = (page) => rows(page).locator('.nm > .trunc:not(.at)').allInnerTexts();
const row = (page, name, nth = 0) => rows(page).filter({ has: page.locator('.nm > .trunc:not(.at)').getByText(name, { exact: true }) }).nth(nth);
const panel = (page) => page.getByRole('complementary', { name: 'Span details' });
const bar = (page, name, nth = 0) =>
  steady(page, async () => {
    const box = await row(page, name, nth).locator('[data-bar]').boundingBox();
    const lane = await row(page, name, nth).locator('.gr').boundingBox();
    return { left: box.x - lane.x, width: box.width, lane: await axisWidth(page) };
  });

describe('a trace of the pipeline', () => {
  let page;
  beforeEach(async () => {
    // The folded axis has tests of its own; here a place in the lane is a time.
    page = await open(`/trace/${traceId(1)}?axis=linear`);
  });

  it('is told in a sentence with its figures', async () => {
    await eventually(async () => assert.equal((await page.locator('.story').innerText()).replaceAll('\u2009', ' '), '41.2 s of 44.3 s waited for the batch window, then 2.00 s in retry backoff. All work together took 1.04 s; the most of it is 560 ms in llm_inference of hsi-nemotron. out_of_memory in llm_inference of hsi-nemotron, and 2 more failed spans. nemotron-nano-12b-v2-vl read 5,742 tokens and wrote 96 in 2 calls.'));
    const facts = async () => (await page.locator('.facts').innerText()).replaceAll('\u2009', ' ').replace(/\s*\n\s*/g, ' ');
    await eventually(async () => assert.match(await facts(), /Duration 44\.3 s Working 1\.04 s Waiting 43\.3 s Spans 25 Tokens 5,742 \+ 96 Start/));
    await eventually(async () => assert.match(await page.locator('.tline').innerText(), /3 errors\s+Complete/));
    await eventually(async () => assert.match(await page.title(), /^Process Detection · /));
  });

  it('stands as a tree, nested as its parents say', async () => {
    await eventually(async () => assert.equal(await rows(page).count(), 25));
    await eventually(async () => assert.deepEqual((await names(page)).slice(0, 6), ['Process Detection', 'receive_image', 'decode_jpeg', 'detect_objects', 'detect_objects', 'gpu_queue']));
    await eventually(async () => assert.deepEqual(await rows(page).evaluateAll((all) => all.slice(0, 6).map((one) => one.getAttribute('aria-level'))), ['1', '2', '3', '2', '3', '4']));
  });

  it('has bars whose place and width are the time of their spans', async () => {
    const total = 44_266; // ms, root start to the end of the last span
    const wait = await bar(page, 'batch_wait');
    assert.ok(Math.abs(wait.width / wait.lane - 41_200 / total) < 0.004, `batch_wait is ${wait.width} of ${wait.lane}`);
    assert.ok(Math.abs(wait.left / wait.lane - 303 / total) < 0.004, `batch_wait begins at ${wait.left}`);
    const analysis = await bar(page, 'analyze_batch');
    assert.ok(analysis.left >= wait.left + wait.width - 1, 'what comes after the wait is drawn after it');
    const short = await bar(page, 'parse_response');
    assert.ok(short.width >= 2, 'a short span can be seen');
    // Colour by service, waits hatched, errors outlined with their word beside.
    const colour = (name, nth) => row(page, name, nth).locator('[data-bar]').evaluate((element) => getComputedStyle(element).backgroundColor);
    await eventually(async () => assert.equal(await colour('receive_image'), await colour('save_event')));
    await eventually(async () => assert.notEqual(await colour('inference'), await colour('receive_image')));
    await eventually(async () => assert.match(await row(page, 'batch_wait').locator('[data-bar]').evaluate((element) => getComputedStyle(element).backgroundImage), /linear-gradient/));
    await eventually(async () => assert.match(await row(page, 'llm_inference').innerText(), /out_of_memory/));
    await eventually(async () => assert.match(await row(page, 'llm_inference').locator('[data-bar]').evaluate((element) => getComputedStyle(element).outlineStyle), /solid/));
    await eventually(async () => assert.equal(await row(page, 'Process Detection').locator('.tail').count(), 1));
  });

  it('shows everything about a span in the panel', async () => {
    await row(page, 'llm_inference').click();
    await page.waitForURL(new RegExp(`span=${spanId(1, 17)}`));
    const side = panel(page);
    await side.getByText('Stack trace').or(side.getByRole('list', { name: 'Stack trace' })).first().waitFor();
    await eventually(async () => {
      const text = (await side.innerText()).replaceAll('\u2009', ' ');
      assert.match(text, /hsi-nemotron · internal/);
      assert.match(text, /Duration\s+164 ms\s+Self\s+164 ms/);
      assert.match(text, /In trace\s+\+41\.5 s/);
      assert.match(text, /out_of_memory\s+KV cache needs 2\.31 GiB for 7 images, 0\.42 GiB of 24 GiB free on GPU 0/);
      assert.match(text, /KvCache\.Reserve\s+KvCache\.cs:118/);
      assert.match(text, /\+71\.9 ms\s+images_encoded count=7 tokens=2016/);
      assert.match(text, /gen_ai\.usage\.input_tokens\s+2871/);
      assert.match(text, /hsi-nemotron 2\.4\.1 · host edge-01 · pid 4127/);
      // Frames of the framework are folded until asked for.
      assert.doesNotMatch(text, /EndpointMiddleware/);
    });
    await side.getByRole('button', { name: '2 frames in Microsoft.AspNetCore' }).click();
    await side.getByText('EndpointMiddleware.Invoke').waitFor();
    await side.getByRole('button', { name: 'As it was sent' }).click();
    await eventually(async () => assert.match(await side.locator('.rawstack').innerText(), /line 118[\s\S]*EndpointMiddleware/));
  });

  it('treats what a span says as text, and links only to the web', async () => {
    await row(page, 'llm_inference').click();
    const side = panel(page);
    await side.getByText('<img src=x onerror=alert(1)>').waitFor();
    await eventually(async () => assert.equal(await side.locator('img').count(), 0));
    const link = side.getByRole('link', { name: 'https://example.com/oom' });
    await eventually(async () => assert.deepEqual([await link.getAttribute('target'), await link.getAttribute('rel')], ['_blank', 'noopener noreferrer']));
  });

  it('has tags that are searched and copied', async () => {
    await row(page, 'llm_inference').click();
    const side = panel(page);
    await side.getByRole('button', { name: 'Search the tags' }).click();
    await page.keyboard.type('camera');
    await eventually(async () => assert.deepEqual(await side.getByRole('region', { name: 'Tags' }).locator('dt').allInnerTexts(), ['camera.name']));
    await side.getByRole('region', { name: 'Tags' }).locator('.kv > div').hover();
    await side.getByRole('button', { name: 'Copy camera.name' }).click();
    await page.getByText('camera.name copied.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'front_door');
  });

  it('jumps along a link within the trace, and shows where links come from', async () => {
    await row(page, 'analyze_batch').click();
    await panel(page).getByRole('button', { name: /batch_detection/ }).click();
    await page.waitForURL(new RegExp(`span=${spanId(1, 10)}`));
    await panel(page).getByRole('button', { name: /from analyze_batch/ }).waitFor();
  });

  it('is moved through by keys', async () => {
    const selected = () => page.locator('.sp[aria-selected="true"] .nm > .trunc:not(.at)').innerText();
    for (const key of ['j', 'j', 'j']) await page.keyboard.press(key);
    await eventually(async () => assert.equal(await selected(), 'decode_jpeg'));
    await page.keyboard.press('k');
    await eventually(async () => assert.equal(await selected(), 'receive_image'));
    await page.keyboard.press('h');
    await eventually(async () => assert.equal(await rows(page).count(), 24));
    await page.keyboard.press('l');
    await eventually(async () => assert.equal(await rows(page).count(), 25));
    await page.keyboard.press('h');
    await page.keyboard.press('h');
    await eventually(async () => assert.equal(await selected(), 'Process Detection'));
    await page.keyboard.press('e');
    await eventually(async () => assert.equal(await selected(), 'http_request'));
    await page.keyboard.press('e');
    await eventually(async () => assert.equal(await selected(), 'analyze_batch'));
    await page.keyboard.press('E');
    await eventually(async () => assert.equal(await selected(), 'http_request'));
    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'hidden' });
    await page.getByRole('treegrid').focus();
    await page.keyboard.press('End');
    await eventually(async () => assert.equal(await selected(), 'db_query'));
    await page.keyboard.press('ArrowUp');
    await eventually(async () => assert.equal(await selected(), 'save_event'));
  });

  it('finds spans and steps from match to match', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('LLM');
    await page.getByText('– of 2').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('1 of 2').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Find spans').fill('build_prompt');
    await eventually(async () => assert.deepEqual(await page.locator('.sp').filter({ has: page.locator('.hit') }).locator('.nm > .trunc:not(.at)').allInnerTexts(), ['build_prompt', 'build_prompt']));
    await page.getByRole('button', { name: 'Next match (n)' }).click();
    await page.waitForURL(/find=build_prompt/);
    await page.getByRole('treegrid').focus();
    await page.getByText('2 of 2').waitFor();
    await page.keyboard.press('n');
    await page.getByText('1 of 2').waitFor();
    await page.keyboard.press('N');
    await page.getByText('2 of 2').waitFor();
  });

  it('brings out one service', async () => {
    await page.getByRole('toolbar').getByRole('button', { name: /hsi-yolo26/ }).click();
    await page.waitForURL(/service=hsi-yolo26/);
    await eventually(async () => assert.equal(await page.locator('.sp:not(.dim)').count(), 5));
    await eventually(async () => assert.equal(await page.locator('.sp.dim').count(), 20));
  });

  it('closes and opens by depth', async () => {
    const less = page.getByRole('button', { name: 'Depth −, one level less' });
    for (let shown = await rows(page).count(); shown > 1; shown = await rows(page).count()) {
      await less.click();
      await eventually(async () => assert.ok((await rows(page).count()) < shown, `${shown} spans are still shown`));
    }
    await eventually(async () => assert.equal(await less.isDisabled(), true));
    await eventually(async () => assert.equal(await rows(page).count(), 1));
    await eventually(async () => assert.match(await rows(page).innerText(), /\+24/));
    await page.getByRole('button', { name: 'Depth +, one level more' }).click();
    await eventually(async () => assert.equal(await rows(page).count(), 7));
    await page.waitForURL(/depth=1/);
  });

  it('zooms by drag, key, button and wheel, and the address holds it', async () => {
    const ruler = await place(page.locator('.ruler'));
    const drag = async (from, to) => {
      await page.mouse.move(ruler.x + from, ruler.y + 10);
      await page.mouse.down();
      await page.mouse.move(ruler.x + (from + to) / 2, ruler.y + 10);
      await page.mouse.move(ruler.x + to, ruler.y + 10);
      await page.mouse.up();
    };
    await drag(ruler.width * 0.9, ruler.width);
    await page.waitForURL(/zoom=\d+-\d+/);
    const [from, to] = /zoom=(\d+)-(\d+)/.exec(page.url()).slice(1).map(Number);
    assert.ok(Math.abs(from / to - 0.9) < 0.01, `${from} to ${to}`);
    await eventually(async () => {
      const analysis = await bar(page, 'analyze_batch');
      assert.ok(analysis.width > analysis.lane * 0.5, 'the bars grow with the zoom');
    });
    const at = page.url();
    await page.keyboard.press('a');
    await page.waitForURL((url) => url.href !== at);
    await page.keyboard.press('0');
    await page.waitForURL((url) => !url.href.includes('zoom'));
    await page.mouse.move(ruler.x + ruler.width * 0.5, ruler.y + 200);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -300);
    await page.keyboard.up('Control');
    await page.waitForURL(/zoom=/);
    await eventually(() => {
      const [left, right] = /zoom=(\d+)-(\d+)/.exec(page.url()).slice(1).map(Number);
      assert.ok(Math.abs((left + right) / 2 / 44.266e9 - 0.5) < 0.02, 'the time at the pointer stays');
    });
    await page.getByRole('button', { name: 'Fit the whole trace' }).click();
    await page.waitForURL((url) => !url.href.includes('zoom'));
    const map = await place(page.locator('.minimap'));
    await page.mouse.move(map.x + map.width * 0.2, map.y + 16);
    await page.mouse.down();
    await page.mouse.move(map.x + map.width * 0.4, map.y + 16);
    await page.mouse.up();
    await page.waitForURL(/zoom=8\d{9}-17\d{9}/);
  });

  it('tells the time below the pointer', async () => {
    const ruler = await place(page.locator('.ruler'));
    await page.mouse.move(ruler.x + ruler.width / 2, ruler.y + 300);
    await eventually(async () => assert.match((await page.locator('.hairline span').innerText()).replaceAll('\u2009', ' '), /^22\.1\d s$/));
    await page.mouse.move(ruler.x - 100, ruler.y + 300);
    await eventually(async () => assert.equal(await page.locator('.hairline').isVisible(), false));
  });

  it('looks the same when its address is opened anew', async () => {
    await page.keyboard.press('e');
    await page.keyboard.press('w');
    await page.keyboard.press('w');
    await page.getByLabel('Find spans').fill('prompt');
    await page.waitForURL(/span=.*zoom=.*find=prompt/);
    await panel(page).getByText('retry.attempt').waitFor();
    const look = () => page.evaluate(() => [...document.querySelectorAll('.sp')].map((one) => [one.id, one.className, ...[...one.querySelectorAll('[data-bar]')].map((bar) => [bar.style.left, bar.style.width])]));
    const before = await steady(page, look);
    await page.reload();
    await panel(page).getByText('retry.attempt').waitFor();
    await eventually(async () => assert.deepEqual(await look(), before));
  });

  it('copies a link and the trace id, and downloads the trace', async () => {
    await page.getByRole('button', { name: 'Copy a link to what is shown' }).click();
    await page.getByText('Link copied.').waitFor();
    await page.getByRole('button', { name: /Copy the trace id/ }).click();
    await page.getByText('Trace id copied.').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), traceId(1));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the trace as OTLP JSON' }).click()]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    assert.ok(JSON.parse(Buffer.concat(chunks).toString()).resourceSpans.length >= 3);
  });

  it('keeps the widths that the user drags', async () => {
    await row(page, 'inference').click();
    await page.waitForURL(/span=/);
    const edge = await place(panel(page).getByRole('separator'));
    await page.mouse.move(edge.x + 4, edge.y + 300);
    await page.mouse.down();
    await page.mouse.move(edge.x - 96, edge.y + 300);
    await page.mouse.up();
    await eventually(async () => assert.equal((await panel(page).boundingBox()).width, 448));
    await page.reload();
    await panel(page).waitFor();
    await eventually(async () => assert.equal((await panel(page).boundingBox()).width, 448));
  });
});

it('a trace that is not complete says so and shows where', async () => {
  const page = await open(`/trace/${traceId(3)}`);
  await page.getByRole('button', { name: 'Partial' }).click();
  await page.getByText('The root span did not arrive').waitFor();
  await page.getByText('1 span names a parent that did not arrive').waitFor();
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.waitForURL(new RegExp(`span=${spanId(3, 2)}`));
  await panel(page).getByText(/Check that the service of the parent exports/).waitFor();
  await eventually(async () => assert.equal(await page.locator('.bar.orphan').count(), 1));
  await eventually(async () => assert.equal(await row(page, 'orphaned_work').locator('.tail').count(), 1));
  // A link to another trace leads there, to the span.
  await panel(page).getByRole('link', { name: /to trace/ }).click();
  await page.waitForURL(new RegExp(`/trace/${traceId(2)}\\?span=${spanId(2, 2)}`));
  await page.getByRole('heading', { name: 'fetch GET /api/events' }).waitFor();
});

it('below 1200 px the panel lies over the timeline', async () => {
  const page = await open(`/trace/${traceId(1)}`, { width: 1000 });
  const before = await place(page.locator('.tl'));
  await row(page, 'inference').click();
  await panel(page).waitFor();
  await eventually(async () => assert.deepEqual(await page.locator('.tl').boundingBox(), before));
});
