using Throughline.Engine;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Sampling;
using Throughline.Tests.Files;
using Throughline.Tests.Store;

namespace Throughline.Tests.Sampling;

/// <summary>A random life of a store with tail sampling that loses its power at a chosen operation on its files, and the judgement over what is there afterwards.</summary>
internal sealed class TailLife(int seed, int cutAt)
{
    private const double Rate = 0.5;

    private readonly Random _random = new(seed);
    private readonly MemoryFileSystem _files = new();
    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly Dictionary<TraceId, HashSet<ulong>> _sent = [];
    private readonly HashSet<TraceId> _uncertain = [];
    private ulong _nextSpan;
    private UInt128 _digest;

    private static readonly TraceStoreOptions Options = new() { Directory = StoreUnderTest.Directory, HeadMaxSpans = 30, CarryOver = TimeSpan.FromSeconds(2), Compaction = new CompactionOptions { IsOn = false } };

    public bool WasCut { get; private set; }

    public int Kept { get; private set; }

    public int Dropped { get; private set; }

    public async Task RunAsync()
    {
        var operation = 0;
        _files.Before = (_, _) =>
        {
            if (Interlocked.Increment(ref operation) != cutAt) return;
            WasCut = true;
            _files.Stop();
            _gone.Cancel();
        };
        await LiveAsync();
        _files.Before = null;
        for (var luck = 0; luck < 2; luck++)
        {
            await using var store = await TraceStore.OpenAsync(Options with { TailSampler = new RuledSampler(Rate, 2) }, _files.Crash(luck == 0 ? null : new Random(seed)), _time, default);
            await store.FlushAsync(default);
            await JudgeAsync(store);
        }
    }

    private async Task LiveAsync()
    {
        TraceStore? store = null;
        try
        {
            store = await TraceStore.OpenAsync(Options with { TailSampler = new RuledSampler(Rate, 2) }, _files, _time, default);
            for (var step = 0; step < 25 && !WasCut; step++)
            {
                if (_random.Next(5) == 0) _time.Advance(TimeSpan.FromSeconds(3));
                if (_random.Next(8) == 0) await store.FlushAsync(_gone.Token);
                await SendAsync(store, [.. Enumerable.Range(0, _random.Next(1, 9)).Select(_ => Next())]);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or StoreOpenException)
        {
            // The disk is gone.
        }
        if (store is not null) await store.DisposeAsync();
    }

    /// <summary>A span of one of the traces of the time: new ones begin, old ones get late spans.</summary>
    private PlainSpan Next()
    {
        var trace = TailSamplingTests.Id(_random.Next(3) == 0 ? _random.Next(100) : (int)(_nextSpan / 4) + _random.Next(3));
        return TailSamplingTests.Span(trace, ++_nextSpan);
    }

    private async Task SendAsync(TraceStore store, PlainSpan[] spans)
    {
        var result = await StoreUnderTest.SendAsync(store, spans, ++_digest);
        foreach (var span in spans)
        {
            if (result.Status == AppendStatus.Durable) (_sent.TryGetValue(span.TraceId, out var known) ? known : _sent[span.TraceId] = []).Add(span.SpanId);
            else _uncertain.Add(span.TraceId);
        }
    }

    private async Task JudgeAsync(TraceStore store)
    {
        foreach (var (id, spans) in _sent)
        {
            var trace = await store.GetTraceAsync(id, default);
            var where = $"seed {seed}, cut at {cutAt}, trace {id}";
            if (SamplingThreshold.RandomnessOf(id, []) < SamplingThreshold.Of(Rate))
            {
                Dropped++;
                Assert.True(trace is null, where);
                continue;
            }
            Kept++;
            Assert.True(trace is not null, where);
            var found = trace.Spans.SpanId.Span.ToArray();
            Assert.True(spans.IsSubsetOf(found), where);
            // What was not acknowledged may be there or not; what is there is there once.
            Assert.True(found.Length == found.Distinct().Count() && (_uncertain.Contains(id) || found.Length == spans.Count), $"{where}: {string.Join(' ', found)} of {string.Join(' ', spans)}");
            for (var row = 0; row < found.Length; row++) Assert.Equal(2.0, TailSamplingTests.WeightOf(trace.Spans, row));
        }
    }
}
