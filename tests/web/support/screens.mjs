// Every screen of the page with what it shows of the reference pipeline. An empty state has none of it.
import assert from 'node:assert/strict';
import { inks } from './page.mjs';
import { eventually } from './patience.mjs';

const hasRows = (rows, least) =>
  eventually(async () => {
    const count = await rows.count();
    assert.ok(count >= least, `there are ${count} rows; at least ${least} were expected`);
  });
const isDrawn = async (canvas) => {
  await canvas.waitFor();
  await eventually(async () => {
    const count = await inks(canvas);
    assert.ok(count >= 8, `the picture has ${count} colours`);
  });
};

/** `judged` is a trace of the whole pipeline, `failed` one whose analysis failed in the span `failedSpan`. */
export const screens = ({ judged, failed, failedSpan }) => [
  {
    name: 'traces',
    path: '/search?range=2m',
    async shows(page) {
      await hasRows(page.getByRole('grid', { name: 'Traces' }).getByText('Process Detection', { exact: true }), 5);
      await page.getByRole('complementary', { name: 'Facets' }).getByText('hsi-nemotron').first().waitFor();
      await isDrawn(page.getByRole('slider', { name: 'Traces over time' }).locator('canvas'));
    },
  },
  {
    name: 'trace',
    path: `/trace/${failed}?span=${failedSpan}`,
    async shows(page) {
      await page.getByRole('button', { name: /^Unfold .* of waiting/ }).first().waitFor();
      await hasRows(page.getByRole('treegrid').getByRole('row'), 15);
      await page.getByRole('list', { name: 'Stack trace' }).waitFor();
    },
  },
  {
    name: 'flame-graph',
    path: `/trace/${judged}?tab=flame`,
    async shows(page) {
      await page.getByText(/^\d+ paths of \d+ spans, .* of work and waiting$/).waitFor();
      await isDrawn(page.getByRole('application', { name: /^Flame graph/ }).locator('canvas'));
    },
  },
  {
    name: 'statistics',
    path: `/trace/${judged}?tab=statistics`,
    async shows(page) {
      const table = page.getByRole('table', { name: 'Statistics of the trace' });
      await hasRows(table.getByRole('row'), 15);
      await table.getByText('llm_inference', { exact: true }).waitFor();
    },
  },
  {
    name: 'trace-logs',
    path: `/trace/${judged}?tab=logs`,
    async shows(page) {
      await hasRows(page.getByRole('grid', { name: 'Logs of the trace' }).locator('.lr'), 3);
      await page.getByText(/ is saved: /).first().waitFor();
    },
  },
  {
    name: 'compare',
    path: `/compare?a=${judged}&b=${failed}`,
    async shows(page) {
      await page.getByRole('heading', { name: /What explains/ }).waitFor();
      const rows = page.getByRole('treegrid', { name: 'Merged tree of both traces' }).getByRole('row');
      // How many there are depends on the two images: a retry, or a batch that closes at once, makes one more or less.
      await hasRows(rows, 12);
      for (const operation of ['Process Detection', 'receive_image', 'llm_inference']) await rows.filter({ hasText: operation }).first().waitFor();
      await page.getByRole('region', { name: 'Errors' }).getByText('out_of_memory').first().waitFor();
    },
  },
  {
    name: 'logs',
    path: '/logs?range=15m',
    async shows(page) {
      await hasRows(page.getByRole('grid', { name: 'Log entries' }).locator('.lr'), 5);
      await page.getByRole('complementary', { name: 'Filters' }).getByText('hsi-nemotron').first().waitFor();
    },
  },
  {
    name: 'profiling',
    path: '/profiling?service=hsi-yolo26&range=15m',
    async shows(page) {
      await page.getByText(/of CPU in \d+ windows?/).first().waitFor();
      await isDrawn(page.getByRole('application', { name: /^Flame graph of hsi-yolo26/ }).locator('canvas'));
    },
  },
  {
    name: 'events',
    path: '/events?range=15m',
    async shows(page) {
      await page.getByRole('table', { name: 'Events' }).locator('.erow:not(.heads)').first().click();
      const picture = page.getByRole('complementary', { name: 'The event' }).getByRole('img').first();
      await eventually(async () => assert.ok(await picture.evaluate((image) => image.naturalWidth > 0), 'the image is not there'));
    },
  },
  {
    name: 'pipeline',
    path: '/pipeline?range=15m',
    async shows(page) {
      await hasRows(page.getByRole('table', { name: 'Stages of the pipeline' }).getByRole('rowheader'), 5);
      await page.getByRole('region', { name: 'What fails' }).getByText('out_of_memory').waitFor();
      await page.getByRole('link', { name: /^hsi-backend calls hsi-nemotron: / }).waitFor();
    },
  },
  {
    name: 'settings',
    path: '/settings',
    async shows(page) {
      await page.getByText('Spans are received').waitFor();
      await page.getByRole('region', { name: 'Options in force' }).getByText('--retention', { exact: true }).waitFor();
    },
  },
];
