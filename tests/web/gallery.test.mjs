// The gallery of small parts: all of them are there, in both themes, without faults of access.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { assertNoGraveFault, launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';

let server, browser;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const theme of ['dark', 'light'])
  it(`shows every part, ${theme}`, async () => {
    const { page, complaints, violations, close } = await openPage(browser, `${server.http}/gallery`, { theme });
    await page.getByRole('heading', { name: 'Gallery', exact: true }).waitFor();
    const parts = () => page.locator('.gpart').evaluateAll((sections) => sections.map((section) => section.getAttribute('aria-label')));
    await eventually(async () => assert.deepEqual(await parts(), ['Buttons', 'Fields', 'Chips, tags and verdicts', 'Menus', 'Completion', 'Facets', 'Service colours', 'Tokens', 'Waits', 'Span rows', 'Durations', 'Icons', 'Checks', 'Messages', 'Boxes', 'Empty', 'Loading', 'Splitter']));
    await page.getByRole('button', { name: 'Say something' }).click();
    await page.getByText('Link copied.').waitFor();
    await assertNoGraveFault(page);
    assert.deepEqual([complaints, await violations()], [[], []]);
    await close();
  });
