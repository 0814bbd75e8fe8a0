import { describe, expect, it } from 'vitest';
import { logs as wire, logHistogram } from '../src/api/logWire';
import { barsOf, bodyOf, excerptOf, joined, lineOf, placeOf, readPlace, told, totalsOf, type LogEntry } from '../src/model/logs';
import { readLogs, writeLogs } from '../src/routes/logs/url';
import { firstTab, readTabState, writeTabState } from '../src/routes/trace/tabState';

const answer = (entries: readonly Record<string, unknown>[]) => ({
  entries: entries.map((entry, index) => ({
    atUnixNano: '1000', sequence: String(index + 1), timeUnixNano: '1000', observedUnixNano: null, traceId: null, spanId: null, level: 'info', severityNumber: 9, severityText: '', body: 'x', bodyType: 'string',
    eventName: '', flags: 0, droppedAttributes: 0, marks: [], attributes: [], resource: 0, scope: 0, ...entry,
  })),
  resources: [{ service: 'a', schemaUrl: '', droppedAttributes: 0, attributes: [] }],
  scopes: [{ name: 's', version: '', schemaUrl: '', droppedAttributes: 0, attributes: [] }],
  total: { value: 1, relation: 'exact' }, lastSequence: '9', nextCursor: null, truncated: null,
});
const entriesOf = (...entries: readonly Record<string, unknown>[]): readonly LogEntry[] => wire.parse(answer(entries)).entries;

describe('log entries', () => {
  it('get their resource and scope from the tables behind them', () => {
    const [entry] = entriesOf({});
    expect([entry?.resource.service, entry?.scope.name, entry?.at]).toEqual(['a', 's', 1000n]);
  });
  it('of several lists are one list, newest first, each once', () => {
    const all = entriesOf({ atUnixNano: '5' }, { atUnixNano: '7' }, { atUnixNano: '5' });
    expect(joined(all.slice(0, 2), all.slice(1)).map((entry) => entry.sequence)).toEqual([2n, 3n, 1n]);
    expect(told(all).map((entry) => entry.sequence)).toEqual([1n, 3n, 2n]);
  });
  it('stand in one line, by their event where they have no body', () => {
    const lines = entriesOf({ body: 'one\n  two' }, { body: '', eventName: 'login' }, { body: '' }).map(lineOf);
    expect(lines).toEqual(['one two', 'login', '(no message)']);
  });
  it('show JSON laid out, and what only looks like it as it came', () => {
    const [map, text] = entriesOf({ body: '{"a":1}', bodyType: 'kvlist' }, { body: '{"a":1}' });
    expect(map === undefined ? '' : bodyOf(map)).toBe('{\n  "a": 1\n}');
    expect(text === undefined ? '' : bodyOf(text)).toBe('{"a":1}');
  });
  it('leave the template of their message out', () => {
    const [entry] = entriesOf({ attributes: [{ key: '{OriginalFormat}', type: 'string', value: 'x {a}' }, { key: 'a', type: 'int', value: '1' }] });
    expect(entry === undefined ? '' : excerptOf(entry, 3)).toBe('a=1');
  });
  it('are named by time and number in an address', () => {
    const [entry] = entriesOf({ atUnixNano: '1795219200000000001' });
    expect(readPlace(entry === undefined ? null : placeOf(entry))).toEqual({ at: 1795219200000000001n, sequence: 1n });
    expect(readPlace('x-1')).toBeNull();
  });
});

describe('the counts over time', () => {
  const zero = [0, 0];
  const histogram = logHistogram.parse({ fromUnixNano: '100', stepNano: '10', levels: { unset: zero, trace: zero, debug: zero, info: [3, 1], warn: zero, error: [0, 2], fatal: zero }, total: { value: 6, relation: 'exact' }, truncated: null });
  it('are bars with the gravest level first', () => expect(barsOf(histogram)).toEqual([{ from: 100n, to: 110n, total: 3, counts: [['info', 3]] }, { from: 110n, to: 120n, total: 3, counts: [['error', 2], ['info', 1]] }]));
  it('are summed by level', () => expect(totalsOf(histogram).filter(([, count]) => count > 0)).toEqual([['error', 2], ['info', 4]]));
});

describe('the address of the logs', () => {
  it('holds the state whole', () => {
    for (const search of ['', '?q=level%3Derror&from=1&to=2', '?range=all&live=1', '?range=6h&entry=12-3']) expect(writeLogs(readLogs(search))).toBe(search);
  });
  it('leaves out what it cannot mean', () => expect(readLogs('?from=9&to=2&entry=zz&range=soon')).toEqual({ text: '', range: { kind: 'last', preset: '1h' }, live: false, open: null }));
  it('of a trace holds which logs are shown', () => {
    const parameters = new URLSearchParams();
    const state = { ...firstTab, tab: 'logs' as const, spanLogs: 'service' as const, logsText: 'x', logsGrave: true, logsNear: false, logEntry: '1-2' };
    writeTabState(state, parameters);
    expect(readTabState(parameters)).toEqual(state);
  });
});
