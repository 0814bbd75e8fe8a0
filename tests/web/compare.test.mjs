// The comparison of two traces in a real browser against the real server.
import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'node:test';
import { assertNoGraveFault, launch, openPage, steady } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, traceId } from './support/spans.mjs';

let server, browser, opened;
const minute = 60_000;
before(async () => {
  server = await startServer();
  browser = await launch();
  const now = Date.now();
  await server.send(imageTrace(1, now - 10 * minute, { wait: 29_800 }));
  await server.send(imageTrace(2, now - 9 * minute, { wait: 41_200, failure: true }));
  await server.send(shortTrace(3, now - 8 * minute));
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
const both = `/compare?a=${traceId(1)}&b=${traceId(2)}`;
const tree = (page) => page.getByRole('treegrid', { name: 'Merged tree of both traces' });
const rowOf = (page, name, index = 0) => tree(page).getByRole('row').filter({ hasText: name }).nth(index);
const text = async (locator) => (await locator.innerText()).replaceAll('\u2009', ' ').replaceAll('\n', ' ');

it('says what differs and why, and ranks it', async () => {
  const page = await open(both);
  await tree(page).waitFor();
  await eventually(async () => assert.match(await text(page.locator('.cstory')), /^B took 13\.6 s longer: 11\.4 s more in batch window, 2\.00 s in backoff, which A does not have.* B fails in llm_inference with out_of_memory; A does not\.$/));
  const causes = page.getByRole('region', { name: 'Causes' }).getByRole('listitem');
  await eventually(async () => assert.match(await text(causes.nth(0)), /batch window.*\+11\.4 s/));
  await eventually(async () => assert.match(await text(causes.nth(1)), /backoff.*only in B.*\+2\.00 s/));
  await eventually(async () => assert.match(await text(page.getByRole('region', { name: 'Structure' })), /http_request 1 → 2, retried/));
  await eventually(async () => assert.match(await text(rowOf(page, 'http_request', 0)), /B.*added, repeated$/));
  await eventually(async () => assert.match(await text(rowOf(page, 'http_request', 1)), /same$/));
  await eventually(async () => assert.equal(await page.locator('.lchip').count() > 0, true, 'the shared axis folds where neither works'));
});

it('is walked by keys, and the address holds what is shown', async () => {
  const page = await open(both);
  await tree(page).waitFor();
  await page.keyboard.press('d');
  await page.waitForURL(/span=b\./);
  const panel = page.getByRole('region', { name: 'The selected span' });
  await panel.getByRole('link', { name: 'Show in trace B' }).waitFor();
  await page.keyboard.press('o');
  await page.waitForURL(/only=different/);
  await eventually(async () => assert.equal(await tree(page).locator('.cr').filter({ hasText: 'receive_image' }).count(), 0));
  await page.keyboard.press('o');
  await page.getByLabel('Find spans').fill('backoff');
  await page.keyboard.press('Enter');
  await page.getByText('1 of 1').waitFor();
  await page.waitForURL(/find=backoff/);
  await eventually(async () => assert.match(await text(panel), /retry_backoff only in B/));
  const address = page.url();
  await page.reload();
  await panel.waitFor();
  await eventually(() => assert.equal(page.url(), address));
  await eventually(async () => assert.match(await text(panel), /retry_backoff only in B/));
  await tree(page).focus();
  await page.keyboard.press('x');
  await page.waitForURL(new RegExp(`a=${traceId(2)}&b=${traceId(1)}`));
  await page.getByText('only in A', { exact: true }).first().waitFor();
  await eventually(async () => assert.match(await text(page.locator('.cstory')), /^B took 13\.6 s less/));
  await eventually(async () => assert.match(await text(panel), /retry_backoff only in A/));
  await page.getByRole('button', { name: 'Swap A and B' }).click();
  await page.waitForURL(new RegExp(`a=${traceId(1)}&b=${traceId(2)}`));
  await page.getByText('only in B', { exact: true }).first().waitFor();
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Swap A and B', 'the focus stays where it was'));
  await page.getByLabel('Find spans').focus();
  await page.keyboard.press('Escape');
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'treegrid'));
});

it('opens a fold by its length, aligns the traces at the selected span, and the address holds both', async () => {
  const page = await open(both);
  await tree(page).waitFor();
  const fold = page.getByRole('button', { name: /^Unfold .* in which both only wait$/ }).first();
  const width = async () => (await page.locator('.lfold').first().boundingBox()).width;
  const before = await steady(page, width);
  await fold.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/unfold=\d+/);
  await eventually(async () => assert.ok((await width()) > before * 2, 'an opened fold takes more room'));
  await page.reload();
  const opened = page.getByRole('button', { name: /^Fold .* in which both only wait$/ });
  await opened.click();
  await page.waitForURL((url) => !url.href.includes('unfold'));
  const align = page.getByRole('button', { name: 'Align at selected' });
  await eventually(async () => assert.equal(await align.isDisabled(), true));
  await rowOf(page, 'save_event').click();
  const starts = () => page.locator('.lsel').evaluateAll((marks) => marks.map((mark) => mark.getBoundingClientRect().left));
  await eventually(async () => {
    const apart = await starts();
    assert.ok(Math.abs(apart[0] - apart[1]) > 20, `the spans begin ${apart} px from the left`);
  });
  await page.keyboard.press('a');
  await page.waitForURL(/align=span/);
  await eventually(async () => {
    const together = await starts();
    assert.ok(Math.abs(together[0] - together[1]) < 1, `the spans begin ${together} px from the left`);
  });
});

it('says that it loads, and of a trace that can not be loaded why, with a way on', async () => {
  const page = await open('/');
  let fail = true;
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(`**/api/v1/traces/${traceId(2)}*`, async (route) => {
    if (fail) return route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ title: 'The store is busy', status: 503, detail: 'Try again.' }) });
    await held;
    return route.continue();
  });
  await page.goto(`${server.http}${both}`);
  await page.getByRole('heading', { name: 'Trace B can’t be loaded' }).waitFor();
  await page.getByRole('link', { name: 'Open trace A alone' }).waitFor();
  fail = false;
  await page.reload();
  await page.getByRole('status', { name: 'Loading the traces' }).waitFor();
  release();
  await tree(page).waitFor();
  assert.ok(opened.complaints.every((line) => /status of 503/.test(line)), opened.complaints.join());
  opened.complaints.length = 0;
});

it('tells tags that differ from ids', async () => {
  const page = await open(both);
  await rowOf(page, 'batch_wait').click();
  const panel = page.getByRole('region', { name: 'The selected span' });
  await panel.getByText('1 id or time, which always differ').click();
  await panel.getByText('batch.id').waitFor();
  await panel.getByText(/equal tags?$/).first().click();
  await panel.getByText('batch.close_reason').waitFor();
});

it('leads from a trace to the comparison with a typical one, and says why that one', async () => {
  const page = await open(`/trace/${traceId(2)}`);
  await page.getByRole('treegrid').waitFor();
  await page.getByText('with a typical one').hover();
  const typical = page.getByRole('link', { name: /Compare.*typical/ });
  await typical.waitFor();
  await eventually(async () => assert.match(await typical.getAttribute('title'), /^Near the median .* of 1 successful trace of all times\.$/));
  await typical.click();
  await page.waitForURL(new RegExp(`/compare\\?a=${traceId(1)}&b=${traceId(2)}`));
  await tree(page).waitFor();
});

it('lets two traces be picked', async () => {
  const page = await open('/compare');
  await page.getByRole('heading', { name: 'Pick two traces to compare' }).waitFor();
  await page.getByLabel('A trace id, or words').fill(traceId(1));
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`a=${traceId(1)}$`));
  await page.getByRole('table').getByRole('link', { name: 'fetch GET /api/events' }).click();
  await page.getByText('The traces have no span in common').waitFor();
});

it('says that both are the same, and that one is not there', async () => {
  const page = await open(`/compare?a=${traceId(1)}&b=${traceId(1)}`);
  await page.getByRole('heading', { name: 'Both are the same trace' }).waitFor();
  // A resource that is not there is an error of the console, which this page is meant to meet.
  await page.goto(`${server.http}/compare?a=${traceId(1)}&b=${traceId(9)}`);
  await page.getByRole('heading', { name: 'Trace B was not found' }).waitFor();
  await page.getByRole('link', { name: 'Pick another B' }).click();
  await page.getByRole('heading', { name: /Pick the trace to compare/ }).waitFor();
  const unexpected = opened.complaints.splice(0).filter((complaint) => !complaint.includes('404'));
  assert.deepEqual(unexpected, []);
});

for (const theme of ['dark', 'light'])
  for (const [name, path, width] of [['compared', both, 1440], ['compared on a narrow screen', both, 400], ['being picked', `/compare?b=${traceId(2)}`, 1280]])
    it(`${name}, ${theme}: no serious fault of access`, async () => {
      const page = await open(path, { theme, width });
      await (path === both ? tree(page) : page.getByRole('table')).waitFor();
      await assertNoGraveFault(page);
    });
