// How long tests wait, in one place. It is the limit for what never comes, not an expectation of speed.
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds; long beside anything that a busy machine of one slow core takes. */
export const patience = 120_000;

/**
 * Repeats a check until it throws nothing, and answers what it answers; once patience is over it throws what the check threw last. A page shows the result
 * of an action when it has it: whatever is read after a click, a key, an address or an answer belongs in here, unless something waited for just that state.
 */
export async function eventually(check, { limit = patience, pause = 50 } = {}) {
  const deadline = Date.now() + limit;
  for (;;) {
    try {
      return await check();
    } catch (problem) {
      // A page that is closed never gets anywhere.
      if (/has been closed/.test(problem.message)) throw problem;
      if (Date.now() >= deadline) {
        problem.message += `\n(It was still so after ${limit / 1000} s.)`;
        throw problem;
      }
    }
    await sleep(pause);
  }
}
