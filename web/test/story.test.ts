import { describe, expect, it } from 'vitest';
import { firstCause, story } from '../src/model/story';
import { axisOf } from '../src/model/traceAxis';
import { unionLength } from '../src/model/trace';
import { randomFrom } from './support/random';
import { ms, traceOf, type Row } from './support/traces';

const tell = (trace: Parameters<typeof story>[0]): string =>
  story(trace)
    .map((phrase) => phrase.text)
    .join('')
    .replaceAll('\u2009', ' ');

describe('the sentence', () => {
  it('names the wait that took most of the time, and what the work was', () =>
    expect(
      tell(
        traceOf(
          [
            { start: 0, duration: 1000 * ms, name: 'Process Detection' },
            { parent: 0, start: 0, duration: 100 * ms, name: 'inference', service: 'yolo' },
            { parent: 0, start: 100 * ms, duration: 900 * ms, name: 'batch_wait', wait: 'batch_window' },
          ],
          { waiting: 900 * ms },
        ),
      ),
    ).toBe('900 ms of 1.00 s waited for the batch window. All work together took 100 ms; the most of it is 100 ms in inference of yolo.'));

  it('names a second wait of another kind', () =>
    expect(
      tell(
        traceOf(
          [
            { start: 0, duration: 1000 * ms, name: 'root' },
            { parent: 0, start: 0, duration: 600 * ms, name: 'w', wait: 'batch_window' },
            { parent: 0, start: 700 * ms, duration: 200 * ms, name: 'b', wait: 'backoff' },
          ],
          { waiting: 800 * ms },
        ),
      ),
    ).toContain('600 ms of 1.00 s waited for the batch window, then 200 ms in retry backoff.'));

  it('says so when the wait is a gap that no span covers', () =>
    expect(tell(traceOf([{ start: 0, duration: 10 * ms, name: 'root' }, { parent: 0, start: 90 * ms, duration: 10 * ms, name: 'late' }], { waiting: 80 * ms }))).toContain('80.0 ms of 100 ms waited in a gap that no span covers'));

  it('names the span with the most time of its own when work took it', () =>
    expect(tell(traceOf([{ start: 0, duration: 264 * ms, name: 'root' }, { parent: 0, start: 0, duration: 200 * ms, name: 'inference', service: 'yolo' }]))).toBe('200 ms of 264 ms is inference’s own time, in yolo.'));

  it('names the failed span that no failed child explains', () => {
    const trace = traceOf([
      { start: 0, duration: 100 * ms, name: 'root', error: '503' },
      { parent: 0, start: 0, duration: 90 * ms, name: 'llm_inference', service: 'nemotron', error: 'out_of_memory' },
    ]);
    expect(firstCause(trace)).toBe(1);
    expect(tell(trace)).toMatch(/ out_of_memory in llm_inference of nemotron, and 1 more failed span\.$/);
  });

  it('does not take the service for the reason that a caller did not wait for', () => {
    const trace = (caller?: string) =>
      traceOf([
        { start: 0, duration: 100 * ms, name: 'detect_objects', ...(caller === undefined ? {} : { error: caller }) },
        { parent: 0, start: 0, duration: 90 * ms, name: 'http_request', ...(caller === undefined ? {} : { error: caller }) },
        { parent: 1, start: 0, duration: 90 * ms, name: 'detect_objects', service: 'yolo', error: 'client_closed_request' },
      ]);
    expect(tell(trace('timeout'))).toMatch(/ timeout in http_request of backend, and 2 more failed spans\.$/);
    // Where the caller says nothing it is all that is known.
    expect(firstCause(trace())).toBe(2);
  });

  it('speaks of an error without a label too', () => expect(tell(traceOf([{ start: 0, duration: 10 * ms, name: 'a' }, { parent: 0, start: 0, duration: 5 * ms, name: 'b', error: true }]))).toMatch(/ An error in b of backend\.$/));
  it('is about one span when there is one', () => expect(tell(traceOf([{ start: 0, duration: 36 * ms }]))).toBe('One span of backend, 36.0 ms long.'));
  it('has no figures where nothing has a length', () => expect(tell(traceOf([{ start: 0, duration: 0 }, { parent: 0, start: 0, duration: 0 }]))).toBe('All spans are instants: none has a duration.'));
  it('never counts a wait as work', () => expect(tell(traceOf([{ start: 0, duration: 100 * ms, name: 'root' }, { parent: 0, start: 0, duration: 40 * ms, name: 'w', wait: 'queue' }], { waiting: 40 * ms }))).toBe('60.0 ms of 100 ms is root’s own time, in backend; 40.0 ms waited, the longest 40.0 ms in a queue.'));
});

describe('a trace of which a part was loaded', () => {
  it('tells how long it took and what failed, and nothing of what spans did themselves', () => {
    const part = traceOf([{ start: 0, duration: 900 * ms, omitted: 70 }, { parent: 0, start: 0, duration: 5 * ms, error: 'timeout' }], { waiting: 90 * ms, excerpt: { spans: 72, omittedRoots: 0 } });
    expect(story(part).map((phrase) => phrase.text).join('').replaceAll('\u2009', ' ')).toBe('900 ms in all, 72 spans; 90.0 ms waited. timeout in work of backend.');
  });
  it('has no folds and no gaps: what was not loaded may have worked meanwhile', () => {
    const rows = [{ start: 0, duration: 10e9, omitted: 3 }, { parent: 0, start: 0, duration: 5 * ms }, { parent: 0, start: 5 * ms, duration: 9e9, wait: 'queue' }];
    expect(axisOf(traceOf(rows, { excerpt: { spans: 6, omittedRoots: 0 } })).folds).toEqual([]);
    expect(axisOf(traceOf(rows)).folds).toHaveLength(1);
  });
});

describe('the sentence of any trace', () => {
  const random = randomFrom(33);
  const millis = (text: string): number => Number(text.replace(' ms', ''));
  const rowsOf = (): readonly Row[] => {
    const rows: Row[] = [{ start: 0, duration: (1 + random.below(400)) * ms, name: 'root' }];
    for (let n = 1 + random.below(14); n > 0; n--) {
      const parent = random.below(rows.length);
      const above = rows[parent] ?? { start: 0, duration: 0 };
      rows.push({ parent, start: above.start + random.below(above.duration / ms + 20) * ms, duration: random.below(200) * ms, name: `work ${n}`, ...(random.below(3) === 0 ? { wait: ['queue', 'batch_window', 'backoff'][random.below(3)] ?? 'queue' } : {}) });
    }
    return rows;
  };
  it('has parts that add up to the duration, and names no more work than there was', () => {
    let waited = 0;
    for (let i = 0; i < 1000; i++) {
      const rows = rowsOf();
      const waiting = unionLength(traceOf(rows).waits);
      const trace = traceOf(rows, { waiting });
      const told = tell(trace);
      const total = trace.total / ms;
      if (total >= 1000) continue;
      const first = /^([\d.]+ ms) of ([\d.]+ ms) waited/.exec(told);
      if (first === null) {
        // More than half of the time nothing waited.
        expect(waiting * 2 <= trace.total || waiting === 0, told).toBe(true);
        continue;
      }
      waited++;
      const second = /, (?:then|and) ([\d.]+ ms)/.exec(told);
      expect(millis(first[2] ?? ''), told).toBe(total);
      // Kinds of waits may overlap; none is longer than all waiting.
      for (const part of [first[1], second?.[1]]) expect(millis(part ?? '0'), told).toBeLessThanOrEqual(waiting / ms);
      const work = /(?:All work together took|In) ([\d.]+ ms)/.exec(told);
      expect(waiting / ms + (work === null ? 0 : millis(work[1] ?? '')), told).toBe(total);
      const most = /the most of it is ([\d.]+ ms)/.exec(told);
      if (most !== null) expect(millis(most[1] ?? ''), told).toBeLessThanOrEqual(millis(work?.[1] ?? ''));
    }
    expect(waited).toBeGreaterThan(100);
  });
});
