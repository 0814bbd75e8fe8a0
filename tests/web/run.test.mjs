// What a newcomer does: ./run with a fault, open the page, follow real images through the real pipeline to what went wrong, look at each screen, Ctrl-C.
// THROUGHLINE_SCREENSHOTS=DIR keeps pictures of the screens there, once there is enough to see on them; else they go to artifacts/.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './support/page.mjs';
import { eventually } from './support/patience.mjs';
import { startRun } from './support/run.mjs';
import { screens } from './support/screens.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kept = process.env.THROUGHLINE_SCREENSHOTS;
const pictures = path.resolve(root, kept ?? 'artifacts/test/screens');
// Two minutes of the cameras, and traces that nothing is added to any more.
const [enough, settled] = kept === undefined ? [1, 0] : [100, 45_000];

let run, browser;
before(async () => {
  // Judges small batches, and has no memory for larger ones: one run shows both.
  run = await startRun(['--fault', 'analyst-out-of-memory']);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await run?.end();
});

/** Opens an address, does something there, and makes sure that nothing complained. */
async function visit(address, look, options) {
  const opened = await openPage(browser, `${run.http}${address}`, options);
  try {
    await look(opened.page);
    assert.deepEqual(await opened.violations(), []);
    assert.deepEqual(opened.complaints, []);
  } finally {
    await opened.close();
  }
}

// What a service's last span of an image is: those below it have been sent before it.
const whole = ['save_event', 'analyze_batch of hsi-nemotron', 'detect_objects of hsi-yolo26'];
const judged = (age = 0) => run.traceWith('operation=parse_response', [...whole, 'parse_response'], { age });
/** A trace whose batch was not judged, and had images of other traces in it. */
const failed = (age = 0) =>
  run.traceWith('status=error&operation=build_prompt', [...whole, 'build_prompt'], { age, accept: (trace) => trace.links.some((link) => link.traceId !== trace.traceId) });
const spanOf = ({ columns, names }, name) => columns.spanId[columns.name.findIndex((at, row) => names[at] === name && columns.error[row])];

describe('./run', () => {
  it('prints the address of the page', async () => {
    assert.equal((await run.line(/^open (\S+) in a browser/m))[1].replace(/\/$/, ''), run.http);
  });

  it('shows real images of the pipeline in the list of traces', async () => {
    await run.traceWith('operation=Process%20Detection', ['Process Detection']);
    await visit('/', (page) => page.getByRole('grid', { name: 'Traces' }).getByText('Process Detection', { exact: true }).first().waitFor());
  });

  it('draws the whole way of an image, from upload to event', async () => {
    await visit(`/trace/${(await judged()).traceId}`, async (page) => {
      const tree = page.getByRole('treegrid');
      for (const name of ['Process Detection', 'receive_image', 'detect_objects', 'preprocess', 'inference', 'postprocess', 'batch_detection', 'batch_wait',
        'analyze_batch', 'build_prompt', 'llm_inference', 'parse_response', 'save_event', 'db_query', 'http_request'])
        await tree.getByText(name, { exact: true }).first().waitFor();
    });
  });

  it('has each service under its own name', async () => {
    const { services } = await run.get('/api/v1/services');
    // The page is one of them once it has sent what was done on it above.
    assert.deepEqual(services.map((service) => service.name).filter((name) => name !== 'hsi-frontend').sort(), ['hsi-backend', 'hsi-nemotron', 'hsi-yolo26']);
  });

  it('shows what a fault did: the failed span with its exception, message and stack trace', async () => {
    await visit(`/trace/${(await failed()).traceId}`, async (page) => {
      await page.getByRole('treegrid').getByText('build_prompt', { exact: true }).click();
      const panel = page.getByRole('complementary', { name: 'Span details' });
      await panel.getByText('System.OutOfMemoryException', { exact: true }).waitFor();
      await panel.getByText(/memory/i).first().waitFor();
      const frames = panel.getByRole('list', { name: 'Stack trace' });
      await frames.getByRole('listitem').first().waitFor();
      await eventually(async () => assert.match(await frames.innerText(), /Nemotron|Analy/));
    });
  });

  it('leads from a batch to the images that waited for it, and back', async () => {
    const trace = await failed();
    const link = trace.links.find((each) => each.traceId !== trace.traceId);
    const batch = trace.columns.spanId[link.row];
    await run.traceWith('operation=await_analysis&limit=200', ['await_analysis'], { accept: ({ traceId }) => traceId === link.traceId });
    await visit(`/trace/${trace.traceId}?span=${batch}`, async (page) => {
      const panel = page.getByRole('complementary', { name: 'Span details' });
      await panel.getByRole('link', { name: `to trace ${link.traceId.slice(0, 16)}` }).click();
      await page.waitForURL(`**/trace/${link.traceId}?span=${link.spanId}`);
      await page.getByRole('treegrid').getByText('await_analysis', { exact: true }).waitFor();
      await panel.getByRole('group', { name: 'Details of batch_wait' }).waitFor();
      await panel.getByRole('link', { name: /^from analyze_batch hsi-backend/ }).click();
      await page.waitForURL(`**/trace/${trace.traceId}?span=${batch}`);
      await panel.getByRole('group', { name: 'Details of analyze_batch' }).waitFor();
    });
  });

  for (const theme of ['dark', 'light'])
    it(`fills every screen, ${theme}`, async () => {
      await run.until('trace to take pictures of', async () => ((await run.get('/api/v1/search?limit=1')).total.value >= enough ? true : undefined));
      const [good, bad] = [await judged(settled), await failed(settled)];
      await run.until('profile of hsi-yolo26', async () => ((await run.get('/api/v1/profiles/services')).services.some(({ service }) => service === 'hsi-yolo26') ? true : undefined));
      await fs.mkdir(pictures, { recursive: true });
      for (const { name, path: address, shows } of screens({ judged: good.traceId, failed: bad.traceId, failedSpan: spanOf(bad, 'build_prompt') }))
        await visit(address, async (page) => {
          await shows(page);
          await eventually(async () => assert.equal(await page.evaluate(() => document.documentElement.dataset.theme ?? 'dark'), theme));
          await eventually(async () => assert.equal(await page.getByRole('alert').count(), 0, `${name} has an alert`));
          await page.screenshot({ path: path.join(pictures, `${name}-${theme}.png`), animations: 'disabled' });
        }, { theme });
    });

  it('ends cleanly, and takes everything that it started along', async () => {
    const services = run.output().match(/hsi-backend (\S+) \(.*hsi-yolo26 (\S+), hsi-nemotron (\S+);/);
    assert.notEqual(services, null);
    assert.deepEqual(await run.stop(), [0, null], run.output());
    for (const address of [run.http, ...services.slice(1)]) await assert.rejects(fetch(address), `something still listens at ${address}`);
  });
});
