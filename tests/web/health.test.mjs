// What every screen says of the server's health, and what Settings says of forwarding: by servers that are in that state.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertNoGraveFault, launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace } from './support/spans.mjs';

let browser, opened, full, target, forwarding;
before(async () => {
  browser = await launch();
  target = await startServer([]);
  // No disk has that much room: this one is full from the start.
  full = await startServer(['--min-free-bytes', String(2 ** 50), '--forward', 'http://127.0.0.1:1']);
  forwarding = await startServer(['--forward', target.otlpHttp, '--forward-protocol', 'http', '--forward-signals', 'traces,metrics', '--forward-linger-ms', '1']);
});
after(async () => {
  await browser?.close();
  for (const server of [full, forwarding, target]) await server?.stop();
});
const open = async (server, path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
afterEach(async () => {
  assert.deepEqual(await opened.violations(), []);
  await opened.close();
});

describe('a full disk', () => {
  for (const path of ['/', '/pipeline', '/logs', '/profiling', '/events', '/compare', '/settings'])
    it(`is said at ${path}, with what to do`, async () => {
      const page = await open(full, path);
      const notice = page.getByRole('alert').filter({ hasText: 'Read-only: the disk is full' });
      await notice.waitFor();
      await notice.getByText('--min-free-bytes').waitFor();
      await eventually(async () => assert.equal(await notice.getByRole('link', { name: 'Settings' }).count(), path === '/settings' ? 0 : 1));
    });

  it('is not said where there is room', async () => {
    const page = await open(forwarding, '/settings');
    await page.getByRole('region', { name: 'Forwarding' }).waitFor();
    await eventually(async () => assert.equal(await page.getByText('Read-only').count(), 0));
  });
});

describe('forwarding', () => {
  it('tells what was sent, by signal', async () => {
    await forwarding.send(imageTrace(1, Date.now() - 60_000));
    const page = await open(forwarding, '/settings');
    const panel = page.getByRole('region', { name: 'Forwarding' });
    await panel.getByText('All has been sent.').waitFor();
    await panel.locator('dl > div').filter({ hasText: 'Sent, traces' }).getByText('20', { exact: true }).waitFor();
    await panel.getByText('Nothing was lost on the way.').waitFor();
    await panel.locator('dl > div').filter({ hasText: 'Signals' }).getByText('traces, metrics').waitFor();
  });

  it('says how to begin where there is none', async () => {
    const page = await open(target, '/settings');
    await page.getByRole('region', { name: 'Forwarding' }).getByText('--forward URL').waitFor();
  });

  for (const theme of ['dark', 'light'])
    for (const width of [400, 1440])
      it(`and the notice have no serious fault of access, ${theme}, ${width} px`, async () => {
        const page = await open(full, '/settings', { theme, width });
        await page.getByRole('region', { name: 'Forwarding' }).getByText('Nothing was lost on the way.').waitFor();
        await page.getByText('Read-only: the disk is full').waitFor();
        await assertNoGraveFault(page);
        await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false));
      });
});
