// The chart above the list, what is marked on it, the columns of the list, and live follow, in a real browser against the real server.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertAccessible, idle, launch, openPage, place, steady } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, traceId, traceRequest } from './support/spans.mjs';

const minute = 60_000;
/** The moment that all is told from: a whole minute, so that columns are known. */
const base = Math.floor(Date.now() / minute) * minute - 30 * minute;
const nano = (millis) => String(BigInt(millis) * 1_000_000n);
const range = `from=${nano(base)}&to=${nano(base + 20 * minute)}`;
let server, browser, opened;

before(async () => {
  server = await startServer();
  browser = await launch();
  await server.send(imageTrace(1, base + 2 * minute, { wait: 41_200, failure: true }));
  await server.send(imageTrace(2, base + 5 * minute, { wait: 5_000 }));
  await server.send(shortTrace(3, base + 10 * minute, { millis: 47 }));
  await server.send(shortTrace(4, base + 11 * minute, { millis: 470, error: 'validation_error' }));
  await server.send(shortTrace(5, base + 15 * minute, { millis: 20 }));
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
  opened = await openPage(browser, path === null ? null : `${server.http}${path}`, options);
  return opened.page;
};
const settled = (page) => page.locator('main.traces[aria-busy="false"]').waitFor();
const rows = (page) => page.getByRole('grid', { name: 'Traces' }).locator('.li');
const ids = (page) => rows(page).locator('.c-root a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
const chart = (page) => page.getByRole('slider', { name: 'Traces over time' });
/** The list is there, and the chart with what it is read aloud from. */
const drawn = async (page) => {
  await settled(page);
  await page.getByRole('table', { name: 'Traces over time' }).waitFor();
};
/** Moves the pointer down a column of the chart until `isThere`, and answers how far down that is. */
const pointed = (page, x, [from, to, step], isThere) =>
  eventually(async () => {
    for (let y = from; y < to; y += step) {
      await page.mouse.move(x, y);
      await idle(page);
      if (await isThere()) return y;
    }
    return assert.fail(`nothing is found in the chart at ${x}`);
  });
const links = (...numbers) => numbers.map((n) => `/trace/${traceId(n)}`);
const sum = (page) => page.locator('.sum').innerText().then((text) => text.replace(/\s+/g, ' '));
/** Drags from one place of the chart to another; x as a share of the range, y in pixels of the chart. */
const drag = async (page, [x0, y0], [x1, y1]) => {
  const box = await place(chart(page));
  const at = (x) => box.x + 60 + x * (box.width - 76);
  await page.mouse.move(at(x0), box.y + y0);
  await page.mouse.down();
  await page.mouse.move(at((x0 + x1) / 2), box.y + (y0 + y1) / 2);
  await page.mouse.move(at(x1), box.y + y1);
  await page.mouse.up();
};

describe('the chart', () => {
  it('tells who does not see it what it shows', async () => {
    const page = await open(`/search?${range}`);
    await drawn(page);
    const counts = () => page.getByRole('table', { name: 'Traces over time' }).locator('tbody tr').evaluateAll((lines) => lines.map((line) => [...line.querySelectorAll('td')].map((cell) => Number(cell.textContent))));
    await eventually(async () => assert.deepEqual((await counts()).reduce(([traces, errors], [t, e]) => [traces + t, errors + e], [0, 0]), [5, 2]));
  });

  it('marks time when it is dragged in the strip, lists just that, and lets it go by Escape', async () => {
    const page = await open(`/search?${range}`);
    await drawn(page);
    await drag(page, [0.45, 145], [0.65, 140]);
    await page.waitForURL(/brush=\d+-\d+$/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), links(4, 3)));
    await eventually(async () => assert.match(await sum(page), /^2 traces in the brushed range of 5 · × 1 with errors \(50 %\)/));
    await eventually(async () => assert.match(await page.locator('.brushchip').innerText(), /2 traces · 1 with errors$/));
    await page.reload();
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), links(4, 3), 'the mark is in the address'));
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.search.includes('brush'));
    await settled(page);
    await eventually(async () => assert.equal((await ids(page)).length, 5));
  });

  it('marks durations too when it is dragged in the scatter', async () => {
    const page = await open(`/search?${range}`);
    await drawn(page);
    // Above a second: the two images.
    await drag(page, [0.01, 4], [0.99, 40]);
    await page.waitForURL(/brush=\d+-\d+-\d+-\d+$/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), links(2, 1)));
    await page.getByRole('button', { name: 'Clear brush' }).click();
    await settled(page);
    await eventually(async () => assert.equal((await ids(page)).length, 5));
  });

  it('moves a mark that is dragged or stepped by keys, and stretches it by an edge', async () => {
    const page = await open(`/search?${range}`);
    await drawn(page);
    // The mark is drawn, and says what it holds.
    const marked = () => page.locator('.brushchip').getByText(/with errors$/).waitFor();
    await drag(page, [0.45, 145], [0.65, 140]);
    await page.waitForURL(/brush=\d+-\d+$/);
    await marked();
    const bounds = () => /brush=(\d+)-(\d+)/.exec(page.url()).slice(1).map(BigInt);
    const [from, to] = bounds();
    await drag(page, [0.55, 145], [0.75, 145]);
    await page.waitForURL((url) => !url.search.includes(`${from}-`));
    const [movedFrom, movedTo] = bounds();
    const length = Number(to - from);
    assert.ok(movedFrom > from && Math.abs(Number(movedTo - movedFrom) / length - 1) < 0.02, 'a mark that is moved keeps its length');
    await marked();
    await drag(page, [0.85, 145], [0.95, 145]);
    await page.waitForURL((url) => !url.search.includes(`-${movedTo}`));
    const [sameFrom, laterTo] = bounds();
    assert.ok(Math.abs(Number(sameFrom - movedFrom) / length) < 0.02 && laterTo > movedTo, `only the edge that is dragged moves: ${[from, to, movedFrom, movedTo, sameFrom, laterTo]}`);
    await marked();
    await chart(page).focus();
    await page.keyboard.press('Control+ArrowLeft');
    await page.waitForURL((url) => !url.search.includes(`-${laterTo}`));
    const [earlier] = bounds();
    assert.ok(earlier < sameFrom, 'Ctrl and an arrow move it by a column');
  });

  it('gives up a drag by Escape', async () => {
    const page = await open(`/search?${range}`);
    await drawn(page);
    const box = await place(chart(page));
    await page.mouse.move(box.x + 200, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 80);
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await eventually(() => assert.doesNotMatch(page.url(), /brush/));
  });

  it('opens a trace that is clicked, and says before which', async () => {
    const page = await open(`/search?${range}&q=camera.name%3Dfront_door+error%3Dtrue`);
    await drawn(page);
    const box = await place(chart(page));
    // The only dot: it is looked for along its column.
    const x = box.x + 60 + (2 / 20) * (box.width - 76);
    const y = await pointed(page, x, [box.y + 8, box.y + 115, 3], async () => (await page.locator('.plot.pointing').count()) === 1);
    await eventually(async () => assert.match(await page.locator('.chart .tip').innerText(), /44\.3\s*s · 3 failed spans/));
    await page.mouse.click(x, y);
    await page.waitForURL(new RegExp(`/trace/${traceId(1)}`));
  });

  it('is moved through and marked by keys', async () => {
    const page = await open(`/search?${range}`);
    await drawn(page);
    await chart(page).focus();
    await page.keyboard.press('Home');
    await eventually(async () => assert.match(await chart(page).getAttribute('aria-valuetext'), /, 0 traces$/));
    await page.keyboard.press('End');
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Enter');
    await page.waitForURL(/brush=/);
    await settled(page);
    await eventually(async () => assert.equal((await ids(page)).length, 5));
    await eventually(async () => assert.match(await sum(page), /5 traces in the brushed range of 5/));
  });

  it('says so when nothing matches, and keeps its place', async () => {
    const page = await open(`/search?${range}&q=nothing-like-it`);
    await page.getByText('No trace in this range matches').waitFor();
    await eventually(async () => assert.equal((await page.locator('.chart').boundingBox()).height, 176));
  });

  it('shows many traces as cells that can be marked', async () => {
    const start = base + 60 * 60_000 * -5;
    const request = { resourceSpans: [] };
    for (let i = 0; i < 2100; i++) request.resourceSpans.push(...traceRequest(20_000 + i, start + i * 100, [{ id: 1, service: 'bulk', name: 'many', at: 0, for: i % 7 === 0 ? 900 : 30 }]).resourceSpans);
    await server.send(request);
    const page = await open(`/search?from=${nano(start)}&to=${nano(start + 210_000)}&service=bulk`);
    await settled(page);
    await eventually(async () => assert.match(await sum(page), /2,100 traces match/));
    await drawn(page);
    const box = await place(chart(page));
    const tip = page.locator('.chart .tip');
    const y = await pointed(page, box.x + 500, [box.y + 10, box.y + 115, 2], async () => (await tip.count()) === 1);
    const traces = Number(/(\d+) traces?/.exec(await steady(page, () => tip.innerText()))[1]);
    await page.mouse.click(box.x + 500, y);
    await page.waitForURL(/brush=\d+-\d+-\d+-\d+$/);
    await settled(page);
    await eventually(async () => assert.match(await sum(page), new RegExp(`^${traces} traces? in the brushed range of 2,100`)));
  });

  it('says when it could not be loaded, and is tried again', async () => {
    const page = await open(null);
    let broken = true;
    await page.route(/search\/distribution/, (route) => (broken ? route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"title":"broken","status":500}' }) : route.continue()));
    await page.goto(`${server.http}/search?${range}`);
    await page.getByText('The chart could not be loaded.').waitFor();
    await eventually(async () => assert.equal((await ids(page)).length, 5, 'the list does not need the chart'));
    broken = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('table', { name: 'Traces over time' }).waitFor();
    // The browser itself notes the answer 500.
    opened.complaints.splice(0, opened.complaints.length, ...opened.complaints.filter((text) => !/status of 500/.test(text)));
  });
});

describe('the line above the list', () => {
  it('says quantiles and waiting over all matches', async () => {
    const page = await open(`/search?${range}`);
    await settled(page);
    await page.getByText(/of the time is waiting/).waitFor();
    await eventually(async () => assert.match(await sum(page), /^5 traces in this time range · × 2 with errors \(40 %\) · p50 470 ms p95 44\.3 s p99 44\.3 s · 95 % of the time is waiting newest first, over all 5$/));
  });
});

describe('the rows', () => {
  it('draw who worked and who waited', async () => {
    const page = await open(`/search?${range}`);
    await settled(page);
    const shape = rows(page).nth(3).locator('.shape');
    await shape.locator('i.hatch').first().waitFor();
    await eventually(async () => assert.match(await shape.getAttribute('aria-label'), /waits: batch window 5\.00/));
    const end = await steady(page, () => shape.locator('i').evaluateAll((pieces) => Math.max(...pieces.map((piece) => piece.offsetLeft + piece.offsetWidth))));
    assert.ok(end <= 153, 'the shape stays in its column');
    await eventually(async () => assert.ok((await rows(page).nth(4).locator('.shape i.failed').count()) > 0, 'the failed part is marked'));
  });

  it('are asked for their shapes together, and only those in view', async () => {
    const page = await open(null);
    const asked = [];
    page.on('request', (request) => request.url().includes('/traces/shapes') && asked.push(new URL(request.url()).searchParams.getAll('id').length));
    await page.goto(`${server.http}/search?${range}`);
    await rows(page).nth(0).locator('.shape i').first().waitFor();
    assert.deepEqual(asked, [5]);
  });

  it('are selected by key and by box, and two of them go to be compared', async () => {
    const page = await open(`/search?${range}`);
    await settled(page);
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.waitForURL(/select=/);
    const bar = page.getByRole('region', { name: 'Traces to compare' });
    await eventually(async () => assert.match(await bar.innerText(), /1 selected/));
    await eventually(async () => assert.equal(await bar.getByRole('button', { name: 'Compare' }).getAttribute('aria-disabled'), 'true'));
    await rows(page).nth(4).getByRole('checkbox').click();
    await eventually(async () => assert.match((await bar.innerText()).replace(/\s+/g, ' '), /2 selected A 20\.0 ms .* B 44\.3 s .*out_of_memory|2 selected A 20\.0 ms .* B 44\.3 s/));
    await page.keyboard.press('c');
    await page.waitForURL(`${server.http}/compare?a=${traceId(5)}&b=${traceId(1)}`);
    await page.goBack();
    await settled(page);
    await eventually(async () => assert.match(await bar.innerText(), /2 selected/));
    await bar.getByRole('button', { name: 'Clear' }).click();
    await bar.waitFor({ state: 'detached' });
  });
});

describe('live follow', () => {
  it('shows what comes, waits while a part is marked, and tells how many came', async () => {
    const page = await open('/search?range=all&service=live-test');
    await settled(page);
    const send = (number, name) => server.send(traceRequest(number, Date.now() - 200, [{ id: 1, service: 'live-test', name, at: 0, for: 100 }]));
    await send(501, 'first');
    await page.keyboard.press('r');
    await page.getByRole('link', { name: 'first' }).waitFor();
    await page.getByRole('button', { name: 'Live' }).click();
    await page.waitForURL(/live=1/);
    await send(502, 'second');
    await page.getByRole('link', { name: 'second' }).waitFor();
    await chart(page).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Enter');
    await page.waitForURL(/brush=/);
    await page.getByRole('button', { name: 'Paused' }).waitFor();
    await send(503, 'third');
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await eventually(async () => assert.equal(await page.getByRole('link', { name: 'third' }).count(), 0));
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'third' }).waitFor();
  });

  it('is not offered for a range that stands still, and says why', async () => {
    const page = await open(`/search?${range}`);
    await settled(page);
    const button = page.getByRole('button', { name: 'Live' });
    await eventually(async () => assert.equal(await button.getAttribute('aria-disabled'), 'true'));
    await eventually(async () => assert.match(await button.getAttribute('title'), /stands still/));
  });
});

for (const [width, theme] of [[400, 'dark'], [1000, 'light'], [1440, 'dark'], [2560, 'light']]) {
  it(`at ${width} px nothing sticks out, and axe finds nothing (${theme})`, async () => {
    const page = await open(`/search?${range}&brush=${nano(base)}-${nano(base + 12 * minute)}&select=${traceId(3)}&select=${traceId(1)}`, { width, theme });
    await drawn(page);
    await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true));
    await assertAccessible(page);
  });
}
