import { describe, expect, it } from 'vitest';
import { linearAxis, niceStep, ticks } from '../src/model/axis';
import { labelTexts, layoutBar } from '../src/model/barLayout';
import { windowOf } from '../src/model/traceWindow';
import { clamp, isWhole, pan, whole, zoom } from '../src/model/viewport';
import { randomFrom } from './support/random';
import { ms, traceOf } from './support/traces';

describe('the linear axis', () => {
  it('takes x back to the time it came from', () => {
    const random = randomFrom(3);
    for (let i = 0; i < 500; i++) {
      const from = random.below(1e9);
      const axis = linearAxis(from, from + 1 + random.below(1e10), 1 + random.below(2000));
      const time = axis.from + random.next() * (axis.to - axis.from);
      expect(Math.abs(axis.time(axis.x(time)) - time)).toBeLessThan(1);
    }
  });
  it('stands when there is no width or no length', () => {
    expect(linearAxis(0, 0, 0).time(5)).toBe(0);
    expect(ticks(linearAxis(0, 0, 0))).toEqual([]);
  });
  it.each([[1, 1], [1.1, 2], [3, 5], [6, 10], [23, 50]])('the step for %d is %d', (least, step) => expect(niceStep(least)).toBe(step));
  it.each([
    [0, 44.5e9, 700, ['0', '5 s', '10 s', '15 s', '20 s', '25 s', '30 s', '35 s', '40 s']],
    [0, 250e6, 700, ['0', '50 ms', '100 ms', '150 ms', '200 ms', '']],
    [0, 3600e9, 700, ['0', '10 m', '20 m', '30 m', '40 m', '50 m', '']],
  ])('%d to %d ns on %d px is labelled %j', (from, to, width, labels) => expect(ticks(linearAxis(from, to, width)).map((tick) => tick.label.replaceAll('\u2009', ' '))).toEqual(labels));
  it('deep inside a long trace the labels are relative to the first', () => {
    const labels = ticks(linearAxis(41.51e9, 41.511e9, 700)).map((tick) => tick.label.replaceAll('\u2009', ' ')).filter((label) => label !== '');
    expect(labels[0]).toMatch(/^41\.51\d* s$/);
    expect(labels.slice(1).every((label) => /^\+\d+ µs$/.test(label))).toBe(true);
  });
  it('labels never touch, whatever is shown', () => {
    const random = randomFrom(5);
    for (let i = 0; i < 2000; i++) {
      const from = random.below(2) === 0 ? 0 : random.next() * 1e11;
      const axis = linearAxis(from, from + 10 ** (2 + random.next() * 11), 200 + random.below(1500));
      const marks = ticks(axis);
      expect(marks.length).toBeLessThan(60);
      const labelled = marks.filter((mark) => mark.label !== '');
      labelled.forEach((mark, index) => {
        const next = labelled[index + 1];
        // An edge label is drawn from its tick on, the others around it; 6 px is the widest character.
        const right = mark.x + mark.label.length * (mark.edge ? 6 : 3);
        if (next !== undefined) expect(right, `${axis.from} to ${axis.to} on ${axis.width} px: ${mark.label} | ${next.label}`).toBeLessThan(next.x - next.label.length * 3 + 6);
      });
    }
  });
});

describe('zoom and pan', () => {
  it('keep the time at the pointer where it is', () => {
    const before = { from: 100, to: 1100 };
    const after = zoom(before, 0.5, 350, 10_000);
    expect((350 - after.from) / (after.to - after.from)).toBeCloseTo((350 - before.from) / (before.to - before.from));
  });
  it('never leave the trace nor turn inside out', () => {
    const random = randomFrom(9);
    for (let i = 0; i < 2000; i++) {
      const total = random.below(1e9);
      let view = whole(total);
      for (let step = 0; step < 20; step++) {
        view = random.below(2) === 0 ? zoom(view, 0.2 + random.next() * 2, random.next() * total, total) : pan(view, random.next() * 2 - 1, total);
        expect(view.from, `total ${total}`).toBeGreaterThanOrEqual(0);
        expect(view.to, `total ${total}`).toBeLessThanOrEqual(Math.max(1, total) + 1e-6 * total);
        expect(view.to, `total ${total}`).toBeGreaterThan(view.from);
      }
    }
  });
  it('zooming out far enough shows all', () => expect(isWhole(zoom({ from: 10, to: 60 }, 1000, 20, 500), 500)).toBe(true));
  it('a window from a link is held inside the trace', () => expect(clamp({ from: 900, to: 2000 }, 1000)).toEqual({ from: 0, to: 1000 }));
});

describe('bars', () => {
  const trace = traceOf([
    { start: 0, duration: 10 * ms, name: 'root' },
    { parent: 0, start: 0, duration: 100, name: 'instant' },
    { parent: 0, start: 5 * ms, duration: 95 * ms, name: 'later', error: 'timeout' },
    { parent: -2, start: 50 * ms, duration: 10 * ms, name: 'orphan', wait: 'queue' },
  ]);
  const axis = linearAxis(0, 100 * ms, 1000);
  it('lie where the span lies', () => expect(layoutBar(trace, 2, axis)).toMatchObject({ left: expect.closeTo(50), width: expect.closeTo(950) }));
  it('end with the axis when they go on behind it, and say so', () => {
    const cut = layoutBar(trace, 2, linearAxis(0, axis.to / 2, 100));
    expect((cut?.left ?? 0) + (cut?.width ?? 0)).toBe(100);
    expect([cut?.cut, layoutBar(trace, 2, axis)?.cut]).toEqual([true, false]);
  });
  it('are at least 2 px wide', () => expect(layoutBar(trace, 1, axis)).toMatchObject({ left: 0, width: 2 }));
  it('go on as a hairline where children outlive the span', () => expect(layoutBar(trace, 0, axis)?.tail).toEqual({ left: expect.closeTo(100), width: expect.closeTo(900) }));
  it('say what a wait was for, and what it says of itself unless it failed', () => {
    const waits = traceOf([
      { start: 0, duration: 10 * ms },
      { parent: 0, start: 0, duration: 5 * ms, wait: 'batch_window', detail: 'closes after 3 s' },
      { parent: 0, start: 0, duration: 5 * ms, wait: 'queue' },
      { parent: 0, start: 0, duration: 5 * ms, wait: 'queue', error: 'timeout' },
    ]);
    expect([0, 1, 2, 3].map((row) => labelTexts(waits, row)[0])).toEqual([
      undefined,
      { text: 'batch window 5.00\u2009ms · closes after 3 s', tone: 'wait' },
      { text: 'queue 5.00\u2009ms', tone: 'wait' },
      { text: 'timeout', tone: 'error' },
    ]);
    expect(layoutBar(waits, 1, linearAxis(0, 10 * ms, 1000))?.label?.text).toContain('closes after 3 s');
    expect(layoutBar(waits, 1, linearAxis(0, 10 * ms, 300))?.label?.text).toBe('batch window 5.00\u2009ms');
  });
  it('mark a missing parent', () => expect([layoutBar(trace, 3, axis)?.orphan, layoutBar(trace, 2, axis)?.orphan]).toEqual([true, false]));
  it('say what the wait was for', () => expect(layoutBar(trace, 3, axis)?.label).toMatchObject({ tone: 'wait', place: 'beside', text: expect.stringContaining('queue') }));
  it('put the label inside when there is no room beside', () => expect(layoutBar(trace, 2, axis)?.label).toMatchObject({ place: 'inside', text: 'timeout' }));
  it('put it before a short bar at the right edge', () => expect(layoutBar(traceOf([{ start: 0, duration: 100 * ms }, { parent: 0, start: 98 * ms, duration: 2 * ms, error: 'out_of_memory' }]), 1, axis)?.label).toMatchObject({ place: 'before' }));
  it('are cut at the edges of what is shown, so that a deep zoom makes no huge element', () => {
    const bar = layoutBar(trace, 2, linearAxis(50 * ms, 50 * ms + 1000, 1000));
    expect(bar?.width).toBeLessThan(1020);
    expect(bar?.left).toBeGreaterThan(-10);
  });
  it('are left out where nothing is shown of them', () => expect(layoutBar(trace, 1, linearAxis(50 * ms, 60 * ms, 1000))).toBeNull());
});

describe('the window that is loaded of a very large trace', () => {
  it('holds the view and at most four times as much, and is one of few', () => {
    const random = randomFrom(11);
    const total = 3e11;
    for (let i = 0; i < 2000; i++) {
      const length = 50 + random.next() ** 4 * (total / 4);
      const from = random.next() * (total - length);
      const window = windowOf({ from, to: from + length }, total);
      if (window === null) {
        expect(length).toBeGreaterThan(total / 4);
        continue;
      }
      expect(window.from).toBeLessThanOrEqual(from);
      expect(window.to).toBeGreaterThanOrEqual(from + length);
      expect(window.to - window.from).toBeLessThanOrEqual(4 * length + 2);
      expect(windowOf({ from: from + length * 0.001, to: from + length * 1.001 }, total)?.to ?? window.to).toBeGreaterThanOrEqual(from + length * 1.001);
    }
  });
  it('is all of the trace until the view is a quarter of it', () => {
    expect(windowOf({ from: 0, to: 1000 }, 1000)).toBeNull();
    expect(windowOf({ from: 100, to: 500 }, 1000)).toBeNull();
    expect(windowOf({ from: 300, to: 500 }, 1000)).toEqual({ from: 250, to: 750 });
  });
});
