// What the page shows when there is nothing to show, or something is wrong.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch, openPage, steady } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, traceId } from './support/spans.mjs';

let browser, opened;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const open = async (server, path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
/** A failed request is logged by the browser itself; nothing else may be. */
const besides = (pattern) => opened.complaints.filter((complaint) => !pattern.test(complaint));
afterEach(async () => {
  assert.deepEqual(await opened.violations(), []);
  await opened.close();
});

describe('a server that has received nothing', () => {
  let server;
  before(async () => {
    server = await startServer();
  });
  after(() => server?.stop());

  it('does not send to other times for events, where there is nothing at any time', async () => {
    const page = await open(server, '/events');
    await page.getByRole('heading', { name: 'No span has arrived yet' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Look in/ }).count(), 0);
    assert.deepEqual(opened.complaints, []);
  });
  it('is checked for the user, who is told how to send, and the first trace shows by itself', async () => {
    const page = await open(server, '/');
    await page.getByRole('heading', { name: 'No trace has arrived yet' }).waitFor();
    const checks = page.getByRole('list', { name: 'Checks' });
    await checks.getByText('The server answers').waitFor();
    await checks.getByText('Nothing has been received since the start').waitFor();
    await checks.getByText('Nothing was refused').waitFor();
    await page.locator('.send pre').filter({ hasText: `OTEL_EXPORTER_OTLP_ENDPOINT=${server.otlpHttp}` }).waitFor();
    await server.send(shortTrace(1, Date.now()));
    await page.getByRole('grid', { name: 'Traces' }).getByText('fetch GET /api/events').waitFor();
    assert.deepEqual(opened.complaints, []);
  });
});

describe('a server with traces', () => {
  let server;
  before(async () => {
    server = await startServer();
    await server.send(imageTrace(1, Date.now() - 3 * 3600_000));
    await server.send(shortTrace(2, Date.now() - 60_000, { error: 'timeout' }));
  });
  after(() => server?.stop());

  it('says which condition removes everything, and leaves it out', async () => {
    const page = await open(server, '/search?q=camera.name%3Dfront_dor+error%3Dtrue');
    await page.getByRole('heading', { name: 'No traces match in the last hour' }).waitFor();
    await page.getByText('1 trace exists in the last hour; the filter removes all of them.').waitFor();
    await page.getByText('Without camera.name=front_dor, 1 trace matches').waitFor();
    await page.getByRole('button', { name: 'Leave it out' }).click();
    await page.waitForURL(/q=error%3Dtrue$/);
    await page.getByRole('grid', { name: 'Traces' }).getByText('fetch GET /api/events').waitFor();
  });

  it('says that the time range hides what matches, and widens it', async () => {
    const page = await open(server, '/search?q=camera.name%3Dfront_door');
    await page.getByText('1 trace matches outside the time range').waitFor();
    await page.getByRole('button', { name: 'Search all time' }).click();
    await page.waitForURL(/range=all/);
    await page.getByRole('grid', { name: 'Traces' }).getByText('Process Detection').waitFor();
  });

  it('tells what was refused and why', async () => {
    await fetch(`${server.otlpHttp}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"resourceSpans":' });
    const page = await open(server, '/search?q=nowhere');
    await page.getByText(/1 refused: /).waitFor();
  });

  it('shows where filter text is wrong, and keeps the last good list', async () => {
    const page = await open(server, '/');
    await page.getByRole('grid', { name: 'Traces' }).getByText('fetch GET /api/events').waitFor();
    await page.getByLabel('Filter the traces').fill('duration>5mss');
    await page.keyboard.press('Enter');
    await page.getByText('Column 10:').waitFor();
    await eventually(async () => assert.equal(await page.getByLabel('Filter the traces').getAttribute('aria-invalid'), 'true'));
    await eventually(async () => assert.equal(await page.locator('.wrong').innerText(), '5mss'));
    await eventually(async () => assert.equal(await page.getByText(/5mss' is none/).count(), 1, 'what is wrong is said once'));
    await page.getByRole('grid', { name: 'Traces' }).getByText('fetch GET /api/events').waitFor();
    assert.deepEqual(besides(/status of 400/), []);
  });

  it('shows the tab that a link opens, where a narrow page has no room for all', async () => {
    const page = await open(server, `/trace/${traceId(1)}?tab=raw`, { width: 400 });
    const tab = page.getByRole('tab', { name: 'Raw' });
    await tab.waitFor();
    await eventually(async () => {
      const box = await tab.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= 400, `it is at ${box.x}, ${box.width} wide`);
    });
  });
  it('does not say that the server answers when it has stopped', async () => {
    const page = await open(server, '/settings');
    await page.getByText('The server answers').waitFor();
    await page.route('**/api/**', (route) => route.abort());
    await page.getByText('The server does not answer').waitFor();
    await page.getByText('as last checked').waitFor();
    assert.equal(await page.getByText('The server answers').count(), 0);
    assert.deepEqual(besides(/Failed to load resource/), []);
  });
  it('says in each facet of the logs why it is empty, none over another', async () => {
    opened = await openPage(browser, null);
    const { page } = opened;
    await page.route('**/api/**', (route) => route.abort());
    await page.goto(`${server.http}/logs`);
    const told = page.locator('.facet .errt');
    await eventually(async () => assert.equal(await told.count(), 4));
    assert.deepEqual(await told.evaluateAll((all) => all.filter((one) => one.scrollHeight > one.clientHeight + 1).map((one) => one.textContent)), []);
    assert.deepEqual(besides(/Failed to load resource/), []);
  });
  it('says that a trace is not there and what to check', async () => {
    const page = await open(server, `/trace/${traceId(77)}`);
    await page.getByRole('heading', { name: 'Trace not found' }).waitFor();
    await page.getByText('The id has the right form').waitFor();
    await page.getByText('The store has traces').waitFor();
    assert.deepEqual(besides(/status of 404/), []);
  });

  it('says that a trace id is none', async () => {
    const page = await open(server, '/trace/abc');
    await page.getByText('The id has not the form of a trace id').waitFor();
    assert.deepEqual(besides(/status of 40[04]/), []);
  });

  it('says that the configuration failed to load, and goes on', async () => {
    opened = await openPage(browser, null);
    await opened.page.route('**/api/v1/config', (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"title":"It broke","status":500}' }));
    await opened.page.goto(server.http);
    await opened.page.getByText('Failed to load configuration').waitFor();
    await eventually(async () => assert.equal(await opened.page.getByRole('link', { name: 'Open in Grafana' }).getAttribute('href'), '/grafana'));
    await opened.page.getByRole('grid', { name: 'Traces' }).getByText('fetch GET /api/events').waitFor();
    await opened.page.unroute('**/api/v1/config');
    await opened.page.getByRole('button', { name: 'Retry' }).click();
    await opened.page.getByText('Failed to load configuration').waitFor({ state: 'hidden' });
    assert.deepEqual(besides(/status of 500/), []);
  });

  it('holds the final geometry while the first answer is under way', async () => {
    opened = await openPage(browser, null);
    const { page } = opened;
    let answer;
    const held = new Promise((resolve) => (answer = resolve));
    await page.route('**/api/v1/search?*', async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(server.http);
    await page.locator('.li.still .skeleton').first().waitFor();
    const place = () => page.evaluate(() => [document.querySelector('.sum').getBoundingClientRect().top, document.querySelector('.lh').getBoundingClientRect().top, document.querySelector('.li').getBoundingClientRect().top]);
    const before = await steady(page, place);
    answer();
    await page.getByRole('grid', { name: 'Traces' }).getByText('fetch GET /api/events').waitFor();
    await eventually(async () => assert.deepEqual(await place(), before));
  });
});

describe('a server that goes away', () => {
  let server;
  before(async () => {
    server = await startServer();
    await server.send(shortTrace(1, Date.now() - 1000));
  });
  after(() => server?.stop());

  it('is missed in the list, in the trace, and in the span', async () => {
    const page = await open(server, '/');
    await page.getByRole('grid', { name: 'Traces' }).getByText('fetch GET /api/events').waitFor();
    await page.getByRole('link', { name: 'fetch GET /api/events' }).click();
    await page.getByRole('treegrid').waitFor();
    await server.kill();
    await page.getByText('db_query', { exact: true }).click();
    await page.getByText('The span’s details can’t be loaded').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('r');
    await page.getByText('What is shown is from before.').waitFor();
    await page.getByRole('treegrid').waitFor();
    await page.goBack();
    await page.keyboard.press('r');
    await page.locator('.state').getByText('The server can’t be reached').waitFor();
    await page.getByRole('button', { name: 'Retry' }).last().waitFor();
    assert.deepEqual(besides(/ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)/), []);
  });
});

describe('a server with Grafana and Jaeger configured', () => {
  let server;
  before(async () => {
    server = await startServer(['--grafana-url', 'http://grafana.example/d/abc', '--jaeger-url', 'http://jaeger.example']);
    await server.send(shortTrace(1, Date.now() - 1000));
  });
  after(() => server?.stop());

  it('has links that open the dashboard and the same state in Jaeger', async () => {
    const page = await open(server, '/search?service=hsi-backend&range=15m');
    const grafana = page.getByRole('link', { name: 'Open in Grafana' });
    await eventually(async () => assert.deepEqual([await grafana.getAttribute('href'), await grafana.getAttribute('target'), await grafana.getAttribute('rel')], ['http://grafana.example/d/abc', '_blank', 'noopener noreferrer']));
    await eventually(async () => assert.equal(await page.getByRole('link', { name: 'Open Jaeger' }).getAttribute('href'), 'http://jaeger.example/search?service=hsi-backend&lookback=15m'));
    await page.getByRole('link', { name: 'fetch GET /api/events' }).click();
    await page.getByRole('treegrid').waitFor();
    await eventually(async () => assert.equal(await page.getByRole('link', { name: 'Open Jaeger' }).getAttribute('href'), `http://jaeger.example/trace/${traceId(1)}`));
  });
});
