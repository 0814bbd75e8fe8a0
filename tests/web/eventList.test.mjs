// Many events: the list loads as one scrolls, the picture counts all of them and narrows the time, and a trace finds its event wherever it lies.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, afterEach, before, it } from 'node:test';
import { assertAccessible, launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, traceId } from './support/spans.mjs';

const many = 1234;
const now = Date.now();
const levels = ['low', 'medium', 'high', 'critical', 'unknown'];
const cameras = [['front_door', 'Front door'], ['driveway', 'Driveway']];
const iso = (millis) => new Date(millis).toISOString();
/** One each 2 s, the newest with the highest id; ten images of three traces in each hundredth. */
const events = Array.from({ length: many }, (_, index) => {
  const id = many - index;
  const began = now - 60_000 - index * 2000;
  const [cameraId, cameraName] = cameras[id % 2];
  const images = Array.from({ length: id % 100 === 0 ? 10 : 1 }, (_, image) => ({ imageId: `i${image}`, receivedAt: iso(began + image * 100), sha256: 'x', detections: 'person', traceId: traceId(id * 10 + (image % 3)) }));
  return {
    id, batchId: `batch-${id}`, cameraId, cameraName, startedAt: iso(began), endedAt: iso(began + 1500), closeReason: 'window', riskScore: id % 100, riskLevel: levels[id % 5], summary: `What happened at ${id}`,
    reasoning: 'A person.', model: 'rules', fallback: false, fallbackReason: null, traceId: images[0].traceId, images,
  };
});

function answer({ pathname, searchParams }) {
  const given = (name) => searchParams.get(name);
  const at = (event) => Date.parse(event.startedAt);
  const meets = (event, withCamera = true) =>
    (given('riskLevel') ?? event.riskLevel) === event.riskLevel && (!withCamera || (given('camera') ?? event.cameraId) === event.cameraId) && (given('from') === null || at(event) >= Date.parse(given('from'))) &&
    (given('to') === null || at(event) < Date.parse(given('to'))) && (given('trace') === null || event.images.some((image) => image.traceId === given('trace')));
  const one = /^\/api\/events\/(\d+)$/.exec(pathname);
  if (one !== null) return events.find(({ id }) => id === Number(one[1]));
  const found = events.filter((event) => meets(event));
  if (pathname === '/api/events/counts') {
    const steps = Number(given('steps'));
    const [from, to] = [given('from') ?? found.at(-1)?.startedAt ?? null, given('to') ?? (found.length === 0 ? null : iso(at(found[0]) + 1))];
    const counted = {};
    for (const event of found) (counted[event.riskLevel] ??= Array(steps).fill(0))[Math.min(steps - 1, Math.floor(((at(event) - Date.parse(from)) / (Date.parse(to) - Date.parse(from))) * steps))]++;
    const shown = events.filter((event) => meets(event, false));
    return { from, to, total: found.length, levels: counted, cameras: cameras.map(([id, name]) => ({ id, name, events: shown.filter(({ cameraId }) => cameraId === id).length })).filter((camera) => camera.events > 0) };
  }
  const rest = found.filter(({ id }) => given('before') === null || id < Number(given('before')));
  const page = rest.slice(0, Number(given('limit') ?? 50));
  return { events: page, next: rest.length > page.length ? page.at(-1).id : null };
}

let api, server, browser, opened;
before(async () => {
  browser = await launch();
  api = http.createServer((request, response) => {
    const body = answer(new URL(request.url, 'http://x'));
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': body === undefined ? 'application/problem+json' : 'application/json' }).end(JSON.stringify(body ?? { title: 'Not found', detail: 'No.' }));
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  server = await startServer(['--events-url', `http://127.0.0.1:${api.address().port}/api/events`]);
  await server.send(imageTrace(30, now - 60_000));
});
after(async () => {
  await browser?.close();
  await server?.stop();
  api?.closeAllConnections();
  api?.close();
});
afterEach(async () => {
  const [violations, complaints] = [await opened.violations(), opened.complaints.filter((line) => !/status of 404/.test(line))];
  await opened.close();
  assert.deepEqual([violations, complaints], [[], []]);
});
const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
const list = (page) => page.getByRole('table', { name: 'Events' });
const rows = (page) => list(page).locator('.esizer [role=row]');
const status = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();

it('has only the rows in view in the document, and loads the others as one scrolls, to the last', async () => {
  const page = await open('/events?range=all');
  await list(page).getByText(`What happened at ${many}`, { exact: true }).waitFor();
  await status(page, '1,234 events');
  await eventually(async () => assert.equal(await list(page).getAttribute('aria-rowcount'), String(many + 1)));
  await eventually(async () => assert.ok((await rows(page).count()) < 100));
  await page.waitForFunction(() => {
    const table = document.querySelector('.etable');
    table.scrollTop = table.scrollHeight;
    return /All 1,234 events shown/.test(table.textContent);
  });
  await list(page).getByText('What happened at 1', { exact: true }).waitFor();
  await eventually(async () => assert.ok((await rows(page).count()) < 100));
  // And back where the reader was.
  await list(page).getByRole('link', { name: /of event 1$/ }).click();
  await page.waitForURL('**/trace/**');
  await page.goBack();
  await list(page).waitFor();
  await page.waitForFunction(() => document.querySelector('.etable').scrollTop > 1000);
});

it('counts all events by risk over time; dragging narrows the time, a level’s name and a camera narrow the rest', async () => {
  const page = await open('/events?range=all');
  const plot = page.getByRole('img', { name: /^1,234 events from .*: .*critical/ });
  await plot.waitFor();
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 30, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=\d+&to=\d+/);
  const [, from, to] = /from=(\d+)&to=(\d+)/.exec(page.url());
  const inside = events.filter(({ startedAt }) => Date.parse(startedAt) >= Number(BigInt(from) / 1_000_000n) && Date.parse(startedAt) < Number(BigInt(to) / 1_000_000n)).length;
  assert.ok(inside > 50 && inside < 300, String(inside));
  await status(page, `${inside} events`);
  await page.getByRole('group', { name: 'Events of each level' }).getByRole('button', { name: /critical/ }).click();
  await page.waitForURL(/risk=critical/);
  // Not by its label, which has a count that may still change.
  await page.getByRole('combobox', { name: 'Camera' }).selectOption('front_door');
  await page.waitForURL(/camera=front_door/);
  await page.reload();
  await rows(page).first().waitFor();
  for (const text of await rows(page).allInnerTexts()) assert.match(text, /critical[\s\S]*Front door/);
  await page.getByRole('group', { name: 'Events of each level' }).getByRole('button', { name: /critical/ }).click();
  await page.waitForURL((url) => !url.search.includes('risk='));
});

it('finds the event of a trace however many there are around it, and shows all traces that its batch joined', async () => {
  const page = await open(`/trace/${traceId(30)}`);
  // The third event of all: 1,231 are newer.
  await page.getByRole('link', { name: 'Event 3: critical risk' }).click();
  await page.waitForURL(/event=3$/);
  await page.getByRole('complementary', { name: 'The event' }).getByText('One image was judged by itself.').waitFor();
  await page.goto(`${server.http}/events?range=all&event=1200`);
  const panel = page.getByRole('complementary', { name: 'The event' });
  await panel.getByText('10 images of 3 traces were judged together.').waitFor();
  await eventually(async () => assert.equal(await panel.getByRole('link', { name: /^Trace of the image of/ }).count(), 10));
  await eventually(async () => assert.equal(await panel.getByText('carries the analysis').count(), 4));
  let targets;
  await eventually(async () => {
    targets = await panel.getByRole('link', { name: /^Trace of the image of/ }).evaluateAll((links) => [...new Set(links.map((link) => link.pathname))]);
    assert.deepEqual(targets.sort(), [0, 1, 2].map((image) => `/trace/${traceId(12_000 + image)}`).sort());
  });
});

it('goes from row to row by keys, beyond what is in view', async () => {
  const page = await open('/events?range=all');
  await list(page).getByText(`What happened at ${many}`, { exact: true }).waitFor();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('j');
    await page.waitForURL(new RegExp(`event=${many - i}$`));
  }
  const row = list(page).locator('[aria-current=true]');
  await row.getByText(`What happened at ${many - 39}`, { exact: true }).waitFor();
  const [inner, outer] = [await row.boundingBox(), await list(page).boundingBox()];
  assert.ok(inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height, 'the row is in view');
});

for (const [width, theme] of [[400, 'light'], [1280, 'dark'], [1440, 'light'], [2560, 'dark']])
  it(`has nothing that sticks out at ${width} px, and axe finds nothing (${theme})`, async () => {
    const page = await open('/events?range=all', { width, theme });
    await page.getByRole('img', { name: /^1,234 events/ }).waitFor();
    await rows(page).first().waitFor();
    await eventually(async () => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width));
    await eventually(async () => assert.ok(await page.evaluate(() => { const table = document.querySelector('.etable'); return table.scrollWidth <= table.clientWidth; }), 'the list is as wide as its place'));
    await assertAccessible(page);
  });
