// THROUGHLINE_TEST_SLOW=6 makes the tests' browser as slow as a machine that is six times slower: its processor is throttled, and each answer of the API is late
// by a random time, so that answers also come in another order than they were asked for. A test that passes so does not depend on speed.
import { setTimeout as sleep } from 'node:timers/promises';

const variable = 'THROUGHLINE_TEST_SLOW';
const factor = Number(process.env[variable] ?? 1);
if (!(factor >= 1)) throw new Error(`${variable} is '${process.env[variable]}'; it has to be a number from 1, by which the browser is slowed down.`);
const mostMillis = 400;

/** Slows a page down before it goes anywhere, if that is asked for. Answers still stream: only the question is held back. A test's own routes come before. */
export async function slowDown(page) {
  if (factor === 1) return;
  await (await page.context().newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: factor });
  await page.route(/\/(api|events-api|grafana)\//, async (route) => {
    await sleep(Math.random() * mostMillis);
    // The page may have let go of it, or be closed, by now.
    await route.continue().catch((problem) => {
      if (!/closed|Invalid InterceptionId|already handled/.test(problem.message)) throw problem;
    });
  });
}
