// axe-core on every screen and state, in both themes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertNoGraveFault, launch, openPage } from './support/page.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, spanId, traceId, traceRequest } from './support/spans.mjs';

let server, browser;
before(async () => {
  server = await startServer();
  browser = await launch();
  await server.send(imageTrace(1, Date.now() - 60_000, { failure: true }));
  await server.send(shortTrace(2, Date.now() - 50_000, { error: 'timeout' }));
  await server.send(traceRequest(3, Date.now() - 600_000, [{ id: 2, parent: 1, service: 'hsi-backend', name: 'orphaned_work', at: 0, for: 50 }]));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const list = (page) => page.getByRole('grid', { name: 'Traces' }).getByText('Process Detection').waitFor();
const states = [
  ['the list', '/', list],
  ['the list with its menus and a row chosen', '/search?service=hsi-backend&order=duration', async (page) => {
    await list(page);
    await page.keyboard.press('j');
    await page.locator('.li[aria-selected="true"]').waitFor();
    await page.getByRole('button', { name: /Last 1 hour/ }).click();
    await page.getByRole('textbox', { name: 'Time range' }).waitFor();
  }],
  ['the empty list', '/search?q=nowhere', (page) => page.getByText('Nothing matches at any other time either').waitFor()],
  ['a wrong filter', '/search?q=duration%3E5mss', (page) => page.getByText('Column 10:').waitFor()],
  ['the help', '/', async (page) => {
    await list(page);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  }],
  ['a trace with its panel', `/trace/${traceId(1)}?span=${spanId(1, 17)}&find=llm`, (page) => page.getByText('gen_ai.system').waitFor()],
  ['a trace, closed and brought out', `/trace/${traceId(1)}?depth=2&service=hsi-yolo26&zoom=0-300000000`, (page) => page.getByRole('treegrid').waitFor()],
  ['a trace that is not complete', `/trace/${traceId(3)}`, async (page) => {
    await page.getByRole('button', { name: 'Partial' }).click();
    await page.getByRole('group', { name: 'Is the trace complete?' }).waitFor();
  }],
  ['a trace that is not there', `/trace/${traceId(9)}`, (page) => page.getByText('The store has traces').waitFor()],
  ['Grafana unset', '/grafana', (page) => page.getByText('No Grafana is configured').waitFor()],
];

for (const theme of ['dark', 'light'])
  describe(theme, () => {
    for (const [name, path, arrive] of states)
      it(`${name} has no serious fault`, async () => {
        const { page, close } = await openPage(browser, `${server.http}${path}`, { theme });
        await arrive(page);
        await assertNoGraveFault(page);
        await close();
      });
  });
