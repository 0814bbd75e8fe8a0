import { describe, expect, it } from 'vitest';
import { causeInWords, draftOf, isChanged, nextId, rulesOf, type ProcessRules } from '../src/model/processRules';

const rules: ProcessRules = {
  sampling: { rate: 0.125, tracesPerSecond: null, remote: false, services: [{ service: 'camera', rate: 0.1, tracesPerSecond: 7.5, remote: true }] },
  tail: {
    enabled: true, quietSeconds: 10, rate: 0.05,
    rules: [
      { name: 'errors', kind: 'errors', service: null, rate: 1 },
      { name: 'slow', kind: 'slow', service: 'api', rate: 0.5, milliseconds: 250 },
      { name: 'vip', kind: 'attribute', service: null, rate: 1, key: 'user', values: ['a', 'b'] },
    ],
  },
  redaction: [{ name: 'mail', key: null, pattern: '\\w+@\\w+', action: 'hash' }],
  limits: { attributes: null, valueBytes: 1024, spansPerTrace: null },
};

describe('rules in fields', () => {
  it('come back as they were', () => {
    expect(rulesOf(draftOf(rules))).toEqual({ rules, problems: [] });
    expect(isChanged(draftOf(rules), rules)).toBe(false);
  });
  it('are in percent, with comma or point', () => {
    expect(draftOf(rules)).toMatchObject({ rate: '12.5', rest: '5', remote: false, services: [{ rate: '10', perSecond: '7.5', remote: true }] });
    expect(rulesOf({ ...draftOf(rules), rate: ' 33,3 % ' })).toMatchObject({ rules: { sampling: { rate: 0.333 } }, problems: [] });
    expect(isChanged({ ...draftOf(rules), rate: '12.50' }, rules)).toBe(false);
    expect(isChanged({ ...draftOf(rules), rate: '13' }, rules)).toBe(true);
  });
  it('say what is wrong with a field, and where', () => {
    const draft = draftOf(rules);
    const wrong = rulesOf({ ...draft, rate: '300', rest: '', attributes: 'many', services: [{ id: 0, service: 'camera', rate: '-1', perSecond: 'x', remote: false }] });
    expect(wrong.problems.map(({ path }) => path)).toEqual(['sampling.rate', 'sampling.services[0].rate', 'sampling.services[0].tracesPerSecond', 'tail.rate', 'limits.attributes']);
    expect(wrong.problems[0]?.message).toBe('A share lies from 0 to 100 %, 300 % does not.');
    expect(isChanged({ ...draft, attributes: 'many' }, rules)).toBe(true);
  });
  it('send of a tail rule what its kind has', () => {
    const [first] = draftOf(rules).tailRules;
    if (first === undefined) throw new Error('no rule');
    const of = (change: object): unknown => (rulesOf({ ...draftOf(rules), tailRules: [{ ...first, number: '5', key: 'k', values: 'a, ,b', ...change }] }).rules as ProcessRules).tail.rules[0];
    expect(of({ kind: 'rare' })).toEqual({ name: 'errors', kind: 'rare', service: null, rate: 1, perHour: 5 });
    expect(of({ kind: 'attribute' })).toEqual({ name: 'errors', kind: 'attribute', service: null, rate: 1, key: 'k', values: ['a', 'b'] });
    expect(of({ kind: 'slowest', number: '' })).toEqual({ name: 'errors', kind: 'slowest', service: null, rate: 1, percentile: null });
  });
  it('number what is new', () => {
    expect(nextId([])).toBe(0);
    expect(nextId([{ id: 4 }, { id: 1 }])).toBe(5);
  });
});

describe('causes', () => {
  it('are said in words', () => {
    expect(causeInWords({ stage: 'head', rule: 'rate' })).toBe('its service’s rate');
    expect(causeInWords({ stage: 'tail', rule: 'rest' })).toBe('tail: the share of the rest');
    expect(causeInWords({ stage: 'tail', rule: 'mine' })).toBe('tail rule “mine”');
    expect(causeInWords({ stage: 'limit', rule: 'spansPerTrace' })).toBe('limit: spans per trace');
  });
});
