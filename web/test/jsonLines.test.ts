import { describe, expect, it } from 'vitest';
import { findLines, jsonLines } from '../src/model/jsonLines';
import { randomFrom } from './support/random';

const laidOut = (json: string): string => jsonLines(json).map((line) => '  '.repeat(line.depth) + line.text).join('\n');

describe('JSON as lines', () => {
  it.each([{}, [], 'a', 1, null, true, [1, 2], { a: 1 }, { a: { b: [{}, [], ''] }, 'c"\\d': 'x,{}[]: "y" \\' }, [[[]]], [{ a: [] }, {}]])('stands as everybody lays it out: %j', (value) => expect(laidOut(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2)));
  it('does so whatever the value', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomFrom(seed);
      const make = (depth: number): unknown => {
        const kind = random.below(depth > 4 ? 4 : 6);
        if (kind === 0) return random.below(1e6) / 8;
        if (kind === 1) return ['', '"', '\\', '\\"', 'a,b', '{', '日本', '\n\u0001'][random.below(8)];
        if (kind === 2) return null;
        if (kind === 3) return random.below(2) === 0;
        const items = Array.from({ length: random.below(4) }, () => make(depth + 1));
        return kind === 4 ? items : Object.fromEntries(items.map((item, i) => [`k${i}:"`, item]));
      };
      const value = make(0);
      expect(laidOut(JSON.stringify(value)), `seed ${seed}`).toBe(JSON.stringify(value, null, 2));
      expect(laidOut(JSON.stringify(value, null, 3)), `seed ${seed}`).toBe(JSON.stringify(value, null, 2));
    }
  });
  it('keeps every digit', () => expect(laidOut('{"a":18446744073709551615,"b":1.10}')).toContain('18446744073709551615,\n  "b": 1.10'));
  it.each(['', '{', '}]', '"open', '{"a":', 'no json at all', ',,', '"\\'])('ends on %j, which is no JSON, and loses nothing', (text) => expect(laidOut(text).replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, '')));
  it('is searched whatever the case', () => expect([...findLines(jsonLines('{"Name":"POST","b":"post","c":1}'), ' post ')]).toEqual([1, 2]));
});
