import { describe, expect, it } from 'vitest';
import { unixNano, unixNanoFromMillis, type UnixNano } from '../src/model/nano';
import { boundsOf, frozen, isPresetId, presets, rangeEnds, wider } from '../src/model/timeRange';
import { emptySearch, orders, picked, readSearch, writeSearch, type SearchState } from '../src/routes/traces/url';
import { jaegerAddress } from '../src/routes/shell/jaeger';
import { entrance, screens, visitedAfter } from '../src/routes/shell/screens';
import { readTraceState, writeTraceState } from '../src/routes/trace/url';
import { randomFrom } from './support/random';
import { traceOf } from './support/traces';

describe('the address of a search', () => {
  it('of the default state is bare', () => expect(writeSearch(emptySearch)).toBe(''));
  it('read back is the same state, whatever it is', () => {
    const random = randomFrom(21);
    const words = ['hsi-backend', 'a b', '"x y"', 'ü&=?#', 'POST /api/{id}', 'error=true', '%2C,'];
    const some = (): readonly string[] => [...new Set(Array.from({ length: random.below(3) }, () => words[random.below(words.length)] ?? ''))];
    for (let i = 0; i < 500; i++) {
      const preset = presets[random.below(presets.length)] ?? presets[0];
      const state: SearchState = {
        text: some().join(' '),
        range: [{ kind: 'all' } as const, { kind: 'last', preset: preset.id } as const, { kind: 'between', from: unixNano(BigInt(random.below(1e9))), to: unixNano(2_000_000_000n) } as const][random.below(3)] ?? { kind: 'all' },
        order: orders[random.below(orders.length)] ?? 'start',
        direction: random.below(2) === 0 ? 'asc' : 'desc',
        brush: [null, { from: unixNano(5n), to: unixNano(BigInt(6 + random.below(1e9))), durations: null }, { from: unixNano(5n), to: unixNano(9n), durations: { shortest: 0n, longest: BigInt(random.below(1e9)) } }][random.below(3)] ?? null,
        live: random.below(2) === 0,
        selected: ['0'.repeat(32), 'ab'.repeat(16)].slice(0, random.below(3)),
      };
      expect(readSearch(writeSearch(state))).toEqual(state);
    }
  });
  it.each(['?range=never', '?from=5&to=4', '?from=x&to=9', '?order=colour', '?direction=up', '?status=fine', '?from=99999999999999999999&to=1', '?brush=7', '?brush=9-3', '?brush=1-2-9-3', '?brush=1-99999999999999999999', '?live=2', '?select=xyz'])('with nonsense (%s) is the default', (search) => expect(readSearch(search)).toEqual(emptySearch));
  it('a third trace to compare takes the place of the second', () => expect([picked([], 'a'), picked(['a'], 'b'), picked(['a', 'b'], 'c'), picked(['a', 'b'], 'a')]).toEqual([['a'], ['a', 'b'], ['a', 'c'], ['b']]));
  it('of older links, which had conditions beside the text, has them in the text', () =>
    expect(readSearch('?q=a%3D1&service=x&service=y&operation=GET+%2F&status=error&status=fine&minDuration=5ms&maxDuration=1s').text).toBe('a=1 service=x service=y name="GET /" status=error duration>=5ms duration<=1s'));
});

describe('time ranges', () => {
  const now = unixNanoFromMillis(1_795_219_200_000);
  it('a moving one starts before now and stays open', () => expect(boundsOf({ kind: 'last', preset: '15m' }, now)).toEqual({ from: unixNanoFromMillis(1_795_218_300_000), to: null }));
  it('shared, it stands still', () => expect(frozen({ kind: 'last', preset: '15m' }, now)).toEqual({ kind: 'between', from: unixNanoFromMillis(1_795_218_300_000), to: now }));
  it('each widens to the next and in the end to all', () => {
    expect(wider({ kind: 'last', preset: '1h' })).toEqual({ kind: 'last', preset: '6h' });
    expect(wider({ kind: 'last', preset: '90m' })).toEqual({ kind: 'last', preset: '6h' });
    expect(wider({ kind: 'last', preset: '7d' })).toEqual({ kind: 'all' });
  });
  it('all time has no ends', () => expect([boundsOf({ kind: 'all' }, now), rangeEnds({ kind: 'all' }, now)]).toEqual([{ from: null, to: null }, '']));
  it('names the days when its ends are on different ones', () => {
    const at = (day: number, hour: number): UnixNano => unixNanoFromMillis(new Date(2026, 10, day, hour, 30).getTime());
    expect(rangeEnds({ kind: 'between', from: at(20, 23), to: at(21, 1) }, at(21, 9))).toMatch(/20.*23:30 – .*21.*01:30/);
    expect(rangeEnds({ kind: 'between', from: at(21, 1), to: at(21, 2) }, at(21, 9))).toBe('01:30 – 02:30');
  });
  it('knows its presets', () => expect(['15m', '90m', '3d', '0m', '5y', '99999d', 'x'].map(isPresetId)).toEqual([true, true, true, false, false, false, false]));
});

describe('the address of a trace', () => {
  const trace = traceOf([{ start: 0, duration: 1000, name: 'root' }, { parent: 0, start: 0, duration: 500, name: 'a' }, { parent: 1, start: 0, duration: 100, name: 'b' }, { parent: 2, start: 0, duration: 10, name: 'c' }]);
  it('is bare at first', () => expect(writeTraceState(readTraceState('', trace), trace)).toBe(''));
  it.each(['span=0000000000000002', 'zoom=100-600', 'depth=1', 'depth=2&toggled=0000000000000000,0000000000000001', 'find=a+b', 'service=backend', 'span=0000000000000001&zoom=0-50&find=x'])('%s comes back as it was', (search) =>
    expect(writeTraceState(readTraceState(search, trace), trace)).toBe(search),
  );
  it.each(['span=ffffffffffffffff', 'zoom=9-3', 'zoom=a-b', 'depth=-1', 'depth=99', 'toggled=', 'service=nowhere'])('%s means nothing here and is left out', (search) => expect(writeTraceState(readTraceState(search, trace), trace)).toBe(''));
});

describe('the address of a folded trace', () => {
  const second = 1e9;
  const trace = traceOf([{ start: 0, duration: 0.2 * second }, { start: 0.2 * second, duration: 40 * second, wait: 'batch_window' }, { start: 40.2 * second, duration: 0.2 * second, name: 'a' }]);
  it.each(['lanes=off', 'lanes=on', 'lane=cpu+backend&lane=queue+backend+detect', 'lanes=on&lane='])('%s comes back as it was', (search) => expect(writeTraceState(readTraceState(search, trace), trace)).toBe(search));
  it.each(['lanes=maybe', 'lanes='])('%s means nothing here and is left out', (search) => expect(writeTraceState(readTraceState(search, trace), trace)).toBe(''));
  it.each(['axis=linear', 'path=off', 'unfold=200000000', 'axis=linear&unfold=200000000&path=off'])('%s comes back as it was', (search) => expect(writeTraceState(readTraceState(search, trace), trace)).toBe(search));
  it('names a fold by any time inside it', () => expect([...readTraceState('unfold=9000000000', trace).opened]).toEqual([0]));
  it.each(['unfold=1', 'unfold=x', 'axis=log', 'path=on'])('%s means nothing here and is left out', (search) => expect(writeTraceState(readTraceState(search, trace), trace)).toBe(''));
});

describe('Open Jaeger', () => {
  const at = (pathname: string, search = ''): string | null => jaegerAddress('http://jaeger:16686/', { pathname, search });
  it('opens the same trace', () => expect(at('/trace/4bf92f3577b34da6a3ce929d0e0e4736', 'span=1')).toBe('http://jaeger:16686/trace/4bf92f3577b34da6a3ce929d0e0e4736'));
  it('opens the same search', () => expect(at('/search', 'service=a&operation=b&minDuration=5ms&status=error&from=2000&to=9000')).toBe('http://jaeger:16686/search?service=a&operation=b&minDuration=5ms&tags=%7B%22error%22%3A%22true%22%7D&start=2&end=9&lookback=custom'));
  it('opens the same search when it is written in the text', () => expect(at('/search', 'q=service%3Da+name%3Db+duration%3E%3D5ms+error%3Dtrue')).toBe('http://jaeger:16686/search?service=a&operation=b&minDuration=5ms&tags=%7B%22error%22%3A%22true%22%7D'));
  it('opens its search when there is nothing to say', () => expect(at('/')).toBe('http://jaeger:16686/search'));
  it('opens nothing that is no web address', () => expect(jaegerAddress('javascript:alert(1)', { pathname: '/', search: '' })).toBeNull());
});

describe('the way from screen to screen', () => {
  const nowhere = { list: '', pipeline: '', logs: '' };
  const ways = (...visits: readonly (readonly [string, string])[]): readonly string[] => {
    const visited = visits.reduce((before, [path, search]) => visitedAfter(before, path, search), nowhere);
    return screens.filter((screen) => ['/', '/pipeline', '/compare'].includes(screen.path)).map((screen) => entrance(screen, visited));
  };
  it('is bare at first', () => expect(ways(['/trace/1', 'span=2'])).toEqual(['/', '/pipeline', '/compare']));
  it('leads back to what a screen showed', () => expect(ways(['/search', 'range=all&q=a%3Db&order=duration'], ['/trace/1', ''])).toEqual(['/?range=all&q=a%3Db&order=duration', '/pipeline?range=all', '/compare']));
  it('takes the time range along, and leaves the mark on the chart behind', () =>
    expect(ways(['/', 'range=all&q=x&brush=1'], ['/pipeline', 'from=1&to=2&map=table'])).toEqual(['/?q=x&from=1&to=2', '/pipeline?from=1&to=2&map=table', '/compare']));
  it('takes the last hour along, which the address leaves out', () => expect(ways(['/pipeline', 'range=all&map=table'], ['/', 'q=x'])[1]).toBe('/pipeline?map=table'));
});
