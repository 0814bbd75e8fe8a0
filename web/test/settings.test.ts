import { describe, expect, it } from 'vitest';
import { embedAddress, grafanaAddress } from '../src/model/grafana';
import { unixNano, unixNanoFromMillis } from '../src/model/nano';
import { healthNotices, type ServerHealth } from '../src/model/health';
import { allProblems, bytesASpan, forwardingState, grouped, ingestRate, lossInWords, refusalInWords, sendersLine, settingText, signalBytesEach, statusSentence, type Forwarding, type Setting, type SignalStatus, type WholeStatus } from '../src/model/settings';

const status = (change: Partial<WholeStatus> = {}): WholeStatus => ({
  started: unixNanoFromMillis(0), now: unixNanoFromMillis(60_000), requests: 3n, spans: 120n, lastReceived: unixNanoFromMillis(57_000), refused: [], storedSpans: 300n, storedTraces: 20n, earliest: null, latest: null, problems: [],
  redacted: 0n, headSpans: 100n, blocks: 1, blockBytes: 8000n, logBytes: 4000n, levels: [{ level: 0, blocks: 1, spans: 200n, bytes: 8000n }],
  compaction: { idle: true, backlogBlocks: 0, backlogSpans: 0n, merges: 0n, mergedSpans: 0n },
  retention: { hiddenBefore: unixNano(0n), pinnedTraces: 0, droppedBlocks: 0n, droppedTraces: 0n, droppedBytes: 0n },
  signals: [],
  forwarding: null,
  ...change,
});
const signal = (change: Partial<SignalStatus> = {}): SignalStatus => ({
  name: 'logs', items: 1200n, headItems: 200n, blocks: 2, blockBytes: 25_000n, logBytes: 3000n, earliest: null, latest: null, retention: { droppedBlocks: 0n, droppedItems: 0n, droppedBytes: 0n }, problems: [], ...change,
});
const setting = (option: string, value: string | null): Setting => ({ option, value, description: '', isDefault: true });

describe('what the server says of itself', () => {
  it('has bytes a span of what lies in blocks', () => {
    expect(bytesASpan(status())).toBe(40);
    expect(bytesASpan(status({ levels: [] }))).toBeNull();
  });
  it('has the rate between two looks, and none over a restart', () => {
    expect(ingestRate(status(), status({ now: unixNanoFromMillis(70_000), spans: 170n }))).toBe(5);
    expect(ingestRate(status(), status({ now: unixNanoFromMillis(70_000), started: unixNanoFromMillis(65_000), spans: 5n }))).toBeNull();
    expect(ingestRate(status(), status())).toBeNull();
  });
  it('is said in a sentence, with what is wrong', () => {
    expect(statusSentence(status())).toEqual({ strong: '300 spans of 20 traces take 12.0\u2009kB.', rest: ' The last came 3 s ago.', worry: '' });
    expect(statusSentence(status({ refused: [{ signal: 'traces', reason: 'malformed', count: 4n, lastMessage: null, last: null }], problems: ['a'] })).worry).toBe(' 1 problem of the store, 4 refused since the start.');
    expect(statusSentence(status({ storedSpans: 0n, lastReceived: null })).strong).toBe('Nothing is stored yet.');
  });
  it('has who sent in the last hour, else who was the last and when', () => {
    const [now, latest] = [unixNanoFromMillis(10_000_000), unixNanoFromMillis(10_000_000 - 5_400_000)];
    expect(sendersLine([], ['a', 'b'], latest, now)).toEqual({ level: 'unsure', title: 'No service has sent in the last hour', detail: 'Last seen 90 min ago: a, b.' });
    expect(sendersLine([], [], latest, now).detail).toBe('The newest span started 90 min ago.');
    expect(sendersLine(['a', 'b'], [], latest, now)).toEqual({ level: 'good', title: '2 services with spans in the last hour', detail: 'a, b' });
    expect(sendersLine(['a'], [], latest, now).level).toBe('unsure');
  });
  it('has the problems of every store, and bytes of what lies in the blocks of each', () => {
    const all = status({ problems: ['a'], signals: [signal(), signal({ name: 'metrics', problems: ['metrics: b'] })] });
    expect(allProblems(all)).toEqual(['a', 'metrics: b']);
    expect(statusSentence(all).worry).toBe(' 2 problems of the store.');
    expect([signalBytesEach(signal()), signalBytesEach(signal({ headItems: 1200n }))]).toEqual([25, null]);
  });
  it('counts spans for ids and requests for the rest, and has words for reasons that it does not know', () => {
    expect(refusalInWords('invalid_ids').counts).toBe('span');
    expect(refusalInWords('something_new')).toEqual({ name: 'something new', counts: 'request', remedy: '' });
  });
});

const forwarding = (change: Partial<Forwarding> = {}): Forwarding => ({
  target: 'http://collector:4317', protocol: 'grpc', share: 1, sent: { traces: 5n }, sentRequests: 2n, sentBytes: 1000n, lastSent: unixNanoFromMillis(50_000), queuedItems: 0n, queuedBytes: 0n, maxQueuedBytes: 1n << 30n, oldest: null,
  retries: 0n, lastError: null, failingSince: null, nextAttempt: null, lost: [], ...change,
});

describe('forwarding', () => {
  it('says what it does just now', () => {
    expect(forwardingState(forwarding()).words).toBe('All has been sent');
    expect(forwardingState(forwarding({ lastSent: null }))).toEqual({ level: 'idle', words: 'Nothing has been sent yet' });
    expect(forwardingState(forwarding({ queuedItems: 1n })).words).toBe('Sending');
    expect(forwardingState(forwarding({ queuedItems: 1n, lastError: 'refused' })).level).toBe('bad');
  });
  it('has words and a remedy for each loss, also for one that it does not know', () => {
    expect(lossInWords('queue_full').remedy).toContain('--forward-queue-bytes');
    expect(lossInWords('something_new')).toEqual({ name: 'something new', remedy: '' });
  });
});

describe('health', () => {
  const well: ServerHealth = { now: unixNanoFromMillis(600_000), readOnly: null, memory: { bytes: 1n, maxBytes: 2n, isFull: false }, problems: [], forwarding: null };
  it('says nothing while all is well', () => expect(healthNotices(well)).toEqual([]));
  it('says first that nothing is taken in, since when, and what to do', () => {
    const [first, second] = healthNotices({ ...well, readOnly: { reason: 'disk_full', message: 'The disk has 9 MB left. Make room.', since: unixNanoFromMillis(300_000) }, problems: ['traces: block 3 is damaged', 'logs: b'] });
    expect(first).toMatchObject({ level: 'bad', strong: 'Read-only: the disk is full' });
    expect(first?.rest).toContain('Make room.');
    expect(first?.rest).toContain('5 min ago');
    expect(second).toEqual({ key: 'problems', level: 'unsure', strong: '2 problems of the stores', rest: 'traces: block 3 is damaged The others are listed in Settings.' });
  });
  it('says that memory is full, by which option', () => expect(healthNotices({ ...well, memory: { bytes: 3_000_000_000n, maxBytes: 2_000_000_000n, isFull: true } })[0]?.rest).toContain('--max-memory-bytes'));
  it('says that a target is away when it stays away', () => {
    const away = (since: number) => healthNotices({ ...well, forwarding: { target: 'http://c', error: 'refused', since: unixNanoFromMillis(since) } });
    expect(away(570_000)).toEqual([]);
    expect(away(300_000)[0]?.strong).toBe('Forwarding fails');
  });
});

describe('options', () => {
  it('are grouped, and none is lost', () => {
    const all = ['--retention', '--data', '--query-max-bytes', '--max-body-bytes', '--header-timeout-seconds', '--http', '--something-new', '--logs-retention', '--metrics-head-max-bytes', '--profiles-log-queue-bytes', '--forward', '--forward-signals', '--lane-gpu-saturated-percent', '--metrics-max-series'].map((option) => setting(option, '1'));
    expect(grouped(all).map((group) => [group.title, group.settings.length])).toEqual([['Retention', 2], ['Storage', 3], ['Queries', 1], ['Receiving', 3], ['Forwarding', 2], ['Lanes below a trace', 1], ['Addresses and access', 1], ['Others', 1]]);
  });
  it('read as what they are', () => {
    expect([setting('--max-body-bytes', '16777216'), setting('--retention-bytes', '0'), setting('--logs-retention-bytes', '0'), setting('--retention-traces', '0'), setting('--header-timeout-seconds', '15'), setting('--retention', '7d'), setting('--token', null), setting('--no-redact', 'false'), setting('--max-requests', '10000'), setting('--allow-host', '')].map(settingText)).toEqual(
      ['16.8\u2009MB', 'no limit', 'no limit', 'no limit', '15 s', '7d', 'not set', 'off', '10,000', 'none'],
    );
  });
});

describe('the address of Grafana', () => {
  it('is a web address or a path of this server, and nothing else', () => {
    expect(['http://g.example/d/a', '/grafana/d/a', '//evil.example/', '/\\evil.example', 'javascript:alert(1)', '', null].map(grafanaAddress)).toEqual(['http://g.example/d/a', '/grafana/d/a', null, null, null, null, null]);
  });
  it('is embedded without menus and in the theme of the page, unless it says otherwise', () => {
    expect(embedAddress('http://g.example/d/a/b?orgId=1', 'dark')).toBe('http://g.example/d/a/b?orgId=1&kiosk&theme=dark');
    expect(embedAddress('/grafana/d/a?kiosk=tv&theme=light', 'dark')).toBe('/grafana/d/a?kiosk=tv&theme=light');
    expect(embedAddress('/grafana/', 'light')).toBe('/grafana/?theme=light');
  });
});
