// The header's ways between the screens, and the settings screen.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertNoGraveFault, launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace } from './support/spans.mjs';

let browser, opened, server;
before(async () => {
  browser = await launch();
  server = await startServer(['--retention', '36h', '--max-pinned-traces', '7', '--allow-host', 'traces.example']);
  await server.send(imageTrace(1, Date.now() - 60_000));
  await fetch(`${server.otlpHttp}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"resourceSpans":' });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
afterEach(async () => {
  assert.deepEqual(await opened.violations(), []);
  await opened.close();
});

describe('the header', () => {
  it('leads to each screen by link and by key, and marks the one that is shown', async () => {
    const page = await open('/');
    const main = page.getByRole('navigation', { name: 'Main' });
    await main.getByRole('link', { name: 'Pipeline' }).waitFor();
    for (const [name, path, keys] of [['Pipeline', '/pipeline', 'gp'], ['Grafana', '/grafana-dashboard', 'gg'], ['Settings', '/settings', 'gs'], ['Traces', '/', 'gt']]) {
      // The second key counts if it comes soon after the first; on a machine that is too slow for that once, they are pressed again.
      await eventually(async () => {
        await page.keyboard.type(keys);
        await page.waitForURL((url) => url.pathname === path, { timeout: 5000 });
      });
      await eventually(async () => assert.equal(await main.getByRole('link', { name }).getAttribute('aria-current'), 'page'));
      await eventually(async () => assert.equal(await main.locator('[aria-current]').count(), 1));
    }
    await main.getByRole('link', { name: 'Settings' }).click();
    await page.waitForURL(/\/settings$/);
    assert.deepEqual(opened.complaints, []);
  });

  it('names the list by an address, too, which keeps what is asked for', async () => {
    const page = await open('/traces?q=service%3Dnone&range=all');
    await page.waitForURL((url) => url.pathname === '/search' && url.search === '?q=service%3Dnone&range=all');
    await eventually(async () => assert.equal(await page.getByLabel('Filter the traces').inputValue(), 'service=none'));
    assert.deepEqual(opened.complaints, []);
  });

  it('is a menu where it is narrow, closed by Escape and by choosing', async () => {
    const page = await open('/settings', { width: 400 });
    const button = page.getByRole('button', { name: 'Screens, Settings is shown' });
    const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Pipeline' });
    await eventually(async () => assert.equal(await link.isVisible(), false));
    await button.press('Enter');
    await link.waitFor();
    await page.keyboard.press('Escape');
    await link.waitFor({ state: 'hidden' });
    await eventually(async () => assert.equal(await button.evaluate((element) => element === document.activeElement), true));
    await button.click();
    await link.click();
    await page.waitForURL(/\/pipeline$/);
    await eventually(async () => assert.equal(await link.isVisible(), false));
    await eventually(async () => assert.equal(await page.evaluate(() => document.querySelector('header').scrollWidth > innerWidth), false));
  });
});

describe('settings', () => {
  it('tell what is stored, received and refused, and why', async () => {
    const page = await open('/settings');
    await page.getByText('20 spans of 1 trace take').waitFor();
    const refused = page.getByRole('region', { name: 'Refused' });
    await refused.getByText('Not an export request').waitFor();
    await refused.getByText('1 request').waitFor();
    await page.getByRole('region', { name: 'Why do I see nothing?' }).getByText('Spans are received').waitFor();
    assert.deepEqual(opened.complaints, []);
  });

  it('say for every option what holds, and who said so', async () => {
    const page = await open('/settings');
    const row = (option) => page.getByRole('region', { name: 'Options in force' }).getByRole('row', { name: option });
    const told = async (option) => (await row(new RegExp(`^${option} `)).getByRole('cell').first().innerText()).replaceAll('\u2009', ' ');
    await row(/^--retention /).waitFor();
    await eventually(async () => assert.equal(await told('--retention'), '36h given'));
    await eventually(async () => assert.equal(await told('--max-pinned-traces'), '7 given'));
    await eventually(async () => assert.equal(await told('--max-body-bytes'), '16.8 MB default'));
    await eventually(async () => assert.equal(await told('--allow-host'), 'traces.example given'));
    await eventually(async () => assert.equal(await told('--token'), 'not set default'));
    // No switch that does nothing: nothing of these is changed by the page.
    await eventually(async () => assert.equal(await page.getByRole('region', { name: 'Options in force' }).locator('input, select, [role=switch]').count(), 0));
  });

  it('follow the server without being asked, and say when it stops answering', async () => {
    const page = await open('/settings');
    await page.getByText('20 spans of 1 trace take').waitFor();
    await page.route('**/api/v1/status', (route) => route.abort());
    await page.getByText('The server stopped answering').waitFor();
    await page.getByText('20 spans of 1 trace take').waitFor();
    await page.unroute('**/api/v1/status');
    await server.send(imageTrace(2, Date.now() - 50_000));
    await page.getByText('40 spans of 2 traces take').waitFor();
    await page.getByText('The server stopped answering').waitFor({ state: 'hidden' });
    assert.deepEqual(opened.complaints.filter((complaint) => !/ERR_FAILED/.test(complaint)), []);
  });

  for (const theme of ['dark', 'light'])
    for (const width of [400, 1440])
      it(`have no serious fault of access, ${theme}, ${width} px`, async () => {
        const page = await open('/settings', { theme, width });
        await page.getByRole('region', { name: 'Options in force' }).getByText('--retention', { exact: true }).last().waitFor();
        await assertNoGraveFault(page);
        await eventually(async () => assert.equal(await page.evaluate(() => document.querySelector('.setscroll').scrollWidth > innerWidth), false));
      });
});
