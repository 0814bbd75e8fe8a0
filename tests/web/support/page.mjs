// A real Chromium, and pages in it that notice every console error and every violation of the content security policy.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

/** A page in a context of its own. `complaints` collects what must not happen; a test looks at it in its end. */
export async function openPage(browser, url, { width = 1440, height = 900, theme = 'dark', grant = ['clipboard-read', 'clipboard-write'] } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, permissions: grant, reducedMotion: 'reduce', timezoneId: 'UTC' });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  await page.addInitScript((chosen) => {
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

/** Pixels that the timeline's axis takes; the lanes of its spans go on for some more. */
export const axisWidth = async (page) => (await page.locator('.tl .ruler').boundingBox()).width;
