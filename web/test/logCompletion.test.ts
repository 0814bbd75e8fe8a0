import { describe, expect, it } from 'vitest';
import { keySuggestions, placeAt, sampleSuggestions, valueSuggestions } from '../src/model/completion';
import { logFields, logFieldsBehind, offeredKeys } from '../src/model/logCompletion';

describe('completion of a query for logs', () => {
  const keys = offeredKeys([{ key: 'camera.name', scope: 'log', types: ['string'] }, { key: 'camera.name', scope: 'resource', types: ['string'] }, { key: 'left', scope: 'log', types: ['int', 'double'] }, { key: 'host.name', scope: 'resource', types: ['string'] }]);
  const of = (typed: string): readonly (readonly [string, string])[] => keySuggestions(typed, keys, logFields).map((found) => [found.insert, found.note]);
  it('offers the fields of entries, then their keys and what they are', () => {
    expect(of('')[0]).toEqual(['level=', 'error, warn, info …']);
    expect(of('name')).toEqual([['camera.name=', 'string'], ['host.name=', 'resource']]);
    expect(of('duration')).toEqual([]);
  });
  it('offers the operators that a field takes', () => {
    expect(of('level').map(([insert]) => insert)).toEqual(['level=', 'level>=']);
    expect(of('service').map(([insert]) => insert)).toEqual(['service=']);
    expect(of('left').map(([insert]) => insert)).toContain('left>=');
  });
  it('asks the store for levels that are equal, and names those that are bounds', () => {
    expect(logFieldsBehind('=').level?.samples).toBeNull();
    expect(logFieldsBehind('>=')).toBe(logFieldsBehind('>='));
    const place = placeAt('level>=er', 9);
    expect(place.kind === 'value' ? sampleSuggestions(place.key, place.typed, logFieldsBehind(place.operator)).map((found) => found.insert) : []).toEqual(['error']);
  });
  it('counts entries', () => expect(valueSuggestions('', [{ value: 'shop', traces: 1 }, { value: 'two words', traces: 1200 }], false, ['entry', 'entries']).map((found) => [found.insert, found.note])).toEqual([['shop', '≥ 1 entry'], ['"two words"', '≥ 1,200 entries']]));
});
