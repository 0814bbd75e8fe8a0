import { describe, expect, it } from 'vitest';
import { attributeText, groupAttributes, webAddress } from '../src/model/attribute';
import { parseDuration } from '../src/model/durationText';
import { terms, tokens } from '../src/model/filterText';
import { clip, formatAgo, formatBytes, formatCount, formatDuration, formatExact, formatOffset, plural } from '../src/model/format';
import { unixNano } from '../src/model/nano';
import { notchedServices, serviceColorIndex, sharedPrefix } from '../src/model/serviceColor';
import { randomFrom } from './support/random';

const plainSpaces = (text: string): string => text.replaceAll('\u2009', ' ');

describe('durations', () => {
  it.each([
    [0, '0'], [1, '1 ns'], [999, '999 ns'], [1_000, '1.00 µs'], [8_614_000, '8.61 ms'], [61_000_000, '61.0 ms'], [902_000_000, '902 ms'], [999_600_000, '1.00 s'],
    [1_970_000_000, '1.97 s'], [88_310_000_000, '88.3 s'], [119_400_000_000, '119 s'], [119_600_000_000, '2 m 0 s'], [125_000_000_000, '2 m 5 s'], [3_900_000_000_000, '1 h 5 m'], [200_000_000_000_000, '2 d 7 h'],
  ])('%i ns reads %s', (nanos, text) => expect(plainSpaces(formatDuration(nanos))).toBe(text));

  it('has three significant figures and a figure below 1000 whatever it is', () => {
    const random = randomFrom(7);
    for (let i = 0; i < 5000; i++) {
      const nanos = Math.floor(10 ** (random.next() * 11));
      const text = plainSpaces(formatDuration(nanos));
      if (nanos >= 119.5e9) continue;
      expect(text, `${nanos} ns`).toMatch(/^(\d{1,3} ns|(\d\.\d\d|\d\d\.\d|\d{3}) (µs|ms|s))$/);
    }
  });
  it('offsets carry their sign', () => expect([plainSpaces(formatOffset(41_620_000_000)), plainSpaces(formatOffset(-2_000_000)), formatOffset(0)]).toEqual(['+41.6 s', '−2.00 ms', '+0']));
});

it('an exact time keeps all nine digits', () => expect(formatExact(unixNano(1_795_219_201_000_000_123n))).toBe('2026-11-21T00:00:01.000000123Z'));
it('counts are grouped', () => expect([formatCount(1284), formatCount(12_345_678n), formatCount(12)]).toEqual(['1,284', '12,345,678', '12']));
it('one is one', () => expect([plural(1, 'trace'), plural(2, 'trace'), plural(0n, 'trace')]).toEqual(['1 trace', '2 traces', '0 traces']));
it('sizes take the unit that fits', () => expect([formatBytes(999), formatBytes(51_234), formatBytes(14_000_000_000)].map(plainSpaces)).toEqual(['999 B', '51.2 kB', '14.0 GB']));
it('ages are in the largest unit', () => {
  const now = unixNano(1_795_219_200_000_000_000n);
  const ago = (seconds: bigint): string => formatAgo(unixNano(now - seconds * 1_000_000_000n), now);
  expect([ago(0n), ago(30n), ago(720n), ago(20_000n), ago(400_000n)]).toEqual(['just now', '30 s ago', '12 min ago', '6 h ago', '5 days ago']);
});

describe('what a user writes as a duration', () => {
  it.each([['5ms', 5e6], ['1.5s', 1.5e9], [' 2 m ', 120e9], ['250us', 250e3], ['250µs', 250e3], ['10ns', 10], ['1h', 3600e9]])('%s is read', (text, nanos) => expect(parseDuration(text)).toMatchObject({ ok: true, nanos }));
  it.each([['5', 'Add a unit'], ['5mss', 'Unknown unit “mss”'], ['fast', 'Write a number'], ['', 'Write a number'], ['-5ms', 'Write a number']])('%s is refused with what would be right', (text, message) =>
    expect(parseDuration(text)).toMatchObject({ ok: false, message: expect.stringContaining(message) }),
  );
  it('goes to the server in its notation', () => expect(parseDuration('1.5 µs')).toMatchObject({ text: '1.5us' }));
});

describe('service colours', () => {
  it.each([['hsi-backend', 9], ['hsi-yolo26', 13], ['hsi-nemotron', 3], ['hsi-frontend', 8]])('%s always has %i', (name, index) => expect(serviceColorIndex(name)).toBe(index));
  it('of two services with one colour the later by name is notched', () => {
    const byColour = new Map<number, string>();
    let pair: readonly [string, string] | null = null;
    for (let i = 0; pair === null; i++) {
      const name = `service-${String(i).padStart(3, '0')}`;
      const other = byColour.get(serviceColorIndex(name));
      if (other !== undefined) pair = [other, name];
      byColour.set(serviceColorIndex(name), name);
    }
    expect([...notchedServices([pair[1], pair[0]])]).toEqual([pair[1]]);
  });
  it.each([
    [['hsi-backend', 'hsi-yolo26'], 'hsi-'], [['hsi-backend'], ''], [['alpha', 'alpine'], ''], [['a.b.c', 'a.b.d'], 'a.b.'], [['hsi-', 'hsi-a'], ''], [[], ''],
  ])('%j share %j', (names, prefix) => expect(sharedPrefix(names)).toBe(prefix));
});

describe('filter text', () => {
  it('is cut into keys, operators, values and words', () =>
    expect(tokens('camera.name=front error "two words" span.duration>=5ms').map((token) => `${token.kind}:${token.text}`)).toEqual([
      'key:camera.name', 'operator:=', 'value:front', 'blank: ', 'text:error', 'blank: ', 'text:"two words"', 'blank: ', 'key:span.duration', 'operator:>=', 'value:5ms',
    ]));
  it('loses no character, whatever is typed', () => {
    const random = randomFrom(11);
    const alphabet = 'ab.=!<>~" \\\t1é';
    for (let i = 0; i < 3000; i++) {
      const text = Array.from({ length: random.below(14) }, () => alphabet[random.below(alphabet.length)] ?? '').join('');
      const cut = tokens(text);
      expect(cut.map((token) => token.text).join(''), JSON.stringify(text)).toBe(text);
      for (const token of cut) expect(text.startsWith(token.text, token.from), JSON.stringify(text)).toBe(true);
    }
  });
  it('has terms that blanks part, but not those in quotes', () => expect(terms(' a=1  "b c" d="e f" ')).toEqual(['a=1', '"b c"', 'd="e f"']));
});

describe('attribute values', () => {
  it.each([
    [{ type: 'string', value: 'text' }, 'text'],
    [{ type: 'int', value: '9223372036854775807' }, '9223372036854775807'],
    [{ type: 'double', value: 'NaN' }, 'NaN'],
    [{ type: 'bool', value: false }, 'false'],
    [{ type: 'array', value: [{ type: 'string', value: 'a' }, { type: 'int', value: '1' }] }, '["a", 1]'],
    [{ type: 'kvlist', value: [{ key: 'k', type: 'string', value: 'v' }] }, '{k: "v"}'],
    [{ type: 'empty', value: null }, '(empty)'],
  ] as const)('%j reads %s', (value, text) => expect(attributeText(value)).toBe(text));
  it.each([['https://example.com/a?b=1', 'https://example.com/a?b=1'], ['javascript:alert(1)', null], ['data:text/html,x', null], ['see https://example.com', null], ['https://', null], [' https://example.com', null]])('%s as a link: %s', (text, address) =>
    expect(webAddress(text)).toBe(address),
  );
});

describe('attributes in groups', () => {
  const keys = (of: readonly string[]): readonly string[] => groupAttributes(of.map((key) => ({ key, type: 'empty', value: null }))).map((group) => `${group.name}: ${group.attributes.map((attribute) => attribute.key).join(' ')}`);
  it('go by the first part of their keys, what stands alone at the end', () => expect(keys(['service.name', 'host.name', 'service.version', 'x', 'process.pid', 'process.command', '.odd'])).toEqual(['service: service.name service.version', 'process: process.pid process.command', 'other: host.name x .odd']));
  it('lose none that come twice', () => expect(keys(['a', 'a', 'b.c'])).toEqual(['other: b.c a a']));
  it('of none are none', () => expect(keys([])).toEqual([]));
});

describe('a text from data in a sentence', () => {
  it('is cut when it is long, never inside of a character', () => {
    expect(clip('short')).toBe('short');
    expect(clip('x'.repeat(10_000))).toBe(`${'x'.repeat(79)}…`);
    expect(clip(`${'x'.repeat(78)}🎉🎉`)).toBe(`${'x'.repeat(78)}…`);
    expect(clip('🎉'.repeat(50), 9)).toBe('🎉🎉🎉🎉…');
  });
});
