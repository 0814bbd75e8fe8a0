// Runs the browser tests for ./test: node suite.mjs RESULTS_DIRECTORY. The files with a failure are run once more, since a browser and a server in one machine
// have bad moments that tell nothing about either; those that pass then count as passed, and are named as flaky, so that nobody is misled. What fails twice
// has failed. Writes browser.json, in the form of vitest's report.
import fs from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const [results] = process.argv.slice(2);
if (results === undefined) throw new Error('usage: node suite.mjs RESULTS_DIRECTORY');
/** Milliseconds; only a test that hangs takes them. */
const hang = 20 * 60_000;

/** Runs files one after the other, says what happens, and answers the outcome of each test by its file. */
function attempt(files) {
  const outcomes = new Map(files.map((file) => [file, []]));
  const add = (status) => (test) => {
    // A suite fails when a test of it does, and says no more; one that fails by itself has no such test.
    const cause = test.details?.error;
    if (test.details?.type === 'suite' && (status === 'passed' || cause?.failureType === 'subtestsFailed')) return;
    const asStated = test.skip !== undefined || test.todo !== undefined ? 'pending' : status;
    const shown = cause?.cause ?? cause;
    // A file that breaks off is told as a test of its name.
    const file = test.file ?? path.resolve(folder, test.name);
    if (!outcomes.has(file)) outcomes.set(file, []);
    outcomes.get(file).push({ status: asStated, fullName: `${path.basename(file)}: ${test.name}`, failureMessages: cause === undefined ? [] : [String(shown?.stack ?? shown)] });
  };
  return new Promise((resolve, reject) => {
    run({ files, concurrency: 1, timeout: hang })
      .on('test:pass', add('passed'))
      .on('test:fail', add('failed'))
      .on('error', reject)
      .compose(new spec())
      .on('error', reject)
      .on('end', () => resolve(outcomes))
      .pipe(process.stdout);
  });
}

const hasFailed = (tests) => tests.length === 0 || tests.some(({ status }) => status === 'failed');
const files = fs.readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => path.join(folder, name));
const outcomes = await attempt(files);
const again = files.filter((file) => hasFailed(outcomes.get(file)));
const flaky = [];
if (again.length > 0) {
  console.log(`\nrunning again what failed: ${again.map((file) => path.basename(file)).join(', ')}`);
  for (const [file, tests] of await attempt(again)) {
    if (!hasFailed(tests)) flaky.push(path.basename(file));
    outcomes.set(file, tests);
  }
}
for (const [file, tests] of outcomes) if (tests.length === 0) tests.push({ status: 'failed', fullName: path.basename(file), failureMessages: ['It ran no test.'] });

const all = [...outcomes.values()].flat();
const count = (wanted) => all.filter(({ status }) => status === wanted).length;
const report = { numPassedTests: count('passed'), numFailedTests: count('failed'), numPendingTests: count('pending'), flaky, testResults: [{ assertionResults: all }] };
fs.writeFileSync(path.join(results, 'browser.json'), JSON.stringify(report));
process.exitCode = report.numFailedTests === 0 ? 0 : 1;
