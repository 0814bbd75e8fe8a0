// The gallery of small parts: all of them are there, in both themes, without faults of access.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { axeSource, launch, openPage } from './support/page.mjs';
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
    const parts = await page.locator('.gpart').evaluateAll((sections) => sections.map((section) => section.getAttribute('aria-label')));
    assert.deepEqual(parts, ['Buttons', 'Fields', 'Chips, tags and verdicts', 'Menus', 'Completion', 'Facets', 'Service colours', 'Tokens', 'Waits', 'Span rows', 'Durations', 'Icons', 'Checks', 'Messages', 'Boxes', 'Empty', 'Loading', 'Splitter']);
    await page.getByRole('button', { name: 'Say something' }).click();
    await page.getByText('Link copied.').waitFor();
    await page.evaluate(axeSource);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    assert.deepEqual(found.violations.filter((fault) => ['serious', 'critical'].includes(fault.impact)).map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.target.join(' ')).join(', ')}`), []);
    assert.deepEqual([complaints, await violations()], [[], []]);
    await close();
  });
