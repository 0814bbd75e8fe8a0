// Sampling, redaction and limits on the settings screen: changed in the fields, in force at once, refused with what is wrong at its field, and counted.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startServer } from './support/server.mjs';
import { imageTrace } from './support/spans.mjs';

let browser, opened, server;
before(async () => {
  browser = await launch();
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
const open = async (options) => {
  opened = await openPage(browser, `${server.http}/settings`, options);
  const form = opened.page.getByRole('form', { name: 'Sampling, redaction and limits' });
  await form.waitFor();
  return { page: opened.page, form, status: form.getByRole('status'), save: form.getByRole('button', { name: 'Save and put in force' }) };
};
afterEach(async () => {
  assert.deepEqual(await opened.violations(), []);
  await opened.close();
});
const rules = async () => (await fetch(`${server.http}/api/v1/settings/process`)).json();

describe('rules', () => {
  it('are refused at their field, and the old ones stay', async () => {
    const { form, status, save } = await open();
    await status.getByText('Everything is kept.').waitFor();
    await eventually(async () => assert.equal(await save.isDisabled(), true));
    const rate = form.getByLabel('Traces kept').first();
    await rate.fill('300');
    await status.getByText('Not saved yet.').waitFor();
    await save.click();
    await form.getByText('A share lies from 0 to 100 %, 300 % does not.', { exact: true }).waitFor();
    await eventually(async () => assert.equal(await rate.getAttribute('aria-invalid'), 'true'));
    await rate.fill('100');
    await form.getByRole('button', { name: 'Add a redaction rule' }).click();
    const pattern = form.getByLabel('Pattern, a regular expression');
    await pattern.fill('(a+)+(?=b)');
    await save.click();
    await status.getByText('one field is wrong').waitFor();
    await eventually(async () => assert.match(await pattern.evaluate((input) => document.getElementById(input.getAttribute('aria-describedby')).textContent), /would take too long/));
    assert.equal((await rules()).version, 0);
    await form.getByRole('button', { name: 'Undo changes' }).click();
    await status.getByText('Everything is kept.').waitFor();
    // The browser itself notes the refused request.
    assert.deepEqual(opened.complaints.filter((complaint) => !/400/.test(complaint)), []);
  });

  it('are in force when they are saved, by keyboard alone, and what they drop is counted live', async () => {
    const { page, form, status } = await open();
    await form.getByRole('button', { name: 'Add a service' }).press('Enter');
    await form.getByLabel('Service', { exact: true }).fill('hsi-backend');
    const rule = form.getByRole('group', { name: 'Rule of hsi-backend' });
    await rule.getByLabel('Traces kept').fill('0');
    await rule.getByLabel('Traces kept').press('Enter');
    await status.getByText('Saved: version 1 is in force.').waitFor();
    assert.deepEqual((await rules()).rules.sampling.services, [{ service: 'hsi-backend', rate: 0, tracesPerSecond: null, remote: false }]);

    const trace = imageTrace(1, Date.now() - 60_000);
    await server.send(trace);
    const dropped = page.getByRole('region', { name: 'Dropped and redacted' });
    await dropped.getByRole('row', { name: /hsi-backend its service’s rate/ }).waitFor();
    assert.deepEqual(opened.complaints, []);
  });

  it('of a service whose senders sample are told to its SDKs', async () => {
    const told = async (service) => (await fetch(`${server.http}/sampling?service=${service}`)).json();
    const { form, status } = await open();
    await form.getByRole('button', { name: 'Add a service' }).click();
    await form.getByLabel('Service', { exact: true }).last().fill('hsi-camera');
    const rule = form.getByRole('group', { name: 'Rule of hsi-camera' });
    await rule.getByLabel('Traces kept').fill('12.5');
    await rule.getByRole('checkbox', { name: 'Senders sample' }).check();
    await rule.getByLabel('Traces kept').press('Enter');
    await status.getByText('Saved: version 2 is in force.').waitFor();
    assert.deepEqual(await told('hsi-camera'), { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0.125 } });
    assert.deepEqual(await told('hsi-backend'), { strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 1 } });
    assert.deepEqual(opened.complaints, []);
  });

  it('that somebody else changed are not overwritten', async () => {
    const { form, status, save } = await open();
    const now = await rules();
    const answer = await fetch(`${server.http}/api/v1/settings/process`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rules: { ...now.rules, limits: { ...now.rules.limits, attributes: 99 } } }) });
    assert.equal(answer.status, 200);
    await form.getByLabel('Spans of a trace').fill('1000');
    await save.click();
    await status.getByText('changed by somebody else').waitFor();
    await form.getByRole('button', { name: 'Load the present rules' }).click();
    await status.getByText('Saved: version 3 is in force.').waitFor();
    await eventually(async () => assert.equal(await form.getByLabel('Attributes of a span, event or link').inputValue(), '99'));
    assert.deepEqual(opened.complaints.filter((complaint) => !/409/.test(complaint)), []);
  });

  it('fit a narrow window in both themes', async () => {
    for (const theme of ['dark', 'light']) {
      const { page, form } = await open({ width: 400, theme });
      await form.getByRole('button', { name: 'Add a tail rule' }).click();
      await form.getByRole('group', { name: /^Tail rule 1/ }).getByLabel('Keep a trace that').selectOption('attribute');
      await form.getByLabel('Values, with commas').waitFor();
      await eventually(async () => assert.equal(await page.evaluate(() => document.querySelector('.setscroll').scrollWidth > document.querySelector('.setscroll').clientWidth), false));
      assert.deepEqual(opened.complaints, []);
      if (theme === 'dark') {
        assert.deepEqual(await opened.violations(), []);
        await opened.close();
      }
    }
  });
});
