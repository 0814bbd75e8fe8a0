// The pipeline screen: stages, hints, the service map, and the ways from each to its traces.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertNoGraveFault, launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, traceRequest } from './support/spans.mjs';

let browser, opened;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const open = async (server, path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
afterEach(async () => {
  assert.deepEqual(await opened.violations(), []);
  await opened.close();
});
const text = async (locator) => (await locator.innerText()).replaceAll('\u2009', ' ').replaceAll(/\s+/g, ' ');

describe('the reference pipeline', () => {
  let server;
  before(async () => {
    server = await startServer();
    for (let i = 1; i <= 12; i++) await server.send(imageTrace(i, Date.now() - i * 100_000, { wait: 20_000 + i * 1000, failure: i % 4 === 0 }));
    await server.send(shortTrace(20, Date.now() - 60_000, { error: 'timeout' }));
  });
  after(() => server?.stop());

  it('names the bottleneck, and shows each stage with its typical range', async () => {
    const page = await open(server, '/pipeline');
    const table = page.getByRole('table', { name: 'Stages of the pipeline' });
    await table.getByRole('rowheader').first().waitFor();
    await eventually(async () => assert.deepEqual(await Promise.all((await table.getByRole('rowheader').all()).map(text)), ['Image upload 10 – 50 ms', 'Object detection 100 – 200 ms', 'Batch wait 0 – 90 s', 'LLM analysis 500 ms – 2 s', 'Database save 5 – 20 ms']));
    await eventually(async () => assert.match(await text(page.locator('.bot')), /^The batch window holds each image for 2\d\.\d s at the median, 9\d % of the time in all stages\. /));
    await page.getByText('Likely cause: batches of 12 of 12 images close idle').waitFor();
    await eventually(async () => assert.equal(await page.title(), 'Pipeline · Distributed Tracing'));
    assert.deepEqual(opened.complaints, []);
  });

  it('leads from a figure to the traces that it is made of, and back', async () => {
    const page = await open(server, '/pipeline?range=6h');
    const row = page.getByRole('row', { name: /Object detection/ });
    await row.getByRole('link', { name: 'Object detection' }).click();
    await page.waitForURL(/\/search\?/);
    await eventually(() => {
      const parameters = new URL(page.url()).searchParams;
      assert.deepEqual([parameters.get('q'), parameters.get('service'), parameters.get('range')], ['name="detect_objects" kind=client', 'hsi-backend', '6h']);
    });
    await page.getByText('12 traces').first().waitFor();
    await page.goBack();
    await page.getByRole('table', { name: 'Stages of the pipeline' }).waitFor();
  });

  it('counts the known kinds of errors, says what helps, and leads to them', async () => {
    const page = await open(server, '/pipeline');
    const hints = page.getByRole('region', { name: 'What fails' });
    await hints.getByText('out_of_memory').waitFor();
    await eventually(async () => assert.match(await text(hints), /3 out_of_memory typical of nemotron spans Model too large for GPU\. /));
    await eventually(async () => assert.match(await text(hints), /1 timeout typical of yolo26 spans GPU overloaded\. /));
    await eventually(async () => assert.match(await text(hints), /4 failed traces in all/));
    // The calls that were answered with 503 count as a kind of their own, with the same number.
    await hints.locator('a[href*="out_of_memory"]').filter({ hasText: /^3$/ }).click();
    await page.getByText('3 traces').first().waitFor();
    assert.deepEqual(opened.complaints, []);
  });

  it('has a map of the services that is gone through by keyboard, and a table of the same', async () => {
    const page = await open(server, '/pipeline');
    const map = page.getByRole('group', { name: 'Service map', exact: true });
    await map.getByRole('link', { name: /^hsi-backend calls hsi-nemotron: .*min · .*errors/ }).focus();
    await page.keyboard.press('Tab');
    await eventually(async () => assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), / calls |Show its traces/));
    await page.getByRole('button', { name: 'Table' }).click();
    await page.waitForURL(/map=table/);
    await page.getByRole('table', { name: 'Calls' }).getByRole('link', { name: 'hsi-backend → hsi-yolo26' }).waitFor();
    await page.reload();
    await page.getByRole('table', { name: 'Services' }).getByRole('link', { name: 'hsi-nemotron' }).click();
    await page.waitForURL(/service=hsi-nemotron/);
    assert.deepEqual(opened.complaints, []);
  });

  it('measures again while it is live', async () => {
    const page = await open(server, '/pipeline?range=all');
    await page.getByRole('table', { name: 'Stages of the pipeline' }).waitFor();
    const kinds = page.getByRole('region', { name: 'Where work waits' }).getByText('batch window');
    await kinds.waitFor();
    await page.clock.install();
    await page.getByRole('button', { name: 'Live' }).click();
    await page.waitForURL(/live=1/);
    const again = page.waitForResponse(/red\/operations\?/);
    await page.clock.fastForward(11_000);
    await again;
    // Those are of before: a live screen does not ask for them.
    await eventually(async () => assert.equal(await kinds.count(), 0));
    await eventually(async () => assert.equal(await page.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed'), 'true'));
  });

  for (const theme of ['dark', 'light'])
    it(`has no serious fault of access, ${theme}`, async () => {
      const page = await open(server, '/pipeline', { theme });
      await page.getByRole('link', { name: /hsi-backend calls/ }).first().waitFor();
      await page.getByText('failed traces').waitFor();
      await assertNoGraveFault(page);
      await page.getByRole('button', { name: 'Table' }).click();
      await page.getByRole('table', { name: 'Calls' }).waitFor();
      await assertNoGraveFault(page);
    });

  for (const width of [400, 1280, 2560])
    it(`fits ${width} px`, async () => {
      const page = await open(server, '/pipeline', { width });
      await page.getByRole('link', { name: /hsi-backend calls/ }).first().waitFor();
      await eventually(async () => assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('main, .pscroll')].filter((element) => element.scrollWidth > element.clientWidth).map((element) => element.className)), []));
      // A box's text ends within the box.
      const out = () => page.evaluate(() => [...document.querySelectorAll('.node')].flatMap((node) => [...node.querySelectorAll('text')].filter((label) => label.getBoundingClientRect().right > node.querySelector('.frame').getBoundingClientRect().right).map((label) => label.textContent)));
      await eventually(async () => assert.deepEqual(await out(), []));
    });
});

describe('another pipeline', () => {
  let server;
  before(async () => {
    server = await startServer();
    for (let i = 1; i <= 5; i++)
      await server.send(traceRequest(i, Date.now() - i * 60_000, [
        { id: 1, service: 'shop', name: 'GET /<b>cart</b>', kind: 'server', at: 0, for: 80 },
        { id: 2, parent: 1, service: 'shop', name: 'wait for stock', at: 5, for: 40 },
        { id: 3, parent: 1, service: 'stock', name: 'reserve', kind: 'server', at: 50, for: 20 },
      ]));
  });
  after(() => server?.stop());

  it('shows its operations with the most time, and says so', async () => {
    const page = await open(server, '/pipeline');
    const table = page.getByRole('table', { name: 'Operations with the most time' });
    await table.getByRole('rowheader').first().waitFor();
    await eventually(async () => assert.deepEqual(await Promise.all((await table.getByRole('rowheader').all()).map(text)), ['GET /<b>cart</b>', 'wait for stock', 'reserve']));
    await page.getByText('the stages of the reference pipeline are not among what was received').waitFor();
    await page.getByText('No trace failed.').waitFor();
    await eventually(async () => assert.equal(await page.locator('main b', { hasText: /^cart$/ }).count(), 0));
    assert.deepEqual(opened.complaints, []);
  });

  it('says that there is nothing in the range, and leads to where there is', async () => {
    const page = await open(server, '/pipeline?from=1000000000&to=2000000000');
    await page.getByRole('heading', { name: 'No spans in this time range' }).waitFor();
    await page.getByText('The store has spans at other times').waitFor();
    await page.getByRole('button', { name: 'All time' }).click();
    await page.getByRole('table', { name: 'Operations with the most time' }).waitFor();
  });
});

describe('trouble', () => {
  it('is said: an empty store, a server that fails, one that goes away', async () => {
    const server = await startServer();
    try {
      const page = await open(server, '/pipeline');
      await page.getByRole('heading', { name: 'No span has arrived yet' }).waitFor();
      await page.getByRole('link', { name: 'Check what is received' }).waitFor();
      await server.send(imageTrace(1, Date.now() - 60_000));
      await page.keyboard.press('r');
      await page.getByRole('table', { name: 'Stages of the pipeline' }).waitFor();
      await page.route('**/api/v1/dependencies?*', (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"title":"It broke","status":500}' }));
      await page.getByRole('button', { name: '24 h' }).click();
      await page.getByText('The calls can’t be loaded: It broke').waitFor();
      await server.kill();
      await page.keyboard.press('r');
      await page.getByText('Could not be measured again').waitFor();
      await page.getByRole('table', { name: 'Stages of the pipeline' }).waitFor();
      assert.deepEqual(opened.complaints.filter((complaint) => !/status of 500|ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)/.test(complaint)), []);
    } finally {
      await server.stop();
    }
  });
});
