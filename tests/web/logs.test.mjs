// Logs in a real browser against the real server: the screen, the tab of a trace, and what was logged around a span.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { logRecord, sendLogs } from './support/logs.mjs';
import { assertAccessible, idle, launch, openPage, place, wcag } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { shortTrace, spanId, traceId, traceRequest } from './support/spans.mjs';

const minute = 60_000;
let server, browser, opened, start;

before(async () => {
  [server, browser] = [await startServer(), await launch()];
  start = Date.now() - 10 * minute;
  await server.send(
    traceRequest(1, start, [
      { id: 1, service: 'shop', name: 'checkout', kind: 'server', at: 0, for: 1000 },
      { id: 2, parent: 1, service: 'shop', name: 'charge_card', kind: 'internal', at: 200, for: 300, error: true, message: 'declined' },
    ]),
  );
  await server.send(shortTrace(2, start + minute, { millis: 47 }));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
const settled = (page) => page.locator('main.traces[aria-busy="false"]').waitFor();
const rows = (page, name = 'Log entries') => page.getByRole('grid', { name }).locator('.lr');
const messages = (page, name) => rows(page, name).locator('.msg .text').allInnerTexts();
const lawful = async () => {
  const [violations, complaints] = [await opened.violations(), opened.complaints];
  await opened.close();
  assert.deepEqual(violations, [], 'the content security policy was violated');
  assert.deepEqual(complaints, [], 'the browser complained');
};

describe('without logs', () => {
  afterEach(lawful);

  it('the screen says why there are none and what to switch on, and shows the first when it comes', async () => {
    const page = await open('/logs');
    await page.getByRole('heading', { name: 'No log entry has arrived yet' }).waitFor();
    await eventually(async () => {
      const send = await page.getByRole('region', { name: 'How to send logs' }).innerText();
      assert.match(send, /OTEL_LOGS_EXPORTER=otlp/);
      assert.ok(send.includes(server.otlpHttp));
    });
    await page.getByText('No logs have been received since the start').waitFor();
    await sendLogs(server, 'shop', [
      logRecord(start + 10, 'checkout began', { trace: traceId(1), span: spanId(1, 1), attributes: { 'cart.id': 'c-7' } }),
      logRecord(start + 250, 'charging 12.50', { severity: 5, trace: traceId(1), span: spanId(1, 2) }),
      logRecord(start + 400, 'card was declined', { severity: 17, trace: traceId(1), span: spanId(1, 2), attributes: { 'card.kind': 'debit' } }),
      logRecord(start + 450, 'heap is nearly full', { severity: 13 }),
      logRecord(start + 2500, 'another trace of the shop', { trace: traceId(2) }),
    ]);
    await sendLogs(server, 'other', [logRecord(start + 300, 'someone else', {})]);
    await eventually(async () => assert.equal((await messages(page)).length, 6));
  });
});

describe('the screen', () => {
  let page;
  beforeEach(async () => {
    page = await open('/logs');
    await settled(page);
    await rows(page).first().waitFor();
  });
  afterEach(lawful);

  it('shows the entries of the last hour, newest first, counted by level', async () => {
    await eventually(async () => assert.deepEqual(await messages(page), ['another trace of the shop', 'heap is nearly full', 'card was declined', 'someone else', 'charging 12.50', 'checkout began']));
    await eventually(async () => assert.match(await page.locator('.sum').innerText(), /^6 entries/));
    await eventually(async () => assert.deepEqual((await page.locator('.lhkey').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ')), ['error 1', 'warn 1', 'info 3', 'debug 1']));
  });

  it('filters by level and service in the one query, which the address holds', async () => {
    await page.getByRole('checkbox', { name: /^error/ }).check();
    await page.getByRole('checkbox', { name: /^warn/ }).check();
    await eventually(async () => assert.deepEqual(await messages(page), ['heap is nearly full', 'card was declined']));
    await eventually(() => assert.equal(new URL(page.url()).searchParams.get('q'), 'level=error level=warn'));
    await page.getByRole('combobox', { name: 'Filter the logs' }).fill('card.kind=debit DECLINED');
    await page.keyboard.press('Enter');
    await eventually(async () => assert.deepEqual(await messages(page), ['card was declined']));
    await page.goBack();
    await eventually(async () => assert.deepEqual(await messages(page), ['heap is nearly full', 'card was declined']));
  });

  it('opens an entry whole, by mouse and by keyboard, and leads to its span', async () => {
    await rows(page).filter({ hasText: 'card was declined' }).click();
    const panel = page.getByRole('complementary', { name: 'Log entry' });
    await eventually(async () => assert.match(await panel.innerText(), /card was declined[\s\S]*card\.kind[\s\S]*debit[\s\S]*service\.name/));
    await page.reload();
    await panel.getByText('card was declined').waitFor();
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await page.getByRole('grid', { name: 'Log entries' }).focus();
    for (const key of ['j', 'j', 'ArrowDown']) await page.keyboard.press(key);
    await panel.getByText('card was declined').waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/trace/${traceId(1)}?span=${spanId(1, 2)}`);
    await page.getByRole('complementary', { name: 'Span details' }).getByText('charge_card').first().waitFor();
  });

  it('says of an entry without a trace id how it is connected', async () => {
    await rows(page).filter({ hasText: 'heap is nearly full' }).click();
    const panel = page.getByRole('complementary', { name: 'Log entry' });
    await panel.getByText('It carries no trace id').waitFor();
    await panel.getByRole('link', { name: 'Traces of the service around it' }).click();
    await page.getByRole('grid', { name: 'Traces' }).locator('.li').filter({ hasText: 'checkout' }).waitFor();
  });

  it('narrows the time where the chart is dragged over', async () => {
    const box = await place(page.locator('.lhframe'));
    await page.mouse.move(box.x + 2, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/from=\d+&to=\d+/);
    await settled(page);
    await eventually(async () => assert.equal((await messages(page)).includes('another trace of the shop'), false));
  });

  it('follows what arrives, also what is older than the newest', async () => {
    await page.getByRole('button', { name: 'Live' }).click();
    await page.waitForURL(/live=1/);
    await settled(page);
    await sendLogs(server, 'late', [logRecord(start - 1000, 'old but new'), logRecord(Date.now(), 'just now')]);
    await eventually(async () => {
      const shown = await messages(page);
      assert.deepEqual([shown[0], shown.at(-1)], ['just now', 'old but new']);
    });
  });

  it('keeps what arrives aside while the reader reads, and goes on when the entry is closed', async () => {
    await page.getByRole('button', { name: 'Live' }).click();
    await page.waitForURL(/live=1/);
    await settled(page);
    await rows(page).first().click();
    await page.getByRole('button', { name: 'Paused' }).waitFor();
    await sendLogs(server, 'quiet', [logRecord(Date.now(), 'came meanwhile')]);
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await eventually(async () => assert.equal((await messages(page)).includes('came meanwhile'), false));
    await page.keyboard.press('Escape');
    await rows(page).filter({ hasText: 'came meanwhile' }).waitFor();
    await page.getByRole('button', { name: '1 new' }).waitFor({ state: 'detached' });
  });

  it('says when more came at once than a live list takes in, and shows all when it is loaded anew', async () => {
    await page.getByRole('button', { name: 'Live' }).click();
    await page.waitForURL(/live=1/);
    await settled(page);
    await sendLogs(server, 'burst', Array.from({ length: 700 }, (_, index) => logRecord(Date.now() - index, `burst ${index}`)));
    const anew = page.getByRole('button', { name: 'Some are missing here: load anew' });
    await anew.click();
    await anew.waitFor({ state: 'detached' });
    await page.locator('.sum').getByText(/^7\d\d entries/).waitFor();
  });

  it('completes keys, operators and values from the store', async () => {
    const box = page.getByRole('combobox', { name: 'Filter the logs' });
    const offered = page.getByRole('listbox', { name: 'Suggestions' });
    await box.pressSequentially('card');
    await offered.getByRole('option', { name: /card\.kind/ }).waitFor();
    await page.keyboard.press('Tab');
    await offered.getByRole('option', { name: /debit.*1 entry/ }).waitFor();
    await page.keyboard.press('Tab');
    await eventually(async () => assert.equal(await box.inputValue(), 'card.kind=debit '));
    await box.pressSequentially('level');
    await offered.getByRole('option', { name: /level>=/ }).waitFor();
    await box.pressSequentially('>=wa');
    await offered.getByRole('option', { name: 'warn' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await eventually(async () => assert.deepEqual(await messages(page), ['card was declined']));
    await eventually(() => assert.equal(new URL(page.url()).searchParams.get('q'), 'card.kind=debit level>=warn'));
  });

  it('says what is wrong with a query where it is typed', async () => {
    const box = page.getByRole('combobox', { name: 'Filter the logs' });
    await box.fill('level=loud');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText("'level' is unset, trace, debug").first().waitFor();
    await idle(page);
    // The browser notes each answer 400.
    const others = opened.complaints.filter((line) => !/status of 400/.test(line));
    opened.complaints.splice(0, opened.complaints.length, ...others);
  });
});

describe('a trace', () => {
  let page;
  const openTrace = async (query = '') => {
    page = await open(`/trace/${traceId(1)}${query}`);
    await page.locator('main[aria-busy="false"]').waitFor();
  };
  afterEach(lawful);

  it('has marks of its entries on their spans’ rows', async () => {
    await openTrace();
    await page.locator('.sp .tlogmark').first().waitFor();
    await eventually(async () => assert.equal(await page.locator('.sp').nth(0).locator('.tlogmark.plain').count(), 1));
    await eventually(async () => assert.match(await page.locator('.sp').nth(1).locator('.tlogmark.grave').getAttribute('title'), /error: card was declined/));
  });

  it('is told by its logs in a tab, with those that only service and time connect with it, which say so', async () => {
    await openTrace('?tab=logs');
    await rows(page, 'Logs of the trace').first().waitFor();
    await eventually(async () => assert.deepEqual(await messages(page, 'Logs of the trace'), ['checkout began', 'charging 12.50', 'card was declined', 'heap is nearly full']));
    await rows(page, 'Logs of the trace').filter({ hasText: 'heap is nearly full' }).getByText('by service and time').waitFor();
    await page.getByRole('button', { name: 'By service and time' }).click();
    await eventually(async () => assert.equal((await messages(page, 'Logs of the trace')).length, 3));
    await page.getByRole('link', { name: 'charge_card' }).first().click();
    await page.getByRole('complementary', { name: 'Span details' }).waitFor();
  });

  it('shows only warnings and errors when asked, which the address holds', async () => {
    await openTrace('?tab=logs');
    await rows(page, 'Logs of the trace').first().waitFor();
    await page.getByRole('button', { name: 'Warnings and errors' }).click();
    await page.waitForURL(/level=warn/);
    await eventually(async () => assert.deepEqual(await messages(page, 'Logs of the trace'), ['card was declined', 'heap is nearly full']));
    await page.reload();
    await eventually(async () => assert.deepEqual(await messages(page, 'Logs of the trace'), ['card was declined', 'heap is nearly full']));
  });

  it('has the logs of a span in three widths, which the address holds', async () => {
    await openTrace(`?span=${spanId(1, 2)}`);
    await page.getByRole('button', { name: 'View logs' }).click();
    const logs = page.getByRole('region', { name: 'Logs' });
    const lines = async () => (await logs.locator('.sltext').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
    await eventually(async () => assert.deepEqual(await lines(), ['shop charging 12.50this span', 'shop card was declinedthis span', 'shop heap is nearly fullby service and time']));
    await logs.getByRole('radio', { name: 'Whole trace' }).click();
    await eventually(async () => assert.equal((await lines()).length, 4));
    await page.keyboard.press('ArrowRight');
    await eventually(async () => assert.deepEqual((await lines()).map((line) => line.replace(/(this span|by service and time|another trace)$/, '')), ['checkout began', 'charging 12.50', 'card was declined', 'heap is nearly full']));
    await page.waitForURL(/logs=service/);
    await logs.getByRole('button', { name: /card was declined/ }).click();
    await logs.getByText('card.kind').waitFor();
    await page.reload();
    await logs.getByText('around the span, of whatever trace').waitFor();
    await logs.getByRole('link', { name: 'Open in Logs' }).click();
    await page.waitForURL(/\/logs\?q=service%3Dshop&from=\d+&to=\d+/);
  });
});

describe('accessibility', () => {
  afterEach(lawful);

  for (const theme of ['dark', 'light'])
    for (const path of ['/logs?range=all', `/trace/${'{trace}'}?tab=logs`, `/trace/${'{trace}'}?span={span}&logs=trace`])
      it(`of ${path} in ${theme}`, async () => {
        const page = await open(path.replace('{trace}', traceId(1)).replace('{span}', spanId(1, 2)), { theme });
        await page.locator('.lr, .sl').first().waitFor();
        await assertAccessible(page, { tags: wcag });
      });
});
