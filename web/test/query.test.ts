import { describe, expect, it } from 'vitest';
import { accepted, cutAtHit, operatorTyped, keySuggestions, placeAt, sampleSuggestions, valueSuggestions } from '../src/model/completion';
import { coarse, facetCandidates, settledFacets, shownFacets, type AttributeKey } from '../src/model/facets';
import { boundsIn, conditions, readTerms, toggleValue, tokens, valuesOf, withBounds, withoutValues, writeValue } from '../src/model/filterText';
import { distance, nearest } from '../src/model/nearest';
import { millisOf, unixNano, unixNanoFromMillis } from '../src/model/nano';
import { mostQueries, querySuggestions, readQueries, withoutQuery, withQuery } from '../src/model/queryHistory';
import { readViews, renamed, withView, withoutView } from '../src/model/savedViews';
import { rangeName, rangePhrase } from '../src/model/timeRange';
import { parseRange, writeRange } from '../src/model/timeText';
import { randomFrom } from './support/random';

describe('queries that were asked before', () => {
  it('stand with the latest first, each once, and only so many of them', () => {
    const kept = Array.from({ length: 50 }, (_, i) => `q${i % 40}`).reduce<readonly string[]>(withQuery, []);
    expect(kept.length).toBe(mostQueries);
    expect(kept.slice(0, 3)).toEqual(['q9', 'q8', 'q7']);
    expect(new Set(kept).size).toBe(kept.length);
    expect(withoutQuery(kept, 'q9')[0]).toBe('q8');
    expect([withQuery(['a'], ' '), withQuery(['a'], 'x'.repeat(3000))]).toEqual([['a'], ['a']]);
  });
  it('are offered whole: the latest in an empty box, else those that begin with what is there', () => {
    const kept = ['error=true', 'camera.name=garage', 'camera.name=front_door', 'a', 'b', 'c'];
    expect(querySuggestions(kept, ' ').map((one) => one.insert)).toEqual(kept.slice(0, 5));
    expect(querySuggestions(kept, 'camera.name').map((one) => [one.insert, one.whole])).toEqual([['camera.name=garage', true], ['camera.name=front_door', true]]);
    expect(querySuggestions(kept, 'error=true')).toEqual([]);
  });
  it.each(['', 'x', '{}', '[1,null,""]', null])('what can’t be read (%j) is as if there were none', (text) => expect(readQueries(text)).toEqual([]));
});

const key = (name: string, values: bigint | null = 5n, types: readonly string[] = ['string']): AttributeKey => ({ key: name, scope: values === null ? 'resource' : 'span', types, values });

describe('the terms of a query', () => {
  it('are read with their values, without quotes', () =>
    expect(readTerms('a=1 "two words" größe!="x \\"y\\" \\\\" frei url=http://h/?a=b&c~d').map(({ key: k, operator, value }) => [k, operator, value])).toEqual([
      ['a', '=', '1'], [null, '', 'two words'], ['größe', '!=', 'x "y" \\'], [null, '', 'frei'], ['url', '=', 'http://h/?a=b&c~d'],
    ]));
  it('joined, are the text, whatever it is', () => {
    const random = randomFrom(5);
    const letters = ['a', '=', '"', '!', ' ', '\\', '~', '<', '.', 'ü', '\t'];
    for (let i = 0; i < 2000; i++) {
      const text = Array.from({ length: random.below(14) }, () => letters[random.below(letters.length)] ?? '').join('');
      expect(tokens(text).map((token) => token.text).join('')).toBe(text);
    }
  });
  it.each(['plain', 'two words', '', '"quoted', 'back\\slash it', 'a=b', 'tab\there'])('written as a value and read again, %j is the same', (value) => expect(valuesOf(`k=${writeValue(value)} z=1`, 'k')).toEqual([value]));
  it('a value is written into the text, and out of it', () => {
    expect(toggleValue('', 'service', 'a')).toBe('service=a');
    expect(toggleValue('x service=a', 'service', 'b c')).toBe('x service=a service="b c"');
    expect(toggleValue('service.name=a x operation=b', 'service', 'a')).toBe('x operation=b');
    expect([valuesOf('service.name=a service=b service!=c', 'service'), withoutValues('service.name=a service!=c x', 'service')]).toEqual([['a', 'b'], 'service!=c x']);
  });
  it('bounds are read, replaced and taken away', () => {
    expect(boundsIn('duration>5ms duration<=2s span.duration>1s', 'duration')).toEqual({ least: '5ms', most: '2s' });
    expect(withBounds('duration>5ms x', 'duration', { least: '', most: '1s' })).toBe('x duration<=1s');
    expect(withBounds('x', 'waiting', { least: '1ms', most: '' })).toBe('x waiting>=1ms');
  });
  it('conditions can be left out one by one; alternatives are one', () =>
    expect(conditions('a=1 service=x b>2 service=y "w z"').map(({ name, without }) => [name, without])).toEqual([
      ['a=1', 'service=x b>2 service=y "w z"'], ['service=x or service=y', 'a=1 b>2 "w z"'], ['b>2', 'a=1 service=x service=y "w z"'], ['"w z"', 'a=1 service=x b>2 service=y'],
    ]));
});

describe('completion', () => {
  it.each([
    ['', 0, { kind: 'key', typed: '', from: 0, to: 0, others: '' }],
    ['cam', 3, { kind: 'key', typed: 'cam', from: 0, to: 3, others: '' }],
    ['a=1 cam', 7, { kind: 'key', typed: 'cam', from: 4, to: 7, others: 'a=1' }],
    ['a=1 ', 4, { kind: 'key', typed: '', from: 4, to: 4, others: 'a=1' }],
    ['a=', 2, { kind: 'value', key: 'a', operator: '=', typed: '', from: 2, to: 2, others: '' }],
    ['x camera.name=fr y=2', 16, { kind: 'value', key: 'camera.name', operator: '=', typed: 'fr', from: 14, to: 16, others: 'x y=2' }],
    ['a="front d', 10, { kind: 'value', key: 'a', operator: '=', typed: 'front d', from: 2, to: 10, others: '' }],
    ['camera.name=fr', 4, { kind: 'key', typed: 'came', from: 0, to: 11, others: '' }],
  ])('knows what %j is at %i', (text, caret, place) => expect(placeAt(text, caret)).toEqual(place));
  it('offers fields and the commonest keys that hold what was typed, those that begin with it first', () => {
    const keys = [key('risk.level', 3n), key('batch.close_reason', 9n), key('recall', 50n), key('host.name', null), key('bad key')];
    expect(keySuggestions('re', keys).map((found) => found.insert)).toEqual(['recall=', 'batch.close_reason=']);
    expect(keySuggestions('NAME', keys).map((found) => found.insert)).toEqual(['name=', 'host.name=']);
    expect(keySuggestions('', keys)[0]?.insert).toBe('service=');
    expect(keySuggestions('bad', keys)).toEqual([]);
  });
  it('offers the operators that a whole key takes', () => {
    expect(keySuggestions('duration', []).map((found) => found.insert)).toEqual(['duration>=', 'duration<=', 'duration>', 'duration<']);
    expect(keySuggestions('n', [key('n', 1n, ['int'])]).map((found) => found.insert)).toContain('n>=');
  });
  it('offers values with their counts, and takes one', () => {
    const list = valueSuggestions('f', [{ value: 'a f', traces: 9 }, { value: 'front door', traces: 1 }, { value: 'fog', traces: 1284 }], true);
    expect(list.map((found) => [found.insert, found.note])).toEqual([['"front door"', '1 trace'], ['fog', '1,284 traces'], ['"a f"', '9 traces']]);
    const place = placeAt('x camera=f y', 10);
    const [first] = list;
    if (first === undefined) throw new Error('nothing is offered');
    expect(accepted('x camera=f y', place, first)).toEqual({ text: 'x camera="front door" y', caret: 22 });
    expect(accepted('x camera=f', placeAt('x camera=f', 10), first)).toEqual({ text: 'x camera="front door" ', caret: 22 });
    expect(sampleSuggestions('duration', '1').map((found) => found.insert)).toEqual(['10ms', '100ms', '1s', '10s', '1m']);
  });
  it.each([
    ['camera.name=', '=', 'camera.name='],
    ['camera.name=', '!', 'camera.name!'],
    ['camera.name=', '~', 'camera.name~'],
    ['camera.name!=', '=', 'camera.name!='],
    ['duration>=', '>', 'duration>'],
    ['duration>=', '=', 'duration>='],
    ['duration>=', '5', null],
    ['camera', '=', null],
  ])('%s and then %s is %s', (text, typed, expected) => {
    const next = operatorTyped(`${text} x=1`, text.length, typed);
    expect(next).toEqual(expected === null ? null : { text: `${expected} x=1`, caret: expected.length });
  });
  it('marks the hit', () => expect([cutAtHit('front', 'RO'), cutAtHit('a', 'x')]).toEqual([['f', 'ro', 'nt'], ['a', '', '']]));
});

describe('time ranges that are typed', () => {
  const now = unixNanoFromMillis(new Date(2026, 10, 21, 15, 30, 0).getTime());
  const local = (...parts: [number, number, number, number?, number?, number?]): bigint => unixNanoFromMillis(new Date(parts[0], parts[1] - 1, parts[2], parts[3] ?? 0, parts[4] ?? 0, parts[5] ?? 0).getTime());
  it.each([['last 15m', '15m'], ['15 min', '15m'], ['Last 2 days', '2d'], ['past hour', '1h'], ['90s', '90s'], ['2 weeks ago', '2w']])('%s', (text, preset) => expect(parseRange(text, now)).toEqual({ ok: true, range: { kind: 'last', preset } }));
  it.each([
    ['14:00 - 14:30', local(2026, 11, 21, 14), local(2026, 11, 21, 14, 30)],
    ['14:00-14:30', local(2026, 11, 21, 14), local(2026, 11, 21, 14, 30)],
    ['14:00 – 14:30:10', local(2026, 11, 21, 14), local(2026, 11, 21, 14, 30, 10)],
    ['23:00 to 01:00', local(2026, 11, 20, 23), local(2026, 11, 21, 1)],
    ['2026-11-20 23:00 to 01:00', local(2026, 11, 20, 23), local(2026, 11, 21, 1)],
    ['2026-11-20 14:00 to 2026-11-21 09:15', local(2026, 11, 20, 14), local(2026, 11, 21, 9, 15)],
    ['2026-11-20 14:00 to', local(2026, 11, 20, 14), BigInt(now)],
    ['2026-11-20 14:00 to …', local(2026, 11, 20, 14), BigInt(now)],
    ['2026-11-20 14:00 - 15:00', local(2026, 11, 20, 14), local(2026, 11, 20, 15)],
    ['2026-11-20', local(2026, 11, 20), local(2026, 11, 21)],
    ['yesterday', local(2026, 11, 20), local(2026, 11, 21)],
    ['2026-11-19 to 2026-11-20', local(2026, 11, 19), local(2026, 11, 21)],
    ['2026-11-20T14:00:00Z to 2026-11-20T15:00:00+00:00', unixNanoFromMillis(Date.UTC(2026, 10, 20, 14)), unixNanoFromMillis(Date.UTC(2026, 10, 20, 15))],
    ['1795219200 to 1795219260', 1795219200000000000n, 1795219260000000000n],
    ['1795219200000000001 to 1795219200000000007', 1795219200000000001n, 1795219200000000007n],
  ])('%s', (text, from, to) => expect(parseRange(text, now)).toEqual({ ok: true, range: { kind: 'between', from, to } }));
  it.each([['last 5 parsecs', /“parsecs” is no unit/], ['', /Write/], ['2026-13-01', /is no time/], ['2026-02-30', /is no time/], ['14:00 to 99:00', /“99:00” is no time/], ['last 0m', /longer than 0/], ['2026-11-20 to 2026-11-18', /end must be after/], ['11:52 - 11:50', /end must be after/], ['14:00 - 14:00', /end must be after/], ['hello', /Write/]])('%j is refused in words', (text, message) => {
    const read = parseRange(text, now);
    expect(read.ok ? '' : read.message).toMatch(message);
  });
  it('are written as they could be typed', () => {
    for (const text of ['last 15m', 'all time', '2026-11-20 14:00:00 to 2026-11-20 15:00:00']) {
      const read = parseRange(text, now);
      expect(read.ok ? writeRange(read.range, now) : '').toBe(text);
    }
  });
  it('have names and phrases', () => {
    expect([rangeName({ kind: 'last', preset: '90m' }), rangePhrase({ kind: 'last', preset: '1h' }), rangePhrase({ kind: 'last', preset: '21d' })]).toEqual(['Last 90 minutes', 'in the last hour', 'in the last 21 days']);
    expect(millisOf(unixNano(5_000_000n))).toBe(5);
  });
});

it('facets that show are few-valued, known ones first, and those that were chosen', () => {
  const keys = [key('trace.note', 900n), key('error.type', 3n), key('http.method', 500n), key('size', 800n, ['int']), key('host.name', null)];
  expect(facetCandidates(keys, ['size'])).toEqual(['error.type', 'size', 'trace.note', 'http.method']);
  expect(facetCandidates(keys, ['error.type'])[0]).toBe('error.type');
  const facet = (name: string, distinct: number, exact = true) => ({ key: name, values: [], distinct: { value: distinct, exact } });
  expect(shownFacets([facet('size', 900), facet('error.type', 1), facet('trace.note', 20_000, false), facet('http.method', 3), facet('same', 1)], ['size']).map((found) => found.key)).toEqual(['size', 'error.type', 'http.method']);
});

it('facets stay where they are while the filter changes, and chosen ones come at the end', () => {
  const facet = (name: string, distinct: number) => ({ key: name, values: [], distinct: { value: distinct, exact: true } });
  const whole = [facet('error.type', 2), facet('batch.close_reason', 3), facet('camera.name', 4), facet('risk.level', 5)];
  const before = settledFacets([], whole, []);
  expect(before).toEqual(['error.type', 'batch.close_reason', 'camera.name']);
  const filtered = [facet('camera.name', 1), facet('batch.close_reason', 0), facet('risk.level', 5), facet('error.type', 2)];
  expect(settledFacets(before, filtered, ['error.type'])).toEqual(before);
  expect(settledFacets(before, [facet('size', 900), ...filtered], ['error.type', 'size'])).toEqual([...before, 'size']);
  expect(settledFacets(['error.type'], whole, ['error.type'])).toEqual(before);
});

it('the nearest value is the one that was probably meant', () => {
  expect([distance('kitten', 'sitting'), distance('', 'abc')]).toEqual([3, 3]);
  expect([nearest('front_dor', ['back', 'front_door', 'front_yard']), nearest('fro', ['back', 'front_door']), nearest('zzzzz', ['back', 'front_door'])]).toEqual(['front_door', 'front_door', null]);
});

describe('saved views', () => {
  const views = [{ name: 'a', search: '?q=x' }];
  it('are kept by name, in order', () => {
    const added = withView(views, ' B ', '');
    expect(added).toEqual({ ok: true, views: [{ name: 'a', search: '?q=x' }, { name: 'B', search: '' }] });
    expect(renamed(views, 'a', 'c')).toEqual({ ok: true, views: [{ name: 'c', search: '?q=x' }] });
    expect(renamed(views, 'a', 'a').ok).toBe(true);
    expect(withoutView(views, 'a')).toEqual([]);
  });
  it('refuse a name that is taken, empty or too long', () => expect([withView(views, 'a', ''), withView(views, ' ', ''), withView(views, 'x'.repeat(81), '')].map((change) => change.ok)).toEqual([false, false, false]));
  it.each(['', 'x', '{}', '[{"name":"a"}]', '[{"name":"a","search":"javascript:x"}]', null])('what can’t be read (%j) is as if there were none', (text) => expect(readViews(text)).toEqual([]));
});

it('a histogram in fewer steps counts the same', () => {
  expect(coarse({ edges: [1, 2, 4, 8, 16], traces: [1, 2, 3, 4] }, 2)).toEqual({ edges: [1, 4, 16], traces: [3, 7] });
  expect(coarse({ edges: [0, 1, 2, 4, 8], traces: [9, 0, 3, 4] }, 10)).toEqual({ edges: [0, 2, 4, 8], traces: [9, 3, 4] });
  expect(coarse({ edges: [0, 1], traces: [5] }, 10)).toEqual({ edges: [0, 1], traces: [5] });
  expect(coarse({ edges: [], traces: [] }, 10)).toEqual({ edges: [], traces: [] });
});
