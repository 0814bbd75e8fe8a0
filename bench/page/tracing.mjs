// What it costs the page to trace itself: loads and walks through its screens with --page-trace-rate 1 and without, in turn, in a real Chromium; what the browser's main thread did, and what a user waits for.
import { parseArgs } from 'node:util';
import { launch, openPage } from '../../tests/web/support/page.mjs';
import { startServer } from '../../tests/web/support/server.mjs';
import { imageTrace } from '../../tests/web/support/spans.mjs';

const options = parseArgs({ options: { runs: { type: 'string', default: '15' }, rounds: { type: 'string', default: '3' } } }).values;
const [runs, rounds] = ['runs', 'rounds'].map((name) => {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < 1) {
    console.error(`--${name} must be a whole number of 1 or more, not "${options[name]}"`);
    process.exit(2);
  }
  return value;
});

const screens = [['Logs', '/logs'], ['Pipeline', '/pipeline'], ['Settings', '/settings'], ['Traces', '/']];
const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];

/** One visit: what it took until the rows stood, and what the main thread did for the load, and for each walk through the screens. */
async function visit(browser, server, traced) {
  const opened = await openPage(browser, null);
  const { page } = opened;
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const figures = async () => Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  let bytes = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/otlp/v1/traces')) bytes += request.postDataBuffer()?.length ?? 0;
  });
  const from = performance.now();
  await page.goto(server.http);
  await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  const rows = performance.now() - from;
  if (traced) await page.waitForRequest((request) => request.url().endsWith('/otlp/v1/traces'), { timeout: 60_000 });
  await page.waitForLoadState('networkidle');
  const loaded = await figures();
  const walks = [];
  for (let round = 0; round < rounds; round++) {
    for (const [name, path] of screens) {
      const began = performance.now();
      await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
      await page.waitForURL((url) => url.pathname === path);
      await page.getByRole('main').waitFor();
      walks.push(performance.now() - began);
    }
  }
  // So that what is sent after the last step counts too.
  await page.waitForTimeout(3000);
  const after = await figures();
  if (opened.complaints.length > 0) throw new Error(`the browser complained: ${opened.complaints.join('; ')}`);
  await opened.close();
  return {
    'first rows after the address, ms': rows,
    'scripts of the load, ms of the main thread': loaded.ScriptDuration * 1000,
    'all tasks of the load, ms of the main thread': loaded.TaskDuration * 1000,
    'scripts of a step to another screen, ms of the main thread': ((after.ScriptDuration - loaded.ScriptDuration) * 1000) / walks.length,
    'all tasks of a step, ms of the main thread': ((after.TaskDuration - loaded.TaskDuration) * 1000) / walks.length,
    'a step, ms until the screen stood': quantile(walks, 0.5),
    'memory of the scripts in the end, MB': after.JSHeapUsedSize / 1e6,
    'spans sent, kB of JSON a visit': bytes / 1000,
  };
}

const servers = [await startServer(), await startServer(['--page-trace-rate', '1'])];
const browser = await launch();
try {
  for (const server of servers) for (let i = 1; i <= 200; i++) await server.send(imageTrace(i, Date.now() - 60_000 - i * 10_000));
  const found = [[], []];
  // The first of each is for the browser's and the server's caches, and does not count.
  for (let run = -1; run < runs; run++)
    for (const which of run % 2 === 0 ? [0, 1] : [1, 0]) {
      const one = await visit(browser, servers[which], which === 1);
      if (run >= 0) found[which].push(one);
    }
  console.log(`Medians (quartiles) of ${runs} visits each, in turn, ${rounds * screens.length} steps a visit, 1440 x 900:\n`);
  console.log(`${''.padEnd(62)}${'not traced'.padStart(26)}${'traced'.padStart(26)}`);
  const text = (values) => `${quantile(values, 0.5).toFixed(1)} (${quantile(values, 0.25).toFixed(1)} to ${quantile(values, 0.75).toFixed(1)})`;
  for (const name of Object.keys(found[0][0])) console.log(`${name.padEnd(62)}${found.map((list) => text(list.map((one) => one[name])).padStart(26)).join('')}`);
} finally {
  await browser.close();
  await Promise.all(servers.map((server) => server.stop()));
}
