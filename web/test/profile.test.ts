import { describe, expect, it } from 'vitest';
import { formatShare, formatShift, formatValue, frameKey, frameOfKey, framesOf, functionsOf, hitsOf, hottest, mostChanged, orderedTypes, profilerValue, shiftOf, shortName, sortedFunctions, valueOfHits, type FlameColumns } from '../src/model/profile';
import { readProfiling, comparedRange, writeProfiling } from '../src/routes/profiling/url';
import { frameKind, type FrameKind } from '../src/model/frameKind';
import { unixNano } from '../src/model/nano';

const columns: FlameColumns = {
  names: ['main', 'slow', 'fast', 'step'],
  files: ['app.dll', 'app.dll', '', 'lib.dll'],
  function: [0, 1, 3, 2],
  depth: [0, 1, 2, 1],
  self: [10, 40, 20, 30],
  total: [100, 60, 20, 30],
  baseSelf: [50, 0, 0, 50],
  baseTotal: [100, 0, 0, 50],
};

describe('frames', () => {
  const graph = framesOf(columns, 100, null);
  it('lie side by side from where their parent begins', () => {
    expect(graph.frames.map(({ name, parent, depth, end, from, total }) => [name, parent, depth, end, from, total])).toEqual([
      ['main', -1, 0, 4, 0, 100], ['slow', 0, 1, 3, 0, 60], ['step', 1, 2, 3, 0, 20], ['fast', 0, 1, 4, 60, 30],
    ]);
    expect([graph.total, graph.depth]).toEqual([100, 3]);
  });
  it('are as wide as the mean of both shares in a comparison', () => {
    expect(framesOf(columns, 100, 100).frames.map(({ from, total }) => [from, total])).toEqual([[0, 1], [0, 0.3], [0, 0.1], [0.3, 0.4]]);
  });
  it('are found by a key that names their way from the top', () => {
    const keys = graph.frames.map((_, i) => frameKey(graph, i));
    expect(new Set(keys).size).toBe(4);
    expect(keys.map((key) => frameOfKey(graph, key))).toEqual([0, 1, 2, 3]);
    expect([frameOfKey(graph, ''), frameOfKey(graph, 'ffffffff')]).toEqual([-1, -1]);
  });
  it('that are found count once where one lies below another', () => {
    expect(hitsOf(graph, ' ')).toBeNull();
    const hits = hitsOf(graph, 'S');
    expect([...(hits ?? [])]).toEqual([0, 1, 1, 1]);
    expect(valueOfHits(graph, hits ?? new Uint8Array())).toBe(90);
    expect(valueOfHits(graph, hitsOf(graph, 'LIB.DLL') ?? new Uint8Array())).toBe(20);
  });
});

it('writes values in their unit, shares with a digit where they are small, and shifts with their sign', () => {
  expect([formatValue(1_500_000, 'nanoseconds'), formatValue(2048, 'bytes'), formatValue(1234, 'count'), formatValue(3, 'samples')]).toEqual(['1.50\u2009ms', '2.05\u2009kB', '1,234', '3 samples']);
  expect([0, 0.0001, 0.0123, 0.0996, 0.34, 1].map(formatShare)).toEqual(['0 %', '< 0.1 %', '1.2 %', '10 %', '34 %', '100 %']);
  expect([0, 0.034, -0.5].map(formatShift)).toEqual(['±0 pts', '+3.4 pts', '−50 pts']);
  expect(shiftOf(50, 100, 0, 0)).toBe(0.5);
});

it('tells whose code a function is by its name and its file', () => {
  const kinds: readonly (readonly [FrameKind, string, string])[] = [
    ['own', 'Hsi.Yolo26.Detector.Detect', 'hsi-yolo26.dll'], ['own', 'SystemCheck.Run', 'SystemCheck.dll'], ['own', 'main', ''], ['own', 'main.work', '/app/main.go'], ['own', 'detect', '/srv/app/detect.py'],
    ['own', 'com.shop.Cart.add', 'Cart.java'], ['own', 'shop::cart::add', 'src/cart.rs'], ['own', 'handle', '/srv/app/server.js'], ['own', 'github.com/shop/cart.Add', '/build/cart/add.go'],
    ['runtime', 'System.String.Concat', 'System.Private.CoreLib.dll'], ['runtime', 'System.String.Concat', 'x.dll'], ['runtime', 'main.work', '/usr/local/go/src/net/http/server.go'], ['runtime', 'runtime.mallocgc', ''],
    ['runtime', 'read', '/usr/lib/python3.12/socket.py'], ['runtime', 'java/lang/Thread.run', ''], ['runtime', 'java.lang.Thread.run', 'Thread.java'], ['runtime', 'core::fmt::write', ''], ['runtime', '<alloc::vec::Vec<T>>::push', ''],
    ['runtime', 'processTicks', 'node:internal/process/task_queues'], ['runtime', '(garbage collector)', ''], ['runtime', '[unresolved code]', '[generated code]'], ['runtime', '0x7f21', 'libcoreclr.so'], ['runtime', 'malloc', '/lib/libc.so.6'],
    ['library', 'Microsoft.ML.OnnxRuntime.Run', 'onnxruntime.dll'], ['library', 'Run', 'Microsoft.ML.dll'], ['library', 'OpenTelemetry.Trace.Export', 'OpenTelemetry.dll'], ['library', 'gin.(*Engine).ServeHTTP', '/go/pkg/mod/github.com/gin/gin.go'],
    ['library', 'forward', '/venv/lib/python3.12/site-packages/torch/nn.py'], ['library', 'next', '/srv/node_modules/express/index.js'], ['library', 'org/springframework/web/Dispatcher.doDispatch', ''], ['library', 'gemm', '/usr/lib/libtorch_cpu.so'],
    ['profiler', 'Throughline.Telemetry.Profiling.NetTrace.NetTraceReader.Read', 'Throughline.Telemetry.dll'], ['profiler', 'Send', 'Microsoft.Diagnostics.NETCore.Client.dll'], ['profiler', 'runtime/pprof.profileWriter', '/usr/local/go/src/runtime/pprof/pprof.go'],
  ];
  expect(kinds.map(([, name, file]) => [frameKind(name, file), name, file])).toEqual(kinds);
});

describe('what a graph says in words', () => {
  // work is reached on two ways, each with less in it than idle has on its one.
  const many: FlameColumns = {
    names: ['main', 'work', 'idle', 'System.Wait', 'Throughline.Telemetry.Profiling.ProfileWindow.Take'],
    files: ['app.dll', 'app.dll', 'app.dll', 'System.Threading.dll', 'Throughline.Telemetry.dll'],
    function: [0, 1, 2, 1, 4, 4, 3],
    depth: [0, 1, 1, 2, 0, 1, 2],
    self: [0, 30, 40, 30, 50, 10, 20],
    total: [130, 30, 70, 30, 80, 30, 20],
    baseSelf: [0, 30, 80, 10, 0, 0, 0],
    baseTotal: [120, 30, 90, 10, 0, 0, 0],
  };
  const graph = framesOf(many, 210, null);
  it('adds up what a function has on all ways to it', () => {
    expect(functionsOf(graph).map(({ name, self }) => [name, self])).toEqual([['main', 0], ['work', 60], ['idle', 40], ['Throughline.Telemetry.Profiling.ProfileWindow.Take', 60], ['System.Wait', 20]]);
    expect(hottest(graph)).toMatchObject({ name: 'work', self: 60 });
    expect(hottest(framesOf({ ...many, self: [0, 0, 0, 0, 50, 10, 20] }, 80, null))).toBeNull();
  });
  it('names the function whose share has changed most', () => {
    expect(mostChanged(framesOf(many, 210, 120), 210, 120)).toMatchObject({ name: 'idle', self: 40, baseSelf: 80 });
    expect(mostChanged(framesOf({ ...many, depth: [], function: [] }, 0, 0), 0, 0)).toBeNull();
  });
  it('counts what the profiler cost once, with what it called', () => expect(profilerValue(graph)).toBe(80));
});

it('shortens names', () => {
  expect(['A.B.C.D', 'A.B.C.D(Int32)', 'main', 'net/http.(*conn).serve'].map(shortName)).toEqual(['C.D', 'C.D(Int32)', 'main', 'net/http.(*conn).serve']);
});

it('orders functions and types', () => {
  const sum = { value: 100, windows: 1, first: null, last: null };
  const functions = [{ name: 'a', file: '', self: 1, total: 90, baseSelf: 0, baseTotal: 50 }, { name: 'b', file: 'lib', self: 5, total: 10, baseSelf: 0, baseTotal: 50 }, { name: 'c', file: '', self: 5, total: 5, baseSelf: 0, baseTotal: 0 }];
  const costs = { count: 3, functions, sum, base: sum, truncated: null };
  const names = (by: 'name' | 'self' | 'total' | 'change', descending: boolean, text = ''): readonly string[] => sortedFunctions(costs, text, by, descending).map((one) => one.name);
  expect([names('self', true), names('total', false), names('change', true), names('name', true), names('self', true, 'LIB')]).toEqual([['b', 'c', 'a'], ['c', 'b', 'a'], ['a', 'c', 'b'], ['c', 'b', 'a'], ['b']]);
  const type = { unit: 'x', windows: 1, first: unixNano(1n), last: unixNano(2n), matchedBy: 'range', value: null } as const;
  expect(orderedTypes(['samples', 'mutex', 'wall', 'cpu'].map((one) => ({ ...type, type: one }))).map((one) => one.type)).toEqual(['cpu', 'wall', 'mutex', 'samples']);
});

describe('the address', () => {
  it('keeps all that is shown', () => {
    for (const search of ['', 'range=6h&service=a&type=wall&label=thread%3Aworker+1&label=model%3Ayolo&compare=day&view=table&find=x&zoom=0123abcd&sort=self&direction=asc&function=f&file=m', 'from=5&to=9&baseFrom=1&baseTo=3', 'range=all&sort=total'])
      expect(writeProfiling(readProfiling(search))).toBe(search === '' ? '/profiling' : `/profiling?${search}`);
  });
  it('leaves out what can’t be', () => {
    expect(readProfiling('from=9&to=5&compare=never&sort=change&zoom=nope&label=x&label=a:b&label=a:b')).toMatchObject({ labels: ['a:b'], range: { kind: 'last', preset: '1h' }, compared: { kind: 'none' }, by: 'self', zoom: '' });
  });
  it('finds the range that is compared with', () => {
    const [from, to] = [unixNano(100n), unixNano(130n)];
    expect(comparedRange({ kind: 'earlier', by: 'before' }, from, to)).toEqual({ from: 70n, to: 100n });
    expect(comparedRange({ kind: 'earlier', by: 'day' }, from, to)).toBeNull();
    expect(comparedRange({ kind: 'none' }, from, to)).toBeNull();
  });
});
