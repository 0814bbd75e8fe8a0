// A real Chromium, and pages in it that notice every console error and every violation of the content security policy.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { eventually, patience } from './patience.mjs';
import { slowDown } from './slow.mjs';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axeSource = require('axe-core').source;

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    timeout: patience,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

/**
 * Resolves once the page has drawn a frame and has nothing else to do: what it shows listens to keys and to the pointer then. A part of the page can be seen
 * a moment before it listens, and a person never is as fast as that; only a test is.
 */
export async function idle(page) {
  for (;;)
    try {
      return await page.evaluate(() => new Promise((resolve) => (globalThis.nativeFrame ?? requestAnimationFrame)(() => (globalThis.nativeIdle ?? requestIdleCallback)(() => resolve(), { timeout: 2000 }))));
    } catch (problem) {
      // The page went elsewhere meanwhile, and is asked again there.
      if (!/context was destroyed|navigation/i.test(problem.message)) throw problem;
    }
}

/** Makes keys and the pointer wait until the page listens. */
function inItsTime(page) {
  for (const [device, actions] of [[page.keyboard, ['press', 'type', 'down', 'up']], [page.mouse, ['move', 'down', 'up', 'click', 'dblclick', 'wheel']]])
    for (const action of actions) {
      const act = device[action].bind(device);
      device[action] = async (...rest) => {
        await idle(page);
        return act(...rest);
      };
    }
}

/** A page in a context of its own. `complaints` collects what must not happen; a test looks at it in its end. */
export async function openPage(browser, url, { width = 1440, height = 900, theme = 'dark', grant = ['clipboard-read', 'clipboard-write'] } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, permissions: grant, reducedMotion: 'reduce', timezoneId: 'UTC' });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  await slowDown(page);
  inItsTime(page);
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  await page.addInitScript((chosen) => {
    // As the browser has them, for idle(): a test may put a clock of its own in their place.
    globalThis.nativeFrame = requestAnimationFrame.bind(globalThis);
    globalThis.nativeIdle = requestIdleCallback.bind(globalThis);
    localStorage.setItem('throughline.theme', chosen);
    globalThis.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  }, theme);
  if (url !== null) await page.goto(url);
  return {
    page,
    complaints,
    violations: () => page.evaluate(() => globalThis.violations),
    close: () => context.close(),
  };
}

/** What is read once it stands still: the same in two looks, between which the page had nothing else to do. */
export async function steady(page, read) {
  let last;
  return eventually(async () => {
    await idle(page);
    const now = await read();
    const before = last;
    last = now;
    assert.ok(now !== null, 'there is nothing to be read');
    assert.deepEqual(now, before, 'it does not stand still');
    return now;
  });
}

/** The box of an element that stands still, for a pointer that goes there. */
export const place = (locator) => steady(locator.page(), () => locator.boundingBox());

/** Fails unless axe-core finds nothing. `tags` are its sets of rules, all of them unless given; `grave` leaves out findings that are not serious or critical. */
export async function assertAccessible(page, { tags, grave = false, within } = {}) {
  // Evaluated by the test driver, not by the page, so that the content security policy stays as it is.
  await page.evaluate(axeSource);
  await eventually(async () => {
    await idle(page);
    const violations = await page.evaluate(
      ([selector, options]) => globalThis.axe.run(selector ?? document, options).then((result) => result.violations.map(({ id, help, impact, nodes }) => ({ id, help, impact, nodes: nodes.map(({ target, html, failureSummary }) => ({ target, html, failureSummary })) }))),
      [within, tags === undefined ? { resultTypes: ['violations'] } : { runOnly: tags }],
    );
    const faults = violations
      .filter(({ impact }) => !grave || ['serious', 'critical'].includes(impact))
      .map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 4).map(({ target, html, failureSummary }) => `${target.join(' ')} ${html.slice(0, 160)} ${failureSummary}`).join('\n  ')}`);
    assert.deepEqual(faults, []);
  }, { limit: 30_000, pause: 500 });
}
export const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Serious and critical findings of the rules of WCAG and of good practice. */
export const assertNoGraveFault = (page) => assertAccessible(page, { tags: [...wcag, 'best-practice'], grave: true });

/** How many colours a canvas is drawn in, down to `height` pixels. It is a copy that is read: Chromium complains of a canvas that is read again and again. */
export const inks = (canvas, height) =>
  canvas.evaluate((element, rows) => {
    const copy = Object.assign(document.createElement('canvas'), { width: element.width, height: rows ?? element.height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(element, 0, 0);
    return new Set(new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer)).size;
  }, height);

/** Pixels that the timeline's axis takes; the lanes of its spans go on for some more. */
export const axisWidth = async (page) => (await page.locator('.tl .ruler').boundingBox()).width;
