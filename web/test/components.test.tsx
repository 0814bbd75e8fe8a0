import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiProblem } from '../src/api/problem';
import { durationNano, unixNano, unixNanoFromMillis } from '../src/model/nano';
import type { SpanDetail } from '../src/model/spanDetail';
import type { SearchPage, TraceSummary } from '../src/model/summary';
import { configQuery, countQuery, linkedFromQuery, spanQuery, statusQuery, traceQuery, type SearchRequest } from '../src/api/queries';
import { Header } from '../src/routes/shell/Header';
import { ScreenBoundary } from '../src/routes/shell/ScreenBoundary';
import { Failed } from '../src/routes/compare/CompareScreen';
import { EventList } from '../src/routes/events/EventList';
import { FlowTab } from '../src/routes/trace/flow/FlowTab';
import { AttributeList } from '../src/routes/trace/panel/Attributes';
import { EmptyState } from '../src/routes/traces/EmptyState';
import { FailedState } from '../src/routes/traces/FailedState';
import { ResultList } from '../src/routes/traces/ResultList';
import { SummaryLine } from '../src/routes/traces/SummaryLine';
import { emptySearch } from '../src/routes/traces/url';
import { useKeys } from '../src/ui/keys';
import { ToastArea } from '../src/ui/ToastArea';
import { useToasts } from '../src/ui/toasts';
import { traceOf } from './support/traces';

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});
const page = (change: Partial<SearchPage>): SearchPage => ({ traces: [], total: { value: 3, exact: true }, errorTraces: { value: 0, exact: true }, nextCursor: null, truncated: null, notes: [], ...change });
const text = (): string => document.body.textContent.replace(/\s+/g, ' ');

describe('the line above the list', () => {
  const show = (change: Partial<SearchPage>): string => {
    render(<SummaryLine page={page(change)} state={emptySearch} change={() => undefined} stale={false} stats={null} unmarked={null} fresh={null} showFresh={() => undefined} />);
    return text();
  };
  it('gives an exact total as such', () => expect(show({})).toContain('3 traces in the last hour'));
  it('never gives a lower bound as a total, nor a share of it', () => {
    const line = show({ total: { value: 1000, exact: false }, errorTraces: { value: 7, exact: false } });
    expect(line).toContain('at least 1,000 traces');
    expect(line).toContain('at least 7 with errors');
    expect(line).not.toContain('%');
    expect(line).toContain('over what was searched');
  });
  it('says one trace for one', () => expect(show({ total: { value: 1, exact: true } })).toContain('1 trace in the last hour'));
});

describe('the list', () => {
  const trace: TraceSummary = {
    traceId: '1', root: null, first: { service: 'a', name: 'x' }, start: unixNanoFromMillis(1), duration: durationNano(1n), waiting: durationNano(0n), spans: 1, errors: 0, orphans: 0, errorType: null, services: [],
  };
  it('says that the search ended early, and what else the server notes', () => {
    render(
      <QueryClientProvider client={new QueryClient()}>
        <ResultList traces={[trace]} total={{ value: 1, exact: false }} state={emptySearch} change={() => undefined} now={unixNanoFromMillis(2)} more={false} loadingMore={false} loadMore={() => undefined} placeKey="k" notes={['Stopped after 10 s.', 'Newer traces may show.']} select={() => undefined} compare={() => undefined} scrolled={() => undefined} toTop={0} />
      </QueryClientProvider>,
    );
    expect(screen.getByText('Stopped after 10 s.')).toBeTruthy();
    expect(screen.getByText('Newer traces may show.')).toBeTruthy();
    expect(text()).not.toContain('All 1 trace');
  });
});

describe('the list of events', () => {
  it('has no reader away from its top once it is gone', () => {
    const scrolled = vi.fn();
    const { unmount } = render(<EventList events={[]} total={0} selected={null} address={() => '/events'} open={() => undefined} now={unixNanoFromMillis(2)} more={false} loadingMore={false} loadMore={() => undefined} placeKey="k" scrolled={scrolled} end={null} />);
    const list = screen.getByRole('table', { name: 'Events' });
    list.scrollTop = 500;
    fireEvent.scroll(list);
    expect(scrolled).toHaveBeenLastCalledWith(true);
    unmount();
    expect(scrolled).toHaveBeenLastCalledWith(false);
  });
});

describe('what links to a trace', () => {
  it('counts as left out only links that it would list', () => {
    const trace = traceOf([{ start: 0, duration: 1 }]);
    const [traceId, spanId] = ['2'.repeat(32), '3'.repeat(16)];
    const none = { attributes: [], droppedAttributes: 0, schemaUrl: '' };
    const link = (to: string): SpanDetail['links'][number] => ({ traceId: to, spanId: '0'.repeat(16), traceState: '', attributes: [] });
    const detail: SpanDetail = {
      traceId, spanId, parentSpanId: null, traceState: '', flags: 1, name: 'gather', kind: 'internal', start: unixNano(0n), end: unixNano(5n), duration: durationNano(5n), status: { code: 'unset', message: '' }, service: 'backend',
      attributes: [], droppedAttributes: 0, events: [], droppedEvents: 0, links: [...Array.from({ length: 60 }, () => link(trace.traceId)), link('4'.repeat(32))], droppedLinks: 0, resource: none, scope: { ...none, name: '', version: '' }, warnings: [],
    };
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
    client.setQueryData(linkedFromQuery(trace.traceId).queryKey, { links: [{ traceId, spanId, name: 'gather', service: 'backend', start: unixNano(0n), toSpanId: '0'.repeat(16) }], traces: { value: 1, exact: true }, truncated: null });
    client.setQueryData(spanQuery(traceId, spanId).queryKey, [detail]);
    client.setQueryData(traceQuery(traceId).queryKey, trace);
    render(<QueryClientProvider client={client}><FlowTab trace={trace} showRow={() => undefined} /></QueryClientProvider>);
    expect(text()).toContain('gather of another trace links here');
    expect(screen.getAllByText('4'.repeat(16))).toHaveLength(1);
    expect(text()).not.toContain('more link');
  });
});

describe('a search that failed', () => {
  it('tells what the server said and lets it be tried again', () => {
    const retry = vi.fn();
    render(<FailedState problem={new ApiProblem('failed', 'The store is busy', 'Too many searches.', 503)} retry={retry} busy={false} />);
    expect(screen.getByRole('alert').textContent).toContain('The store is busyToo many searches.');
    fireEvent.click(screen.getByRole('button', { name: 'Retry' }));
    expect(retry).toHaveBeenCalledOnce();
  });
});

describe('attributes', () => {
  it('are text, and only web addresses are links', () => {
    render(<AttributeList attributes={[{ key: 'a', type: 'string', value: '<b>bold</b>' }, { key: 'b', type: 'string', value: 'javascript:alert(1)' }, { key: 'c', type: 'string', value: 'https://example.com/' }]} />);
    expect(document.querySelector('b')).toBeNull();
    expect(screen.getAllByRole('link').map((link) => link.getAttribute('href'))).toEqual(['https://example.com/']);
  });
  it('of five megabytes do not enter the document before they are asked for', () => {
    render(<AttributeList attributes={[{ key: 'a', type: 'string', value: 'x'.repeat(5_000_000) }]} />);
    expect(document.body.textContent.length).toBeLessThan(2000);
    fireEvent.click(screen.getByRole('button', { name: 'all 5,000,000 characters' }));
    expect(document.body.textContent.length).toBeGreaterThan(5_000_000);
  });
});

describe('messages', () => {
  function Sayer() {
    const toasts = useToasts();
    return (
      <>
        <button type="button" onClick={() => toasts.say('It went well.')}>say</button>
        <button type="button" onClick={() => toasts.fail('It went wrong.')}>fail</button>
      </>
    );
  }
  it('go after six seconds, failures stay until they are closed', () => {
    vi.useFakeTimers();
    render(<ToastArea><Sayer /></ToastArea>);
    fireEvent.click(screen.getByText('say'));
    fireEvent.click(screen.getByText('fail'));
    expect(text()).toContain('It went well.');
    vi.advanceTimersByTime(6001);
    return vi.waitFor(() => {
      expect(text()).not.toContain('It went well.');
      expect(text()).toContain('It went wrong.');
    }, { timeout: 50_000 });
  });
});

describe('keys', () => {
  function Keyed({ keys }: { readonly keys: Parameters<typeof useKeys>[0] }) {
    useKeys(keys);
    return <input type="text" aria-label="box" />;
  }
  it('act one by one and in pairs, but not while the user types or holds Ctrl', () => {
    const pressed: string[] = [];
    render(<Keyed keys={{ t: () => void pressed.push('t'), 'g t': () => void pressed.push('g t') }} />);
    fireEvent.keyDown(document.body, { key: 't' });
    fireEvent.keyDown(document.body, { key: 'g' });
    fireEvent.keyDown(document.body, { key: 't' });
    fireEvent.keyDown(document.body, { key: 't', ctrlKey: true });
    fireEvent.keyDown(screen.getByLabelText('box'), { key: 't' });
    expect(pressed).toEqual(['t', 'g t']);
  });
});

describe('the header', () => {
  it('leads without a Jaeger to the list as it was left', () => {
    sessionStorage.setItem('throughline.list', 'range=all&q=error%3Dtrue');
    history.replaceState(null, '', '/trace/1');
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
    client.setQueryData(configQuery.queryKey, { otlpGrpc: 'g', otlpHttp: 'h', jaegerUrl: null, grafanaUrl: null, eventsPath: null, pageTraces: null, version: '1', lanes: {} });
    render(
      <QueryClientProvider client={client}>
        <Header help={() => undefined} />
      </QueryClientProvider>,
    );
    expect(screen.getByRole('link', { name: 'Traces' }).getAttribute('href')).toBe('/?range=all&q=error%3Dtrue');
    fireEvent.click(screen.getByRole('button', { name: /Open.*Jaeger/ }));
    expect(location.pathname + location.search).toBe('/search?range=all&q=error%3Dtrue');
  });
});

describe('a list without traces, while some are stored and none came since the start', () => {
  const now = unixNanoFromMillis(1_795_219_200_000);
  const show = (query: string, besides: number): string => {
    const request: SearchRequest = { text: query, from: null, to: null, order: 'start', direction: 'desc' };
    const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
    client.setQueryData(configQuery.queryKey, { version: '1', grafanaUrl: null, jaegerUrl: null, eventsPath: null, pageTraces: null, otlpHttp: 'h', otlpGrpc: 'g', lanes: {} });
    client.setQueryData(statusQuery.queryKey, { started: now, now, requests: 0n, spans: 0n, lastReceived: null, refused: [], storedSpans: 9n, storedTraces: 3n, earliest: now, latest: now, problems: [] });
    client.setQueryData(countQuery({ ...request, text: '' }).queryKey, { value: besides, exact: true });
    vi.stubGlobal('fetch', () => new Promise(() => undefined));
    render(
      <QueryClientProvider client={client}>
        <EmptyState state={{ ...emptySearch, text: query, range: { kind: 'all' } }} request={request} now={now} change={() => undefined} refresh={() => undefined} />
      </QueryClientProvider>,
    );
    return text();
  };
  afterEach(() => vi.unstubAllGlobals());
  it('names the filter alone as the cause when there is one', () => {
    const shown = show('a=1', 3);
    expect(shown).toContain('3 traces exist at any time; the filter removes all of them.');
    expect(shown).not.toMatch(/Nothing has been received|How to send/);
  });
  it.each([['', 3], ['a=1', 0]])('tells how to send when the filter %j is not what hides them', (query, besides) => expect(show(query, besides)).toMatch(/Nothing has been received.*How to send/));
});
describe('a compared trace that is not there', () => {
  const failed = (a: string, kind: 'not-found' | 'refused') => render(<Failed side="a" ids={{ a, b: 'b'.repeat(32) }} problem={new ApiProblem(kind, 'x', '', kind === 'refused' ? 400 : 404, 'id')} retry={() => undefined} busy={false} />);
  it('is said to have a malformed id where it has, which looking again does not help', () => {
    failed('zzz', 'refused');
    expect(screen.getByRole('alert').textContent).toContain('zzz has not the form of a trace id: it has 3 characters');
    expect(screen.queryByText('Look again')).toBeNull();
  });
  it('is said not to be stored otherwise', () => {
    failed('a'.repeat(32), 'not-found');
    expect(screen.getByRole('alert').textContent).toContain('is stored here');
    expect(screen.queryByText('Look again')).not.toBeNull();
  });
});

describe('what goes wrong while a screen is drawn', () => {
  const Broken = ({ message }: { readonly message: string }): never => {
    throw new Error(message);
  };
  const quiet = (): void => void vi.spyOn(console, 'error').mockImplementation(() => undefined);
  afterEach(() => void vi.restoreAllMocks());

  it('leaves the page, says what it was, and ends with the place', () => {
    quiet();
    const { rerender } = render(<ScreenBoundary place="/a"><Broken message="x is not iterable" /></ScreenBoundary>);
    expect(screen.getByRole('alert').textContent).toContain('x is not iterable');
    expect(screen.getByRole('link', { name: 'Go to the traces' })).toBeTruthy();
    rerender(<ScreenBoundary place="/b"><p>fine</p></ScreenBoundary>);
    expect(screen.getByText('fine')).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();
  });
  it('is told from a script that did not come', () => {
    quiet();
    render(<ScreenBoundary place="/a"><Broken message="Failed to fetch dynamically imported module: http://x/a.js" /></ScreenBoundary>);
    expect(screen.getByRole('alert').textContent).toContain('The server may have been stopped');
    expect(screen.queryByText('Try again')).toBeNull();
  });
});
