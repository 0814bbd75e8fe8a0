// The traces screen in a real browser against the real server.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { idle, launch, openPage, place, steady } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, traceId, traceRequest } from './support/spans.mjs';

const minute = 60_000;
let server, browser, opened;

before(async () => {
  server = await startServer();
  browser = await launch();
  const now = Date.now();
  await server.send(imageTrace(1, now - 10 * minute, { wait: 41_200, failure: true, camera: 'front_door' }));
  await server.send(imageTrace(2, now - 9 * minute, { wait: 5_000, camera: 'garage' }));
  await server.send(shortTrace(3, now - 8 * minute, { millis: 47 }));
  await server.send(shortTrace(4, now - 7 * minute, { millis: 470, error: 'validation_error', name: 'POST /api/events' }));
  await server.send(traceRequest(5, now - 6 * minute, [{ id: 2, parent: 1, service: 'hsi-backend', name: 'orphaned_work', kind: 'server', at: 0, for: 50 }]));
  await server.send(imageTrace(6, now - 26 * 60 * minute, { camera: 'old_camera' }));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const rows = (page) => page.getByRole('grid', { name: 'Traces' }).locator('.li');
const starts = async (page) => rows(page).locator('.c-root').allInnerTexts().then((texts) => texts.map((text) => text.split('\n')[0]));
const ids = (page) => rows(page).locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
const settled = (page) => page.locator('main.traces[aria-busy="false"]').waitFor();

afterEach(async () => {
  const [violations, complaints] = [await opened.violations(), opened.complaints];
  await opened.close();
  assert.deepEqual(violations, [], 'the content security policy was violated');
  assert.deepEqual(complaints, [], 'the browser complained');
});

describe('the list', () => {
  let page;
  beforeEach(async () => {
    page = await open('/');
    await settled(page);
  });

  it('shows the traces of the last hour, newest first, with what they are made of', async () => {
    await eventually(async () => assert.deepEqual(await starts(page), ['orphaned_work', 'fetch POST /api/events', 'fetch GET /api/events', 'Process Detection', 'Process Detection']));
    const failed = rows(page).nth(4);
    await eventually(async () => assert.match(await failed.locator('.c-duration').innerText(), /^44\.3\u2009s/));
    await eventually(async () => assert.match(await failed.locator('.c-waiting').innerText(), /^43\.3\u2009s/));
    await eventually(async () => assert.equal(await failed.locator('.c-spans').innerText(), '25'));
    await eventually(async () => assert.match(await failed.locator('.c-errors').innerText(), /3$/));
    await eventually(async () => assert.deepEqual((await failed.locator('.chip').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim()).sort(), ['backend 13', 'nemotron 7', 'yolo26 5']));
    await eventually(async () => assert.equal(await rows(page).nth(0).locator('.tag').innerText(), 'Partial'));
    await eventually(async () => assert.match(await page.locator('.sum').innerText(), /5\s+traces in the last hour[\s\S]*2 with errors \(40 %\)[\s\S]*newest first, over all 5/));
  });

  it('is sorted by the server, and the order is in the address', async () => {
    await page.getByRole('button', { name: 'Duration' }).click();
    await page.waitForURL(/order=duration/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [1, 2, 4, 5, 3].map((n) => `/trace/${traceId(n)}`)));
    await eventually(async () => assert.equal(await page.getByRole('columnheader', { name: 'Duration' }).getAttribute('aria-sort'), 'descending'));
    await page.getByRole('button', { name: 'Duration' }).click();
    await page.waitForURL(/direction=asc/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [3, 5, 4, 2, 1].map((n) => `/trace/${traceId(n)}`)));
    for (const [column, first] of [['Waiting', 1], ['Spans', 1], ['Errors', 1]]) {
      await page.getByRole('button', { name: column, exact: true }).click();
      await page.waitForURL(new RegExp(`order=${column.toLowerCase()}(?!.*direction)`));
      await settled(page);
      await eventually(async () => assert.equal((await ids(page))[0], `/trace/${traceId(first)}`, column));
    }
  });

  it('filters by text, and the text is in the address', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('camera.name=garage');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/search\?q=camera\.name%3Dgarage$/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [`/trace/${traceId(2)}`]));
    await page.goBack();
    await settled(page);
    await eventually(async () => assert.equal((await ids(page)).length, 5));
    await eventually(async () => assert.equal(await page.getByLabel('Filter the traces').inputValue(), ''));
  });

  it('filters by several services and operations with real counts, and each click writes into the query', async () => {
    const facet = (name) => page.getByRole('group', { name, exact: true });
    const counts = async () => (await facet('Service').locator('li').allInnerTexts()).map((text) => text.split('\n').map((part) => part.trim()).filter((part) => part !== '').join(' '));
    await eventually(async () => assert.deepEqual(await counts(), ['hsi-backend 5', 'hsi-frontend 2', 'hsi-nemotron 2', 'hsi-yolo26 2']));
    await facet('Service').getByText('hsi-frontend', { exact: true }).click();
    await page.waitForURL(/q=service%3Dhsi-frontend$/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [4, 3].map((n) => `/trace/${traceId(n)}`)));
    await facet('Service').getByText('hsi-yolo26', { exact: true }).click();
    await page.waitForURL(/q=service%3Dhsi-frontend\+service%3Dhsi-yolo26$/);
    await eventually(async () => assert.equal(await page.getByLabel('Filter the traces').inputValue(), 'service=hsi-frontend service=hsi-yolo26'));
    await settled(page);
    await eventually(async () => assert.equal((await ids(page)).length, 4));
    await facet('Operation').getByRole('button', { name: /^All/ }).click();
    await facet('Operation').getByText('inference', { exact: true }).click();
    await page.waitForURL(/name%3Dinference/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [2, 1].map((n) => `/trace/${traceId(n)}`)));
    await facet('Operation').getByText('inference', { exact: true }).click();
    await page.waitForURL(/q=service%3Dhsi-frontend\+service%3Dhsi-yolo26$/);
  });

  it('filters by status, by duration and by an attribute that is added', async () => {
    await page.getByRole('group', { name: 'Status' }).getByText('error', { exact: true }).click();
    await page.waitForURL(/q=status%3Derror/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [4, 1].map((n) => `/trace/${traceId(n)}`)));
    await page.getByLabel('At most this duration').fill('1s');
    await page.getByLabel('At most this duration').press('Enter');
    await page.waitForURL(/duration%3C%3D1s/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [`/trace/${traceId(4)}`]));
    await page.getByLabel('At least this duration').fill('5mss');
    await page.getByText('Unknown unit “mss”').waitFor();
    await eventually(() => assert.doesNotMatch(page.url(), /mss/));
    await page.getByLabel('Add a facet by its key').fill('http.rout');
    await page.keyboard.press('Enter');
    await page.getByText('No span here has “http.rout”').waitFor();
    await page.getByLabel('Add a facet by its key').fill('http.route');
    await page.keyboard.press('Enter');
    await page.getByRole('group', { name: 'http.route' }).waitFor();
    await page.getByRole('button', { name: 'Remove the facet http.route' }).click();
    await page.getByRole('group', { name: 'http.route' }).waitFor({ state: 'detached' });
  });

  it('bounds the duration by dragging over its histogram', async () => {
    const box = await place(page.getByRole('img', { name: /^Traces by duration/ }));
    await page.mouse.move(box.x + box.width * 0.6, box.y + 10);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 2, box.y + 10, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/q=duration%3E%3D/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [2, 1].map((n) => `/trace/${traceId(n)}`)));
  });

  it('takes a wider time range and one that is typed', async () => {
    await page.getByRole('button', { name: /Last 1 hour/ }).click();
    await page.getByRole('button', { name: 'Last 7 days' }).click();
    await page.waitForURL(/range=7d/);
    await settled(page);
    await eventually(async () => assert.equal((await ids(page)).length, 6));
    const day = Date.now() - 26 * 60 * minute;
    const text = (millis) => new Date(millis).toISOString().slice(0, 19).replace('T', ' ');
    await page.getByRole('button', { name: /Last 7 days/ }).click();
    const field = page.getByRole('textbox', { name: 'Time range' });
    await field.fill('last 5 parsecs');
    await page.getByText('“parsecs” is no unit of time').waitFor();
    await field.press('Enter');
    await eventually(() => assert.match(page.url(), /range=7d/));
    await field.fill(`${text(day - 5 * minute)} to ${text(day + 5 * minute)}`);
    await field.press('Enter');
    await page.waitForURL(/from=\d+&to=\d+/);
    await settled(page);
    await eventually(async () => assert.deepEqual(await ids(page), [`/trace/${traceId(6)}`]));
    await page.getByRole('button', { name: / – / }).click();
    await page.getByRole('textbox', { name: 'Time range' }).fill('last 90m');
    await page.getByRole('textbox', { name: 'Time range' }).press('Enter');
    await page.waitForURL(/range=90m/);
    await page.getByRole('button', { name: /Last 90 minutes/ }).waitFor();
  });

  it('is moved through and opened by keys, and the way back leads to the same place', async () => {
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    await eventually(async () => assert.equal(await page.locator('.li[aria-selected="true"] a').getAttribute('href'), `/trace/${traceId(4)}`));
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/trace/${traceId(4)}`));
    await page.getByRole('heading', { name: 'fetch POST /api/events' }).waitFor();
    await page.goBack();
    await settled(page);
    await eventually(async () => assert.equal(await page.locator('.li[aria-selected="true"] a').getAttribute('href'), `/trace/${traceId(4)}`));
  });

  it('does nothing by keys while the user types', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('rtj?');
    await eventually(async () => assert.equal(await page.getByLabel('Filter the traces').inputValue(), 'rtj?'));
    await eventually(async () => assert.equal(await page.locator('html').getAttribute('data-theme'), null));
    await eventually(async () => assert.equal(await page.locator('dialog[open]').count(), 0));
  });

  it('shows new traces on refresh and not before', async () => {
    const many = await steady(page, () => ids(page));
    await server.send(shortTrace(900, Date.now() - 1000, { name: 'GET /fresh' }));
    await eventually(async () => assert.deepEqual(await ids(page), many));
    await page.keyboard.press('r');
    await page.getByText('fetch GET /fresh').waitFor();
  });

  it('shares a link whose times stand still', async () => {
    await page.getByRole('button', { name: 'Copy a link to this search' }).click();
    await page.getByText('Link copied.').waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /\/search\?from=\d{19}&to=\d{19}$/);
  });

  it('says that Jaeger and Grafana are not configured, and what to set', async () => {
    const grafana = page.getByRole('button', { name: 'Open in Grafana' });
    await eventually(async () => assert.equal(await grafana.getAttribute('aria-disabled'), 'true'));
    await eventually(async () => assert.match(await grafana.getAttribute('title'), /--grafana-url/));
    await page.getByRole('button', { name: 'Open Jaeger' }).click();
    await page.getByText(/No Jaeger is configured \(--jaeger-url URL\)/).waitFor();
  });

  it('opens its help by key and gives the focus back', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  it('changes its theme by key and keeps it', async () => {
    await page.keyboard.press('t');
    await eventually(async () => assert.equal(await page.locator('html').getAttribute('data-theme'), 'light'));
    await eventually(async () => assert.equal(await page.evaluate(() => localStorage.getItem('throughline.theme')), 'light'));
    await eventually(async () => assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(244, 244, 242)'));
  });
});

it('a long list comes page by page and only what is in view is in the document', async () => {
  const start = Date.now() - 20 * minute;
  const request = { resourceSpans: [] };
  for (let i = 0; i < 450; i++) request.resourceSpans.push(...shortTrace(10_000 + i, start + i, { name: 'GET /many' }).resourceSpans);
  await server.send(request);
  const page = await open('/search?q=%22GET+%2Fmany%22');
  await settled(page);
  await eventually(async () => assert.match(await page.locator('.sum').innerText(), /450\s+traces match/));
  await eventually(async () => assert.ok((await rows(page).count()) < 90, 'rows out of view are in the document'));
  const seen = new Set();
  const list = page.locator('.list');
  await list.focus();
  for (;;) {
    for (const id of await ids(page)) seen.add(id);
    const [before, end] = await list.evaluate((element) => [element.scrollTop, element.scrollHeight - element.clientHeight]);
    if (before >= end - 1 && (await page.getByText('All 450 traces shown').count()) === 1) break;
    await list.evaluate((element) => element.scrollBy(0, 400));
    await idle(page);
  }
  assert.equal(seen.size, 450);
});

it('a query that the user has moved on from is cancelled', async () => {
  const page = await open('/');
  await settled(page);
  const cancelled = page.waitForEvent('requestfailed', (request) => request.url().includes('q=never'));
  // The answer is held back at the browser's edge, so that the query is under way for certain.
  let arrived;
  const asked = new Promise((resolve) => (arrived = resolve));
  await page.route(/q=never/, () => arrived());
  await page.getByLabel('Filter the traces').fill('never');
  await page.keyboard.press('Enter');
  await asked;
  await page.getByLabel('Filter the traces').fill('camera.name=garage');
  await page.keyboard.press('Enter');
  assert.match((await cancelled).failure().errorText, /ERR_ABORTED/);
  await settled(page);
  await eventually(async () => assert.deepEqual(await ids(page), [`/trace/${traceId(2)}`]));
});

it('below 1000 px the facets are behind a button', async () => {
  const page = await open('/', { width: 900 });
  await settled(page);
  await eventually(async () => assert.equal(await page.getByRole('group', { name: 'Service' }).isVisible(), false));
  await page.getByRole('button', { name: /Filters/ }).click();
  await page.getByRole('group', { name: 'Service' }).getByText('hsi-frontend', { exact: true }).click();
  await page.waitForURL(/q=service%3Dhsi-frontend/);
  await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true));
});
