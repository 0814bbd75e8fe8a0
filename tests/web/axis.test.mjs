// The folded axis, the critical path and link arrows, as an operator uses them: real server, real browser.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { axisWidth, launch, openPage, place, steady } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, traceId, traceRequest } from './support/spans.mjs';

let server, browser, opened, page;
const minute = 60_000;
const [folding, plain, silent] = [1, 2, 3];

before(async () => {
  server = await startServer();
  browser = await launch();
  const now = Date.now();
  await server.send(imageTrace(folding, now - 10 * minute, { wait: 41_200, failure: true }));
  await server.send(shortTrace(plain, now - 9 * minute));
  await server.send(
    traceRequest(silent, now - 8 * minute, [
      { id: 1, service: 'hsi-backend', name: 'root', at: 0, for: 9000 },
      { id: 2, parent: 1, service: 'hsi-backend', name: 'first', at: 0, for: 100 },
      { id: 3, parent: 1, service: 'hsi-backend', name: 'second', at: 8900, for: 100 },
    ]),
  );
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
afterEach(async () => {
  const [violations, complaints] = [await opened.violations(), opened.complaints];
  await opened.close();
  assert.deepEqual(violations, [], 'the content security policy was violated');
  assert.deepEqual(complaints, [], 'the browser complained');
});

const open = async (path, options) => {
  opened = await openPage(browser, `${server.http}${path}`, options);
  page = opened.page;
  await page.getByRole('treegrid').waitFor();
};
const row = (name, nth = 0) => page.getByRole('treegrid').locator('.sp').filter({ has: page.locator('.nm > .trunc:not(.at)').getByText(name, { exact: true }) }).nth(nth);
const box = (name, nth = 0) =>
  steady(page, async () => {
    const [bar, lane] = [await row(name, nth).locator('[data-bar]').boundingBox(), await row(name, nth).locator('.gr').boundingBox()];
    return { left: bar.x - lane.x, width: bar.width, right: bar.x - lane.x + bar.width, lane: await axisWidth(page) };
  });
const chips = () => page.locator('.foldchip');
const chip = (length) => page.getByRole('button', { name: new RegExp(`old ${length.replace('.', '\\.').replace(' ', '\\s')} of waiting`) });
const joints = () => page.locator('.overlay .joint').getAttribute('d');
/** What must hold of a bar, once it is drawn as the address says. */
const boxHolds = (name, check) => eventually(async () => check(await box(name)));

describe('a trace with long waits', () => {
  beforeEach(() => open(`/trace/${traceId(folding)}`));

  it('folds them, and draws all work at one scale that is printed', async () => {
    await eventually(async () => assert.deepEqual((await chips().allInnerTexts()).map((text) => text.replaceAll('\u2009', ' ').trim()), ['41.2 s', '2.00 s']));
    await eventually(async () => {
      const scale = Number(/1 px = ([\d.]+)\sms outside the folds/.exec(await page.locator('.rulerline .lab').innerText())[1]);
      for (const [name, millis] of [['inference', 130], ['receive_image', 31]]) {
        const { width } = await box(name);
        assert.ok(Math.abs(width * scale - millis) < millis * 0.05 + scale, `${name} is ${width} px at ${scale} ms a pixel`);
      }
      const second = await box('llm_inference', 1);
      assert.ok(Math.abs(second.width * scale - 560) < 560 * 0.05, 'a bar after the folds has the same scale');
      const wait = await box('batch_wait');
      assert.ok(Math.abs(wait.width - (16 * Math.log10(41_200) + 16)) < 1, `the fold is ${wait.width} px wide`);
    });
    await eventually(async () => assert.match((await row('batch_wait').innerText()).replaceAll('\u2009', ' '), /batch window 41\.2 s/));
    // The stretch after the first fold begins with its true time.
    await eventually(async () => assert.match((await page.locator('.mark.edge').nth(1).innerText()).replaceAll('\u2009', ' '), /^41\.50 s$/));
    await eventually(async () => assert.equal(await page.locator('.lens polygon').count(), 3));
  });

  it('draws what crosses a fold as a line there', async () => {
    const pieces = () => row('analyze_batch').locator('[data-bar] > .bar').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height));
    await eventually(async () => assert.deepEqual(await pieces(), [12, 2, 12]));
  });

  it('opens one fold by its chip and by keys, and the address holds it', async () => {
    await chip('41.2 s').click();
    await page.waitForURL(/unfold=303\d{6}$/);
    let wait;
    await boxHolds('batch_wait', (box) => {
      wait = box;
      assert.ok(wait.width > wait.lane * 0.4 && wait.width < wait.lane * 0.52, `it takes ${wait.width} of ${wait.lane} px`);
    });
    await eventually(async () => assert.equal(await chip('41.2 s').getAttribute('aria-pressed'), 'true'));
    await page.reload();
    await page.getByRole('treegrid').waitFor();
    await eventually(async () => assert.equal((await box('batch_wait')).width, wait.width));
    await page.keyboard.press(']');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => !url.href.includes('unfold'));
    await page.keyboard.press(']');
    await page.keyboard.press('Enter');
    await page.waitForURL(/unfold=4\d{10}$/);
    await page.keyboard.press('[');
    await eventually(async () => assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^Unfold 41\.2/));
  });

  it('hands the focus of a chip that goes on to the spans, so that keys go on working', async () => {
    await page.keyboard.press(']');
    await page.keyboard.press('f');
    await page.waitForURL(/axis=linear/);
    await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'treegrid'));
    await page.keyboard.press('ArrowDown');
    await page.waitForURL(/span=/);
  });

  it('labels an opened fold on the ruler and ends all bars with it when zoomed', async () => {
    await chip('41.2 s').click();
    await page.waitForURL(/unfold=/);
    const boxes = (selector) => page.locator(selector).evaluateAll((all) => all.map((one) => ({ text: one.innerText, left: one.getBoundingClientRect().left, right: one.getBoundingClientRect().right })));
    await eventually(async () => {
      const fold = await row('batch_wait').locator('[data-bar]').boundingBox();
      const inside = (await boxes('.tl .mark')).filter(({ text, left, right }) => text !== '' && left > fold.x && right < fold.x + fold.width);
      assert.ok(inside.length >= 2, `${inside.length} labels stand over the opened fold`);
    });
    const ruler = await place(page.locator('.tl .ruler'));
    await page.keyboard.press('w');
    await page.waitForURL(/zoom=/);
    await eventually(async () => {
      const bars = await boxes('.tl [data-bar]');
      assert.ok(bars.length > 0);
      for (const { right } of bars) assert.ok(right <= ruler.x + ruler.width + 1, `a bar ends ${right - ruler.x - ruler.width} px after the ruler`);
    });
  });

  it('is linear when folding is switched off', async () => {
    await page.keyboard.press('f');
    await page.waitForURL(/axis=linear/);
    await boxHolds('batch_wait', ({ width, lane }) => assert.ok(width > lane * 0.9, `it takes ${width} of ${lane} px`));
    await eventually(async () => assert.equal(await chips().count(), 0));
    await eventually(async () => assert.equal(await page.locator('.lens').count(), 0));
    await page.getByRole('button', { name: 'Fold waits' }).click();
    await page.waitForURL((url) => !url.href.includes('axis'));
    await eventually(async () => assert.equal(await chips().count(), 2));
  });

  it('fits a stretch of work by number and by double click, and all by 0', async () => {
    await page.keyboard.press('1');
    await page.waitForURL(/zoom=0-303\d{6}/);
    await boxHolds('detect_objects', ({ width, lane }) => assert.ok(width > lane * 0.8, `it takes ${width} of ${lane} px`));
    await eventually(async () => assert.equal(await chips().count(), 0));
    await page.keyboard.press('0');
    await page.waitForURL((url) => !url.href.includes('zoom'));
    await eventually(async () => assert.equal(await chips().count(), 2));
    const lane = await place(page.locator('.ruler'));
    const last = await box('save_event');
    await page.mouse.dblclick(lane.x + last.left - 100, lane.y + 14);
    await page.waitForURL(/zoom=43\d{9}-44\d{9}/);
  });

  it('zooms at the pointer, and folds keep their width', async () => {
    const ruler = await place(page.locator('.ruler'));
    const scale = () => page.locator('.rulerline .lab').innerText();
    const [before, wide] = [await box('batch_wait'), await scale()];
    const x = before.right;
    await page.mouse.move(ruler.x + x, ruler.y + 200);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -60);
    await page.keyboard.up('Control');
    await page.waitForURL(/zoom=/);
    await eventually(async () => assert.notEqual(await scale(), wide));
    const after = await box('batch_wait');
    assert.ok(Math.abs(after.width - before.width) < 1, `${before.width} became ${after.width}`);
    assert.ok(Math.abs(after.right - x) < 2, 'the time at the pointer stays');
  });

  it('says how much work and how much folded time a brush holds', async () => {
    const ruler = await place(page.locator('.ruler'));
    const wait = await box('batch_wait');
    await page.mouse.move(ruler.x + wait.left - 40, ruler.y + 10);
    await page.mouse.down();
    await page.mouse.move(ruler.x + wait.right + 40, ruler.y + 10);
    await eventually(async () => assert.match((await page.locator('.ruler .brush').innerText()).replaceAll('\u2009', ' '), /^\d+(\.\d+)? ms of work \+ 41\.2 s folded$/));
    await page.keyboard.press('Escape');
    await page.mouse.up();
    await eventually(() => assert.doesNotMatch(page.url(), /zoom/));
  });

  it('shows the critical path through the wait and the second attempt, and hides it on request', async () => {
    const onPath = (name, nth) => row(name, nth).locator('.crit').count();
    await eventually(async () => assert.ok((await onPath('inference')) > 0));
    await eventually(async () => assert.ok((await onPath('batch_wait')) > 0));
    await eventually(async () => assert.ok((await onPath('llm_inference', 1)) > 0));
    await eventually(async () => assert.equal(await onPath('gpu_queue'), 1));
    await eventually(async () => assert.equal(await onPath('retry_backoff'), 1));
    await eventually(async () => assert.match(await joints(), /^M\d/));
    const [line, bar] = [await place(row('batch_wait').locator('.crit')), await place(row('batch_wait').locator('[data-bar]'))];
    assert.ok(Math.abs(line.width - bar.width) < 1.5 && line.y > bar.y + bar.height, 'the line lies below the bar, as long as it');
    await page.keyboard.press('p');
    await page.waitForURL(/path=off/);
    await eventually(async () => assert.equal(await page.locator('.crit').count(), 0));
    await page.getByRole('button', { name: 'Critical path' }).click();
    await page.waitForURL((url) => !url.href.includes('path'));
    await eventually(async () => assert.ok((await onPath('batch_wait')) > 0));
  });

  it('draws the path of a closed subtree in its row', async () => {
    await row('detect_objects').click();
    await page.keyboard.press('h');
    await eventually(async () => {
      const [line, bar] = [await place(row('detect_objects').locator('.crit')), await place(row('detect_objects').locator('[data-bar]'))];
      assert.ok(line.width > bar.width * 0.95, `${line.width} of ${bar.width}`);
    });
  });

  it('draws a link as an arrow from the earlier span to the later', async () => {
    const arrow = await place(page.locator('[data-link]'));
    const [from, to] = [await place(row('batch_detection')), await place(row('analyze_batch'))];
    await eventually(async () => assert.equal(await page.locator('[data-link]').count(), 1));
    assert.ok(arrow.y > from.y && arrow.y < from.y + from.height, 'it begins in the row of the span that is linked to');
    assert.ok(arrow.y + arrow.height > to.y && arrow.y + arrow.height < to.y + to.height, 'it ends in the row of the span that has the link');
  });
});

it('a trace without long waits has a plain axis', async () => {
  await open(`/trace/${traceId(plain)}`);
  await eventually(async () => assert.equal(await chips().count(), 0));
  await eventually(async () => assert.equal(await page.locator('.lens').count(), 0));
  await eventually(async () => assert.ok(await page.getByRole('button', { name: 'Fold waits' }).isDisabled()));
  await eventually(async () => assert.match((await page.locator('.rulerline .lab').innerText()).replaceAll('\u2009', ' '), /1 px = [\d.]+ µs$/));
});

it('a gap without a known cause is outlined and never folds', async () => {
  await open(`/trace/${traceId(silent)}`);
  await eventually(async () => assert.equal(await chips().count(), 0));
  await eventually(async () => assert.equal((await row('root').locator('.gap').innerText()).replaceAll('\u2009', ' '), 'uninstrumented 8.80 s'));
});
