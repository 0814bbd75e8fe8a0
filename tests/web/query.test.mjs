// The query box: completion from what the store has, errors with their place, saved views.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace, shortTrace, traceId } from './support/spans.mjs';

const minute = 60_000;
let server, browser, opened, page;

before(async () => {
  server = await startServer();
  browser = await launch();
  const now = Date.now();
  await server.send(imageTrace(1, now - 10 * minute, { camera: 'front_door' }));
  await server.send(imageTrace(2, now - 9 * minute, { camera: 'front_door' }));
  await server.send(imageTrace(3, now - 8 * minute, { camera: 'front yard' }));
  await server.send(imageTrace(4, now - 7 * minute, { camera: 'garage' }));
  await server.send(shortTrace(5, now - 6 * minute));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(async () => {
  opened = await openPage(browser, `${server.http}/`);
  page = opened.page;
  await settled();
});
afterEach(async () => {
  const [violations, complaints] = [await opened.violations(), opened.complaints];
  await opened.close();
  assert.deepEqual(violations, [], 'the content security policy was violated');
  assert.deepEqual(complaints, [], 'the browser complained');
});

const settled = () => page.locator('main.traces[aria-busy="false"]').waitFor();
const box = () => page.getByRole('combobox', { name: 'Filter the traces' });
const options = () => page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');
const texts = async () => (await options().allInnerTexts()).map((text) => text.split('\n').map((part) => part.trim()).join(' '));
const ids = () => page.getByRole('grid', { name: 'Traces' }).locator('.li a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));

describe('the query box', () => {
  it('completes keys and values with their counts, by the keyboard alone', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('camera.n');
    await page.getByRole('option', { name: /camera\.name/ }).waitFor();
    await eventually(async () => assert.equal(await box().getAttribute('aria-expanded'), 'true'));
    await page.keyboard.press('Tab');
    await page.getByRole('option', { name: /front_door/ }).waitFor();
    await eventually(async () => assert.equal(await box().inputValue(), 'camera.name='));
    await eventually(async () => assert.deepEqual(await texts(), ['front_door 2 traces', 'front yard 1 trace', 'garage 1 trace']));
    await page.keyboard.type('FR');
    await page.getByRole('option', { name: /garage/ }).waitFor({ state: 'detached' });
    await page.keyboard.press('ArrowDown');
    await eventually(async () => assert.equal(await options().nth(1).getAttribute('aria-selected'), 'true'));
    await eventually(async () => assert.equal(await box().getAttribute('aria-activedescendant'), await options().nth(1).getAttribute('id')));
    await page.keyboard.press('Enter');
    await eventually(async () => assert.equal(await box().inputValue(), 'camera.name="front yard" '));
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=camera\.name%3D%22front\+yard%22$/);
    await settled();
    await eventually(async () => assert.deepEqual(await ids(), [`/trace/${traceId(3)}`]));
  });

  it('offers the queries that were asked before, and forgets one on request and what could not be read', async () => {
    await box().fill('camera.name=garage');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=camera/);
    await settled();
    await box().fill('error=true');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=error/);
    await settled();
    await page.reload();
    await settled();
    const recent = async () => (await texts()).filter((text) => text.endsWith('recent'));
    await box().fill('');
    await page.getByRole('option', { name: /garage/ }).waitFor();
    await eventually(async () => assert.deepEqual(await recent(), ['error=true recent', 'camera.name=garage recent']));
    await page.keyboard.press('Shift+Delete');
    await eventually(async () => assert.deepEqual(await recent(), ['camera.name=garage recent']));
    await page.getByRole('option', { name: /garage/ }).click();
    await page.waitForURL(/q=camera\.name%3Dgarage$/);
    await settled();
    await eventually(async () => assert.deepEqual(await ids(), [`/trace/${traceId(4)}`]));
  });

  it('counts values under the other terms of the query', async () => {
    await box().fill('camera.name=garage service=');
    await page.getByRole('option', { name: /hsi-backend/ }).waitFor();
    await eventually(async () => assert.deepEqual(await texts(), ['hsi-backend 1 trace']));
  });

  it('offers the operators of a key that is whole', async () => {
    await box().fill('duration');
    await page.getByRole('option', { name: /duration>=/ }).waitFor();
    await eventually(async () => assert.deepEqual(await texts(), ['duration>= at least', 'duration<= at most', 'duration> more than', 'duration< less than']));
    await options().nth(0).click();
    await eventually(async () => assert.equal(await box().inputValue(), 'duration>='));
    await eventually(async () => assert.equal(await box().evaluate((element) => element === document.activeElement), true));
  });

  it('closes its suggestions, then takes the draft back, then lets go', async () => {
    await box().fill('cam');
    await options().first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('listbox', { name: 'Suggestions' }).waitFor({ state: 'detached' });
    await eventually(async () => assert.equal(await box().inputValue(), 'cam'));
    await page.keyboard.press('Escape');
    await eventually(async () => assert.equal(await box().inputValue(), ''));
    await page.keyboard.press('Escape');
    await eventually(async () => assert.equal(await box().evaluate((element) => element === document.activeElement), false));
  });
});

it('a value that nobody has is answered with the one that was meant', async () => {
  await box().fill('camera.name=front_dor');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Use front_door' }).click();
  await page.waitForURL(/q=camera\.name%3Dfront_door$/);
  await settled();
  await eventually(async () => assert.deepEqual(await ids(), [2, 1].map((n) => `/trace/${traceId(n)}`)));
});

it('a link of an older release has its conditions in the query', async () => {
  await page.goto(`${server.http}/search?service=hsi-frontend&maxDuration=1s`);
  await settled();
  await eventually(async () => assert.equal(await box().inputValue(), 'service=hsi-frontend duration<=1s'));
  await eventually(async () => assert.deepEqual(await ids(), [`/trace/${traceId(5)}`]));
});

it('a view is saved, shown, renamed, shared and deleted', async () => {
  await box().fill('camera.name=garage');
  await page.keyboard.press('Enter');
  await page.waitForURL(/garage/);
  await page.getByRole('button', { name: /^Saved views/ }).click();
  await page.getByLabel('Name of the new view').fill('The garage');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'The garage', exact: true }).waitFor();
  await page.goto(server.http);
  await settled();
  await page.getByRole('button', { name: 'Saved views, 1' }).click();
  await page.getByRole('button', { name: 'The garage', exact: true }).click();
  await page.waitForURL(/q=camera\.name%3Dgarage$/);
  await page.getByRole('button', { name: 'Saved views, 1' }).click();
  await page.getByRole('button', { name: 'Copy a link to The garage' }).click();
  await page.getByText('Link to “The garage” copied.').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${server.http}/search?q=camera.name%3Dgarage`);
  await page.getByRole('button', { name: 'Rename The garage' }).click();
  await page.getByLabel('New name of The garage').fill('Garage');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Delete Garage' }).click();
  await page.getByText('No view is saved in this browser yet.').waitFor();
});
