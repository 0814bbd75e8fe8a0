// The tabs of a trace, its verdict, clocks that disagree, and odd traces, in a real browser against the real server.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { assertAccessible, inks, launch, openPage, place, wcag } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, spanId, traceId, traceRequest } from './support/spans.mjs';

let server, browser, opened;
const minute = 60_000;
const long = 'n'.repeat(10_000);
const html = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>';
const arabic = 'طلب \u202Eevil 👩‍🚀 検出';

before(async () => {
  server = await startServer();
  browser = await launch();
  const start = Date.now() - 10 * minute;
  const api = { service: 'hsi-backend', kind: 'client' };
  await server.send(imageTrace(1, start, { wait: 41_200, failure: true }));
  await server.send(shortTrace(2, start));
  await server.send(traceRequest(3, start, [{ id: 2, parent: 1, service: 'hsi-backend', name: 'orphaned_work', at: 0, for: 50, links: [{ trace: 2, span: 2 }] }]));
  await server.send(
    traceRequest(4, start, [
      { id: 1, ...api, name: 'call', at: 0, for: 200 },
      { id: 2, parent: 1, service: 'hsi-yolo26', name: 'behind', kind: 'server', at: -18.4, for: 180 },
      { id: 3, parent: 1, service: 'hsi-backend', name: 'first', at: 1, for: 5 },
    ]),
  );
  await server.send(traceRequest(5, start, [{ id: 1, parent: 2, service: 'a', name: 'snake', at: 0, for: 5 }, { id: 2, parent: 1, service: 'b', name: 'tail', at: 1, for: 5 }]));
  await server.send(traceRequest(6, start, [{ id: 1, service: 'a', name: 'one root', at: 0, for: 5 }, { id: 2, service: 'b', name: 'another root', at: 100, for: 5 }]));
  await server.send(traceRequest(7, start, [{ id: 1, service: 'a', name: 'outer', at: 0, for: 5 }, { id: 2, parent: 1, service: 'a', name: 'backwards', at: 4, for: -3 }]));
  await server.send(
    traceRequest(8, start, [
      { id: 1, service: html, name: html, at: 0, for: 50, error: true, message: html, attributes: { [html]: html, long }, events: [{ at: 1, name: html, attributes: { note: html } }] },
      { id: 2, parent: 1, service: arabic, name: arabic, at: 1, for: 20, attributes: { 'مفتاح': arabic } },
      { id: 3, parent: 1, service: 'long', name: long, at: 25, for: 20 },
    ]),
  );
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  return opened.page;
};
const trace = async (number, query = '', options) => {
  const page = await open(`/trace/${traceId(number)}${query}`, options);
  await page.getByRole('tablist').waitFor();
  return page;
};
const besides = (pattern) => opened.complaints.filter((complaint) => !pattern.test(complaint));
afterEach(async () => {
  const violations = await opened.violations();
  await opened.close();
  assert.deepEqual(violations, [], 'the content security policy was violated');
});
const plain = (text) => text.replaceAll('\u2009', ' ').replace(/\s+/g, ' ');
const noOverflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

describe('statistics', () => {
  const table = (page) => page.getByRole('table', { name: 'Statistics of the trace' });
  const row = async (page, nth) => plain(await table(page).getByRole('row').nth(nth).innerText());
  it('add up self time and waiting, are sorted by a click, and say so in the address', async () => {
    const page = await trace(1, '?tab=statistics');
    await page.getByText('20 rows, 25 spans: 1.06 s of work, 43.3 s of waiting').waitFor();
    await eventually(async () => assert.match(await row(page, 1), /^llm_inference hsi-nemotron 2 1 724 ms – 724 ms 164 ms 560 ms/));
    await table(page).getByRole('button', { name: 'Waiting' }).click();
    await page.waitForURL(/sort=waiting/);
    await eventually(async () => assert.match(await row(page, 1), /^batch_wait hsi-backend 1 – – 41\.2 s/));
    await eventually(async () => assert.equal(await table(page).getByRole('columnheader', { name: 'Waiting' }).getAttribute('aria-sort'), 'descending'));
    await table(page).getByRole('button', { name: 'Waiting' }).click();
    await page.waitForURL(/direction=asc/);
    await page.getByRole('button', { name: 'Service', exact: true }).click();
    await page.waitForURL(/by=service/);
    await eventually(async () => assert.equal(await table(page).getByRole('row').count(), 4));
    assert.deepEqual(opened.complaints, []);
  });
  it('lead to the spans that they count', async () => {
    const page = await trace(1, '?tab=statistics');
    await table(page).getByRole('button', { name: 'llm_inference' }).click();
    await page.waitForURL(new RegExp(`span=${spanId(1, 22)}`));
    await page.getByRole('treegrid').waitFor();
    await page.getByText('2 of 2').waitFor();
    await page.getByRole('tab', { name: 'Statistics' }).click();
    await page.getByText('1 row, 2 of 25 spans').waitFor();
    await page.getByRole('button', { name: 'Show all spans' }).click();
    await page.getByText('20 rows, 25 spans').waitFor();
  });
});

describe('the flame graph', () => {
  const picture = (page) => page.getByRole('application', { name: /Flame graph/ });
  it('is moved through by keys, zoomed, and read as a table', async () => {
    const page = await trace(1, '?tab=flame');
    await page.getByText('21 paths of 25 spans').waitFor();
    await picture(page).focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    await eventually(async () => assert.match(plain(await page.locator('#fl-said').innerText()), /; \d+ spans?; /));
    await page.keyboard.press('Enter');
    await page.waitForURL(/flame=/);
    await page.getByRole('button', { name: 'Show all' }).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.search.includes('flame='));
    await page.getByRole('button', { name: 'Table' }).click();
    await page.waitForURL(/as=table/);
    const rows = page.getByRole('treegrid', { name: 'Flame graph as a table' }).getByRole('row');
    await eventually(async () => assert.equal(await rows.count(), 22));
    await eventually(async () => assert.match(plain(await rows.nth(17).innerText()), /^llm_inference hsi-nemotron 2 1 724 ms – 724 ms/));
    assert.deepEqual(opened.complaints, []);
  });
  it('zooms to the frame that is clicked, and draws in the services’ colours', async () => {
    const page = await trace(1, '?tab=flame&waits=out');
    await eventually(async () => assert.ok((await inks(page.locator('.flcanvas'), 120)) > 11, 'something is drawn'));
    const box = await place(picture(page));
    await page.mouse.click(box.x + box.width / 2, box.y + 3 * 22 + 11);
    await page.waitForURL(new RegExp(`flame=${spanId(1, 15)}`));
    await page.getByText('analyze_batch of hsi-nemotron: 776 ms of 1.06 s').waitFor();
  });
});

describe('the raw trace', () => {
  it('is what a download has, searched by line', async () => {
    const page = await trace(1, '?tab=raw');
    const lines = page.getByRole('region', { name: 'The trace as OTLP JSON' });
    await lines.getByText('"resourceSpans": [').waitFor();
    await eventually(async () => assert.ok((await page.locator('.rawline').count()) < 200, 'only lines in view are in the document'));
    await page.keyboard.press('/');
    await page.keyboard.type('kv_cache');
    await page.getByText('1 of 1').waitFor();
    await page.waitForURL(/raw=kv_cache/);
    await eventually(async () => assert.equal(await lines.locator('mark').innerText(), 'kv_cache'));
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('The trace is copied as OTLP JSON.').waitFor();
    const [copied, served] = [await page.evaluate(() => navigator.clipboard.readText()), await server.get(`/api/v1/traces/${traceId(1)}?format=otlp`)];
    assert.deepEqual(JSON.parse(copied), served);
    assert.deepEqual(opened.complaints, []);
  });
  it('says that it can’t be loaded, and tries again', async () => {
    opened = await openPage(browser, null);
    const { page } = opened;
    await page.route('**/*format=otlp', (route) => route.fulfill({ status: 507, contentType: 'application/problem+json', body: '{"title":"Insufficient Storage","status":507,"detail":"The trace takes too much memory."}' }));
    await page.goto(`${server.http}/trace/${traceId(1)}?tab=raw`);
    await page.getByText('The trace takes too much memory.').waitFor();
    await page.unroute('**/*format=otlp');
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('"resourceSpans": [').waitFor();
    assert.deepEqual(besides(/status of 507/), []);
  });
});

describe('the panel', () => {
  it('makes a condition of a value and adds it to what the list showed', async () => {
    const page = await open('/search?q=error%3Dtrue&range=all');
    await page.getByRole('link', { name: 'Process Detection' }).click();
    await page.getByRole('treegrid').waitFor();
    await page.keyboard.press('e');
    await page.keyboard.press('e');
    await page.keyboard.press('e');
    const side = page.getByRole('complementary', { name: 'Span details' });
    await side.getByText('camera.name').hover();
    await eventually(async () => assert.match(await side.getByRole('link', { name: 'Exclude traces by camera.name' }).getAttribute('href'), /camera\.name%21%3D%22front_door%22/));
    await side.getByRole('link', { name: 'Find traces by camera.name' }).click();
    await page.waitForURL((url) => url.searchParams.get('q') === 'error=true camera.name="front_door"' && url.searchParams.get('range') === 'all');
    await page.getByRole('grid', { name: 'Traces' }).getByText('Process Detection').waitFor();
    assert.deepEqual(opened.complaints, []);
  });
  it('shows which span of another trace links here, and leads to it', async () => {
    const page = await trace(2, `?span=${spanId(2, 2)}`);
    await page.getByRole('link', { name: /from orphaned_work/ }).click();
    await page.waitForURL(new RegExp(`${traceId(3)}\\?span=${spanId(3, 2)}`));
    await page.getByRole('link', { name: /to trace/ }).waitFor();
  });
});

describe('clocks that disagree', () => {
  const names = (page) => page.getByRole('treegrid').locator('.nm > .trunc:not(.at)').allInnerTexts();
  it('are mended, marked, and shown as they were sent one click away', async () => {
    const page = await trace(4, `?span=${spanId(4, 2)}`);
    await eventually(async () => assert.deepEqual(await names(page), ['call', 'first', 'behind']));
    await eventually(async () => assert.equal(await page.locator('.moved .ic').count() > 0, true));
    const side = page.getByRole('complementary', { name: 'Span details' });
    await side.getByText('The clock of hsi-yolo26 is off').waitFor();
    await eventually(async () => assert.match(plain(await side.innerText()), /In trace \+10\.0 ms .* As it was sent: .* −18\.4 ms in the trace/));
    await side.getByRole('button', { name: 'Show all times as they were sent' }).click();
    await page.waitForURL(/times=sent/);
    await side.getByText('Times are shown as they were sent.').waitFor();
    await eventually(async () => assert.deepEqual(await names(page), ['call', 'behind', 'first']));
    await page.getByRole('button', { name: 'Complete' }).click();
    await page.getByRole('button', { name: 'Mend times' }).click();
    await side.getByText('The clock of hsi-yolo26 is off').waitFor();
  });
});

describe('the verdict', () => {
  for (const [number, word, facts] of [
    [3, 'Partial', ['1 span names a parent that did not arrive', 'The root span did not arrive']],
    [5, 'Partial', ['1 circle of parents']],
    [6, 'Complete', ['The trace has 2 roots', '95.0 ms of 105 ms is a gap that no span covers']],
    [7, 'Complete', ['1 span ends before the start']],
  ])
    it(`of trace ${number} is ${word}: ${facts.join(', ')}`, async () => {
      const page = await trace(number, '', { width: 400, height: 800 });
      await page.getByRole('button', { name: word }).click();
      const popup = page.getByRole('group', { name: 'Is the trace complete?' });
      await eventually(async () => {
        const told = plain(await popup.innerText());
        for (const fact of facts) assert.ok(told.includes(fact), `${fact} in ${told}`);
      });
      const box = await place(popup);
      assert.ok(box.x >= 0 && box.x + box.width <= 400, `the popup lies from ${box.x} to ${box.x + box.width}`);
      await eventually(async () => assert.equal(await noOverflow(page), 0));
      assert.deepEqual(opened.complaints, []);
    });
});

describe('odd data', () => {
  it('in names and values is text on every tab, and holds its place', async () => {
    const page = await trace(8);
    for (const tab of ['Timeline', 'Flame graph', 'Statistics', 'Raw']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
      await eventually(async () => assert.equal(await noOverflow(page), 0, tab));
      await eventually(async () => assert.equal(await page.locator('main img, main script').count(), 0, tab));
    }
    await page.getByRole('tab', { name: 'Statistics' }).click();
    await eventually(async () => {
      const told = await page.getByRole('table', { name: 'Statistics of the trace' }).innerText();
      for (const part of [html, arabic, long]) assert.ok(told.includes(part), part.slice(0, 40));
    });
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.getByRole('treegrid').focus();
    for (const part of [html, arabic]) {
      await page.keyboard.press(part === html ? 'Home' : 'ArrowDown');
      await page.getByRole('complementary', { name: 'Span details' }).locator('.name').getByText(part).waitFor();
    }
    await page.keyboard.press('Home');
    await page.getByRole('button', { name: 'all 10,000 characters' }).waitFor();
    await eventually(async () => assert.equal(await page.evaluate(() => globalThis.hacked), undefined));
    await eventually(async () => assert.equal(await noOverflow(page), 0));
    assert.deepEqual(opened.complaints, []);
  });
  it('in a deep link is passed over', async () => {
    const page = await trace(2, '?tab=nowhere&span=ffffffffffffffff&zoom=9-1&flame=x&by=zzz&sort=up&times=never');
    await page.getByRole('tab', { name: 'Timeline', selected: true }).waitFor();
    await eventually(async () => assert.equal(await page.getByRole('treegrid').locator('.sp').count(), 3));
    assert.deepEqual(opened.complaints, []);
  });
  it('of a trace that is gone says so to a deep link', async () => {
    const page = await open(`/trace/${traceId(99)}?tab=flame&span=${spanId(99, 1)}`);
    await page.getByRole('heading', { name: 'Trace not found' }).waitFor();
    assert.deepEqual(besides(/status of 404/), []);
  });
});

describe('a server', () => {
  const traceAddress = new RegExp(`/api/v1/traces/${traceId(2)}\\?`);
  it('that answers 500 is said to, and asked again', async () => {
    opened = await openPage(browser, null);
    const { page } = opened;
    await page.route(traceAddress, (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"title":"The store broke","status":500,"detail":"Look at the log."}' }));
    await page.goto(`${server.http}/trace/${traceId(2)}`);
    await page.getByText('The store broke').waitFor();
    await page.unroute(traceAddress);
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('treegrid').waitFor();
    assert.deepEqual(besides(/status of 500/), []);
  });
  it('that hangs leaves the final geometry, and is let go when the reader leaves', async () => {
    opened = await openPage(browser, null);
    const { page } = opened;
    await page.route(traceAddress, () => undefined);
    const letGo = page.waitForEvent('requestfailed', (request) => traceAddress.test(request.url()));
    await page.goto(`${server.http}/trace/${traceId(2)}`);
    await page.getByRole('status', { name: 'Loading the trace' }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Traces' }).click();
    assert.match((await letGo).failure().errorText, /ABORTED/);
    await page.getByRole('grid', { name: 'Traces' }).waitFor();
    assert.deepEqual(opened.complaints, []);
  });
});

describe('access', () => {
  for (const theme of ['dark', 'light'])
    for (const query of ['?tab=statistics', '?tab=flame', '?tab=flame&as=table', '?tab=raw&raw=exception'])
      it(`of ${query} in ${theme} is without findings, wide and narrow`, async () => {
        const page = await trace(1, query, { theme });
        await page.locator('.stscroll .sta, .flcanvas, .flr, .rawline').first().waitFor();
        await assertAccessible(page, { tags: wcag });
        await page.setViewportSize({ width: 400, height: 800 });
        await eventually(async () => assert.equal(await noOverflow(page), 0));
        await assertAccessible(page, { tags: wcag });
      });
});
