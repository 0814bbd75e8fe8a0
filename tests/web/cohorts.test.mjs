// Cohorts (the slow against the others), batches of other traces, and spans that have not arrived, in a real browser against the real server.
import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'node:test';
import { assertNoGraveFault, launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, traceId, traceRequest } from './support/spans.mjs';

let server, browser, opened;
const minute = 60_000;
/** Sixty images; every tenth waits five times as long, at another camera. */
const count = 60;
before(async () => {
  server = await startServer();
  browser = await launch();
  const now = Date.now();
  for (let i = 1; i <= count; i++) await server.send(imageTrace(i, now - 50 * minute + i * 20_000, i % 10 === 0 ? { wait: 5000 + i, camera: 'garage' } : { wait: 1000 + i }));
  // A batch in the trace of its first member, with two more.
  const member = (number, at, wait) => traceRequest(number, now - 20 * minute + at, [{ id: 1, service: 'hsi-backend', name: 'Process Detection', kind: 'server', at: 0, for: 20 }, { id: 2, parent: 1, service: 'hsi-backend', name: 'batch_wait', at: 20, for: wait, attributes: { 'wait.kind': 'batch_window' } }]);
  await server.send(member(202, 4000, 6000));
  await server.send(member(203, 7000, 3000));
  await server.send(
    traceRequest(201, now - 20 * minute, [
      { id: 1, service: 'hsi-backend', name: 'Process Detection', kind: 'server', at: 0, for: 20 },
      { id: 2, parent: 1, service: 'hsi-backend', name: 'batch_wait', at: 20, for: 10_000, attributes: { 'wait.kind': 'batch_window' } },
      {
        id: 3, parent: 1, service: 'hsi-backend', name: 'analyze_batch', kind: 'client', at: 10_020, for: 600,
        attributes: { 'batch.id': 'b-77', 'batch.close_reason': 'window', 'batch.size': 3 },
        links: [{ span: 2, attributes: { 'pipeline.wait_ms': 10_000 } }, { trace: 202, span: 2, attributes: { 'pipeline.wait_ms': 6000 } }, { trace: 203, span: 2, attributes: { 'pipeline.wait_ms': 3000 } }],
      },
      { id: 4, parent: 3, service: 'hsi-nemotron', name: 'llm_inference', at: 10_040, for: 500, attributes: { 'gen_ai.request.model': 'nano', 'gen_ai.usage.input_tokens': 900, 'gen_ai.usage.output_tokens': 30, 'gen_ai.server.time_to_first_token': 0.12 } },
    ]),
  );
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
afterEach(async () => {
  if (opened === undefined) return;
  const { complaints, violations, close } = opened;
  const refused = await violations();
  await close();
  opened = undefined;
  assert.deepEqual([complaints, refused], [[], []]);
});
const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
const text = async (locator) => (await locator.innerText()).replaceAll('\u2009', ' ').replaceAll('\n', ' ');
const cohorts = (chosen, more = {}) => `/compare?${new URLSearchParams({ cohorts: '1', q: 'batch.close_reason=idle', bq: chosen, ...more })}`;
const tree = (page) => page.getByRole('treegrid', { name: 'Operations of both cohorts' });

it('tells where the time of the slow ones goes, and what they have in common', async () => {
  const page = await open(cohorts('duration>4s'));
  await tree(page).waitFor();
  await eventually(async () => assert.match(await text(page.locator('.cstory')), /^B takes 4\.0\d s longer on average: 4\.0\d s more in batch window\. camera\.name=front_door is in 0 % of B and 100 % of A\.$/));
  await page.getByText('Looked at all 54 traces of A and all 6 traces of B.').waitFor();
  const attributes = page.getByRole('region', { name: 'Attributes' });
  await eventually(async () => assert.match(await text(attributes.getByRole('listitem').first()), /camera\.name.*garage 0 % 100 %|camera\.name.*front_door 100 % 0 %/));
  const row = tree(page).getByRole('row').filter({ hasText: 'batch window' });
  await eventually(async () => assert.match(await text(row), /1\.0\d s 5\.0\d s \+4\.0\d s/));
  const rows = await tree(page).getByRole('row').count();
  await page.keyboard.press('o');
  await page.waitForURL(/only=different/);
  await eventually(async () => assert.ok((await tree(page).getByRole('row').count()) < rows));
  await page.keyboard.press('d');
  await page.waitForURL(/[?&]at=/);
  const address = page.url();
  await page.reload();
  await tree(page).locator('[aria-selected="true"]').waitFor();
  await eventually(() => assert.equal(page.url(), address));
  await attributes.getByRole('link', { name: 'garage' }).click();
  await page.waitForURL(/\/search\?.*camera\.name%3Dgarage/);
  await page.getByText('6 traces').first().waitFor();
});

it('is reached from the list, and from a mark on its chart', async () => {
  const page = await open('/search?q=batch.close_reason%3Didle');
  await page.getByRole('link', { name: 'Why are some slow?' }).click();
  await page.waitForURL(/\/compare\?.*bq=duration/);
  await tree(page).waitFor();
  await page.goBack();
  const plot = await page.getByRole('slider', { name: 'Traces over time' }).boundingBox();
  await page.mouse.move(plot.x + plot.width * 0.2, plot.y + 10);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width * 0.45, plot.y + 60);
  await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 110);
  await page.mouse.up();
  await page.getByRole('link', { name: 'Compare with the rest' }).click();
  await page.waitForURL(/bfrom=\d+&bto=\d+/);
  await tree(page).waitFor();
});

it('offers what to ask, and says what is wrong with a question', async () => {
  const page = await open('/compare?cohorts=1&range=all');
  await page.getByRole('link', { name: /The slowest 5 %/ }).waitFor();
  await page.getByLabel('What B has').fill('duration>5mss');
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('alert').getByText(/Column \d+ of B/).waitFor();
  opened.complaints.length = 0; // The browser notes the answer 400.
  await page.getByLabel('What B has').fill('camera.name=nowhere');
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByText('No trace is in B').waitFor();
});

for (const theme of ['dark', 'light'])
  for (const width of [400, 1440])
    it(`has no fault of access, ${theme}, ${width}`, async () => {
      const page = await open(cohorts('duration>4s'), { theme, width });
      await tree(page).waitFor();
      await assertNoGraveFault(page);
      await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width));
    });

it('shows a batch with its members from the trace of any of them', async () => {
  const page = await open(`/trace/${traceId(201)}?tab=flow`);
  const batch = page.getByRole('region', { name: 'Batch of analyze_batch' });
  await batch.waitFor();
  await batch.getByText('310 tokens').waitFor();
  await eventually(async () => assert.match(await text(batch), /Closed its window was over Open 10\.0 s Size 3 Worked on 600 ms Cost of each 200 ms, 310 tokens/));
  const rows = batch.locator('tbody tr');
  await eventually(async () => assert.deepEqual(await rows.evaluateAll((list) => list.map((row) => [row.cells[0].innerText, row.cells[3].innerText].join(' ').replaceAll('\u2009', ' '))), ['+0 10.0 s', '+4.00 s 6.00 s', '+7.00 s 3.00 s']));
  await eventually(async () => assert.match(await text(page.locator('.story')), /nano read 900 tokens and wrote 30, the first after 120 ms\.$/));
  await rows.nth(1).getByRole('link').click();
  await page.waitForURL(new RegExp(traceId(202)));
  await page.getByRole('tab', { name: 'Flow' }).click();
  await page.getByRole('region', { name: 'Batch of analyze_batch' }).getByRole('link', { name: 'Open its trace' }).waitFor();
  await eventually(async () => assert.match(await text(page.getByRole('region', { name: 'Batch of analyze_batch' }).locator('tr.here')), /this one/));
});

it('shows a span that has not arrived above those that name it', async () => {
  const now = Date.now();
  await server.send(traceRequest(301, now - 2000, [{ id: 2, parent: 1, service: 'hsi-backend', name: 'receive_image', at: 0, for: 300 }, { id: 3, parent: 1, service: 'hsi-backend', name: 'decode', at: 400, for: 300 }]));
  const page = await open(`/trace/${traceId(301)}`);
  const row = page.getByRole('row').filter({ hasText: 'still running' });
  await row.waitFor();
  await eventually(async () => assert.equal(await row.getAttribute('aria-level'), '1'));
  await eventually(async () => assert.equal(await page.getByRole('row').filter({ hasText: 'decode' }).getAttribute('aria-level'), '2'));
  await page.getByRole('button', { name: 'Still arriving' }).waitFor();
  await row.click();
  await page.getByText('This span has not arrived yet.').waitFor();
  await server.send(traceRequest(301, now - 2000, [{ id: 1, service: 'hsi-backend', name: 'Process Detection', kind: 'server', at: 0, for: 900 }]));
  await page.keyboard.press('r');
  await page.getByRole('row').filter({ hasText: 'Process Detection' }).waitFor();
  await eventually(async () => assert.equal(await row.count(), 0));
});
