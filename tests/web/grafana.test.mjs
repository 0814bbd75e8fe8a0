// Grafana in the page: embedded at its own address, passed on by the server, and when it stays away.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';

/** A server that answers as a Grafana does; `deny` forbids frames, `silent` never answers. */
async function startGrafana({ deny = false, silent = false } = {}) {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url);
    if (silent) return;
    if (deny) response.setHeader('x-frame-options', 'deny');
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>Grafana</title><h1>Dashboard</h1><p id="p"></p><script>document.getElementById('p').textContent = 'ran at ' + location.pathname + location.search</script>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { asked, address: `http://127.0.0.1:${server.address().port}`, stop: () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))) };
}

let browser, opened;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
afterEach(() => opened.close());
const open = async (server, path, options) => {
  opened = await openPage(browser, server === null ? null : `${server.http}${path}`, options);
  return opened.page;
};

describe('a dashboard', () => {
  it('at its own address is embedded in the theme of the page, without menus', async () => {
    const grafana = await startGrafana();
    const server = await startServer(['--grafana-url', `${grafana.address}/d/abc?orgId=1`]);
    try {
      const page = await open(server, '/grafana-dashboard', { theme: 'light' });
      await page.frameLocator('iframe[title="Grafana dashboard"]').getByText('ran at /d/abc?orgId=1&kiosk&theme=light').waitFor();
      await page.locator('.gline').waitFor({ state: 'detached' });
      await eventually(async () => assert.equal(await page.getByRole('link', { name: 'Open in a tab' }).getAttribute('href'), `${grafana.address}/d/abc?orgId=1`));
      // Refresh loads the dashboard anew.
      const before = grafana.asked.length;
      await page.getByRole('button', { name: 'Refresh' }).click();
      await eventually(() => assert.ok(grafana.asked.length > before, 'the dashboard is not asked for again'));
      await page.frameLocator('iframe').getByText('ran at').waitFor();
      assert.deepEqual([opened.complaints.filter((complaint) => !/favicon/.test(complaint)), await opened.violations()], [[], []]);
    } finally {
      await server.stop();
      await grafana.stop();
    }
  });

  it('that forbids frames is embedded when the server passes it on', async () => {
    const grafana = await startGrafana({ deny: true });
    const server = await startServer(['--grafana-proxy', grafana.address, '--grafana-url', `${grafana.address}/d/abc`]);
    try {
      const page = await open(server, '/grafana-dashboard');
      await page.frameLocator('iframe').getByText('ran at /grafana/d/abc?kiosk&theme=dark').waitFor();
      await eventually(async () => assert.equal(await page.getByRole('link', { name: 'Open in Grafana' }).getAttribute('href'), '/grafana/d/abc'));
      assert.ok(grafana.asked.every((path) => !path.startsWith('/grafana')));
      assert.deepEqual([opened.complaints, await opened.violations()], [[], []]);
      // The way that is left when the configuration can't be loaded is still a screen of ours.
      await page.goto(`${server.http}/grafana`);
      await page.getByRole('heading', { name: 'Grafana is at /grafana/d/abc' }).waitFor();
    } finally {
      await server.stop();
      await grafana.stop();
    }
  });

  it('that is down is said to be, with the way to try again', async () => {
    const grafana = await startGrafana();
    const server = await startServer(['--grafana-proxy', grafana.address, '--grafana-url', `${grafana.address}/d/abc`]);
    await grafana.stop();
    try {
      const page = await open(server, '/grafana-dashboard');
      await page.getByRole('heading', { name: 'The dashboard can’t be shown' }).waitFor();
      await page.getByText(`Grafana at ${grafana.address} can't be reached`).waitFor();
      await page.getByRole('button', { name: 'Retry' }).waitFor();
      await eventually(async () => assert.equal(await page.locator('iframe').count(), 0));
      assert.deepEqual(opened.complaints.filter((complaint) => !/status of 502/.test(complaint)), []);
    } finally {
      await server.stop();
    }
  });

  it('that is silent is said to be late, and shows when it comes', async () => {
    const grafana = await startGrafana({ silent: true });
    const server = await startServer(['--grafana-url', `${grafana.address}/d/abc`]);
    try {
      const page = await open(null);
      await page.clock.install();
      await page.goto(`${server.http}/grafana-dashboard`, { waitUntil: 'commit' });
      await page.getByRole('status', { name: 'Loading the dashboard' }).waitFor();
      await page.clock.fastForward(16_000);
      await page.getByRole('heading', { name: 'Grafana has not answered for 15 s' }).waitFor();
      await page.getByText('allow_embedding = true').waitFor();
    } finally {
      await grafana.stop();
      await server.stop();
    }
  });
});

describe('without a dashboard', () => {
  let server;
  before(async () => {
    server = await startServer();
  });
  after(() => server?.stop());

  it('the screen says what to set', async () => {
    const page = await open(server, '/grafana-dashboard');
    await page.getByRole('heading', { name: 'No Grafana is configured' }).waitFor();
    await page.getByText('--grafana-proxy URL').waitFor();
    assert.deepEqual([opened.complaints, await opened.violations()], [[], []]);
  });

  it('and without a configuration, that it failed to load, and /grafana is the way that is left', async () => {
    const page = await open(null);
    await page.route('**/api/v1/config', (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"title":"It broke","status":500}' }));
    await page.goto(`${server.http}/grafana-dashboard`);
    await page.getByRole('heading', { name: 'Failed to load configuration' }).waitFor();
    await eventually(async () => assert.equal(await page.getByRole('link', { name: 'Open /grafana' }).getAttribute('href'), '/grafana'));
    await page.unroute('**/api/v1/config');
    await page.locator('main').getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('heading', { name: 'No Grafana is configured' }).waitFor();
    assert.deepEqual(opened.complaints.filter((complaint) => !/status of 500/.test(complaint)), []);
  });
});
