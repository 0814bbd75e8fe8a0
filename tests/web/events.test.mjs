// The events of a pipeline: passed on by the server, their traces both ways, and what spans tell where there is no events API.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, afterEach, before, it } from 'node:test';
import { assertAccessible, launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, traceId } from './support/spans.mjs';

const minute = 60_000;
const now = Date.now();
const at = (millis) => new Date(millis).toISOString();
const eventOf = (id, riskLevel, trace, ago, more = {}) => ({
  id, batchId: `batch-${id}`, cameraId: 'front_door', cameraName: 'Front door', startedAt: at(now - ago), endedAt: at(now - ago + 3000), closeReason: 'window', riskScore: 70, riskLevel, summary: `What happened at ${id} <b>bold</b>`,
  reasoning: 'A person and a parcel.', model: 'rules', fallback: false, fallbackReason: null, traceId: traceId(trace), images: [{ imageId: 'one', receivedAt: at(now - ago), sha256: 'x', detections: 'person', traceId: traceId(trace) }], ...more,
});
const events = [eventOf(3, 'high', 1, 10 * minute), eventOf(2, 'low', 2, 20 * minute), eventOf(1, 'unknown', 9, 25 * minute, { riskScore: null, fallback: true, fallbackReason: 'The analyst was silent.' })];
// The smallest picture that is one.
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

/** Answers as the reference pipeline's backend does. */
async function startEvents() {
  const state = { down: false, asked: [] };
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    state.asked.push({ url: request.url, authorization: request.headers.authorization, cookie: request.headers.cookie });
    const answer = (status, body, type = 'application/json') => response.writeHead(status, { 'content-type': type, 'set-cookie': 'mine=1' }).end(body);
    if (state.down) return answer(503, JSON.stringify({ title: 'Unavailable', detail: 'The database is locked.' }), 'application/problem+json');
    const one = /^\/api\/events\/(\d+)(\/images\/one)?$/.exec(pathname);
    if (pathname === '/api/events/page') return answer(200, '<script>alert(1)</script>', 'text/html');
    if (one === null) return answer(200, JSON.stringify({ events: events.filter((event) => (searchParams.get('riskLevel') ?? event.riskLevel) === event.riskLevel), next: null }));
    if (one[2] !== undefined) return answer(200, picture, 'image/png');
    const event = events.find(({ id }) => id === Number(one[1]));
    return event === undefined ? answer(404, JSON.stringify({ title: 'Not found', detail: `There is no event ${one[1]}.` }), 'application/problem+json') : answer(200, JSON.stringify(event));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { ...state, state, address: `http://127.0.0.1:${server.address().port}/api/events`, stop: () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))) };
}

let api, server, bare, browser, opened;
before(async () => {
  browser = await launch();
  api = await startEvents();
  server = await startServer(['--events-url', api.address]);
  bare = await startServer();
  for (const each of [server, bare]) {
    await each.send(imageTrace(1, now - 10 * minute));
    await each.send(imageTrace(2, now - 20 * minute));
  }
});
after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), bare?.stop()]);
  await api?.stop();
});
afterEach(async () => {
  const [violations, complaints] = [await opened.violations(), opened.complaints];
  await opened.close();
  assert.deepEqual([violations, complaints], [[], []]);
});
const open = async (of, path, options) => {
  opened = await openPage(browser, `${of.http}${path}`, options);
  return opened.page;
};
const list = (page) => page.getByRole('table', { name: 'Events' });
const panel = (page) => page.getByRole('complementary', { name: 'The event' });

it('lists events, shows one with its picture, and leads to its trace and its batch', async () => {
  const page = await open(server, '/events');
  await list(page).getByText('What happened at 3 <b>bold</b>').click();
  await page.waitForURL(/event=3$/);
  await panel(page).getByText('A person and a parcel.').waitFor();
  const img = panel(page).getByRole('img', { name: 'Front door: person' });
  await img.waitFor();
  await eventually(async () => assert.equal(await img.evaluate((one) => one.decode().then(() => one.naturalWidth)), 1));
  await eventually(async () => assert.match(await panel(page).getByRole('link', { name: 'Traces of the batch' }).getAttribute('href'), /batch\.id%3D%22batch-3%22/));
  await page.keyboard.press('j');
  await page.waitForURL(/event=2$/);
  await page.reload();
  await panel(page).getByText('What happened at 2').waitFor();
  await page.keyboard.press('k');
  await page.waitForURL(/event=3$/);
  await panel(page).getByRole('link', { name: 'Open its trace' }).click();
  await page.waitForURL(`**/trace/${traceId(1)}`);
  // And back: the trace knows its event.
  await page.getByRole('link', { name: 'Event 3: high risk' }).click();
  await page.waitForURL(/\/events\?range=all&event=3$/);
  await panel(page).getByText('A person and a parcel.').waitFor();
  assert.ok(api.state.asked.every(({ authorization, cookie }) => authorization === undefined && cookie === undefined));
});

it('filters by risk, says who was not judged and why, and says that an event is gone', async () => {
  const page = await open(server, '/events');
  await list(page).getByText('What happened at 3').waitFor();
  await page.getByRole('group', { name: 'Risk' }).getByRole('button', { name: 'unknown' }).click();
  await page.waitForURL(/risk=unknown/);
  await list(page).getByText('What happened at 3').waitFor({ state: 'detached' });
  await list(page).getByText('What happened at 1').click();
  await panel(page).getByText('The analyst was silent.').waitFor();
  await page.goto(`${server.http}/events?event=77`);
  await panel(page).getByText('There is no event 77.').waitFor();
  assert.ok(opened.complaints.every((line) => /status of 404/.test(line)), opened.complaints.join());
  opened.complaints.length = 0;
});

it('says when the events API fails, and takes nothing from it that could run', async () => {
  api.state.down = true;
  const page = await open(server, '/events');
  try {
    await page.getByRole('heading', { name: 'The events can’t be loaded' }).waitFor();
  } finally {
    api.state.down = false;
  }
  await page.getByRole('button', { name: 'Retry' }).click();
  await list(page).getByText('What happened at 3').waitFor();
  opened.complaints.length = 0;
  const answer = await fetch(`${server.http}/events-api/page`);
  assert.equal(answer.status, 502);
  assert.match((await answer.json()).detail, /text\/html, which is neither JSON nor a picture/);
  const passed = await fetch(`${server.http}/events-api/3`);
  assert.equal(passed.headers.get('set-cookie'), null);
  assert.equal((await fetch(`${server.http}/events-api/3`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status, 405);
});

it('shows what the spans say where there is no events API', async () => {
  const page = await open(bare, '/events');
  await page.getByText('this server knows no events API (--events-url)').waitFor();
  const rows = page.getByRole('table', { name: 'Traces with an event' }).locator('tbody tr');
  await rows.nth(1).waitFor();
  await eventually(async () => assert.equal(await rows.count(), 2));
  await eventually(async () => assert.match(await rows.first().innerText(), /high/));
  await rows.first().getByRole('link').click();
  await page.waitForURL(`**/trace/${traceId(1)}`);
  assert.equal((await fetch(`${bare.http}/events-api`)).status, 404);
});

for (const [width, theme] of [[400, 'dark'], [1440, 'light'], [2560, 'dark']])
  it(`has nothing that sticks out at ${width} px, and axe finds nothing (${theme})`, async () => {
    const page = await open(server, '/events?event=3', { width, theme });
    await panel(page).getByText('A person and a parcel.').waitFor();
    await eventually(async () => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width));
    await assertAccessible(page);
  });
