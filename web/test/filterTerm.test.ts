import { describe, expect, it } from 'vitest';
import type { Attribute } from '../src/model/attribute';
import { filterTerm, withTerm } from '../src/model/filterTerm';
import { terms } from '../src/model/filterText';

describe('the term that finds an attribute', () => {
  it.each<[Attribute, string]>([
    [{ key: 'camera.name', type: 'string', value: 'front door' }, 'camera.name="front door"'],
    [{ key: 'note', type: 'string', value: 'say "hi" \\ bye' }, 'note="say \\"hi\\" \\\\ bye"'],
    [{ key: 'batch.size', type: 'int', value: '7' }, 'batch.size=7'],
    [{ key: 'cached', type: 'bool', value: true }, 'cached=true'],
    [{ key: 'score', type: 'double', value: 0.82 }, 'score=0.82'],
    // Else they would be taken for fields of the span itself.
    [{ key: 'name', type: 'string', value: 'x' }, 'span.name="x"'],
    [{ key: 'resource.a', type: 'string', value: 'x' }, 'span.resource.a="x"'],
  ])('%j is %s', (attribute, term) => expect(filterTerm('span', attribute, false)).toBe(term));
  it('names the scope of the resource only where it must', () => {
    expect(filterTerm('resource', { key: 'host.name', type: 'string', value: 'edge-01' }, true)).toBe('host.name!="edge-01"');
    expect(filterTerm('resource', { key: 'service.name', type: 'string', value: 'api' }, false)).toBe('service="api"');
  });
  it.each<Attribute>([
    { key: 'a b', type: 'string', value: 'x' }, { key: 'a=b', type: 'string', value: 'x' }, { key: '', type: 'string', value: 'x' }, { key: 'a', type: 'string', value: 'x\ny' }, { key: 'a', type: 'string', value: 'x'.repeat(500) },
    { key: 'a', type: 'double', value: 'NaN' }, { key: 'a', type: 'array', value: [] }, { key: 'a', type: 'empty', value: null }, { key: 'duration', type: 'int', value: '5' },
  ])('is none where filter text cannot say it: %j', (attribute) => expect(filterTerm('span', attribute, false)).toBeNull());
  it('is added once, and takes the place of its opposite', () => {
    expect(withTerm(terms('error=true camera="a b"'), 'x="1"')).toBe('error=true camera="a b" x="1"');
    expect(withTerm(terms('x="1" error=true'), 'x="1"')).toBe('error=true x="1"');
    expect(withTerm(terms('x!="1" error=true'), 'x="1"')).toBe('error=true x="1"');
    expect(withTerm(terms(''), 'x!="1"')).toBe('x!="1"');
  });
});
