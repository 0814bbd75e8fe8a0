import { describe, expect, it } from 'vitest';
import { eachFrame, flameGraph, frameAt, neighbour } from '../src/model/flame';
import { randomFrom } from './support/random';
import { traceOf } from './support/traces';

const trace = traceOf([
  { service: 'api', name: 'request', start: 0, duration: 100 },
  { parent: 0, service: 'db', name: 'query', start: 0, duration: 20 },
  { parent: 0, service: 'api', name: 'queue', start: 20, duration: 30, wait: 'queue' },
  { parent: 0, service: 'db', name: 'query', start: 60, duration: 30, error: true },
  { parent: 3, service: 'db', name: 'parse', start: 60, duration: 10 },
]);
const named = (graph: ReturnType<typeof flameGraph>): readonly string[] => graph.frames.map((frame) => `${'>'.repeat(frame.depth)}${trace.names[frame.name] ?? ''} ${frame.own}/${frame.total}@${frame.from}`);

describe('the flame graph', () => {
  it('merges spans by their way from the root', () => expect(named(flameGraph(trace, true))).toEqual(['request 20/100@0', '>query 40/50@0', '>>parse 10/10@0', '>queue 30/30@50']));
  it('leaves waiting out of the widths when asked to', () => expect(named(flameGraph(trace, false))).toEqual(['request 20/70@0', '>query 40/50@0', '>>parse 10/10@0', '>queue 0/0@50']));
  it('knows what was merged', () => expect(flameGraph(trace, true).frames[1]).toMatchObject({ spans: 2, errors: 1, row: 1, longest: 3, parent: 0, end: 3, wait: null }));
  it('finds the frame of each row', () => expect([...flameGraph(trace, true).frameOf]).toEqual([0, 1, 3, 1, 2]));
  it('of a trace of many roots has them side by side', () => expect(flameGraph(traceOf([{ name: 'a', start: 0, duration: 5 }, { name: 'b', start: 9, duration: 5 }]), true)).toMatchObject({ total: 10, depth: 1, frames: [{ from: 0, total: 5 }, { from: 5, total: 5 }] }));

  it('zooms to a frame: it fills the width, as do those above it', () => {
    const drawn: string[] = [];
    eachFrame(flameGraph(trace, true), 1, 1000, 0.5, (frame, _, x, length) => drawn.push(`${trace.names[frame.name] ?? ''} ${x}+${length}`));
    expect(drawn).toEqual(['request 0+1000', 'query 0+1000', 'parse 0+200']);
  });
  it('says what lies at a place', () => expect([frameAt(flameGraph(trace, true), -1, 1000, 510, 1), frameAt(flameGraph(trace, true), -1, 1000, 900, 1), frameAt(flameGraph(trace, true), 1, 1000, 100, 2)]).toEqual([3, -1, 2]));
  it.each([['ArrowUp', 1, 0], ['ArrowUp', 0, 0], ['ArrowDown', 0, 1], ['ArrowDown', 2, 2], ['ArrowRight', 1, 3], ['ArrowRight', 3, 3], ['ArrowLeft', 3, 1], ['ArrowDown', -1, 0]])('%s from %d leads to %d', (key, from, to) => expect(neighbour(flameGraph(trace, true), from, key)).toBe(to));

  it('never loses time nor spans, and holds each frame within the one above', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = randomFrom(seed);
      const any = traceOf(Array.from({ length: 1 + random.below(60) }, (_, row) => ({ ...(row > 0 && random.below(6) > 0 ? { parent: random.below(row) } : {}), name: `n${random.below(3)}`, start: random.below(100), duration: random.below(80), ...(random.below(6) === 0 ? { wait: 'queue' } : {}) })));
      const graph = flameGraph(any, true);
      expect(graph.total, `seed ${seed}`).toBe(any.tree.self.reduce((sum, own) => sum + own, 0));
      expect(graph.frames.reduce((sum, frame) => sum + frame.spans, 0)).toBe(any.tree.count);
      graph.frames.forEach((frame, number) => {
        const above = graph.frames[frame.parent];
        if (above !== undefined) expect(frame.from >= above.from && frame.from + frame.total <= above.from + above.total && number < above.end, `seed ${seed}`).toBe(true);
      });
    }
  });
  it('stands a trace that is 20,000 spans deep', () => expect(flameGraph(traceOf(Array.from({ length: 20_000 }, (_, row) => ({ ...(row > 0 ? { parent: row - 1 } : {}), start: row, duration: 20_000 - row }))), true).depth).toBe(20_000));
});
