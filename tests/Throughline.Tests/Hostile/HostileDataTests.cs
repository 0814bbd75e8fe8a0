using System.Diagnostics;
using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Inspection;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Tests.Hostile;

/// <summary>Runs alone: what is counted is the memory of the whole process, and other tests would add theirs.</summary>
[CollectionDefinition(nameof(HostileDataTests), DisableParallelization = true)]
public sealed class HostileDataCollection;

/// <summary>Data that nobody would send on purpose stays correct, and what it takes is bounded. On the real disk, so that the memory counted is the store's own.</summary>
[Collection(nameof(HostileDataTests))]
public sealed class HostileDataTests : IAsyncDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    private readonly string _data = Directory.CreateTempSubdirectory("throughline-").FullName;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_data, recursive: true);
        return default;
    }

    [Fact]
    public async Task ManyDistinctKeysAreKeptAndFound()
    {
        const int spans = 10_000, keys = 100;
        await using (var store = await OpenAsync())
        {
            for (var first = 0; first < spans; first += 500)
            {
                var builder = new SpanBatchBuilder().Resource("hostile");
                for (var i = first; i < first + 500; i++)
                {
                    builder.Span(new TraceId(1, 1 + (ulong)i / 10), new SpanId(1 + (ulong)i), default, "span", s_start.AddTicks(i), TimeSpan.FromTicks(5));
                    for (var k = 0; k < keys; k++) builder.Attribute($"key-{i}-{k}", $"value {k}");
                }
                await AppendAsync(store, builder);
            }
            await store.FlushAsync(default);
            await store.CompactAsync(default);
            // Blocks of so many columns are not put together, since that would cost memory without bound.
            Assert.InRange(store.GetStatistics().Blocks, 5, 20);
            Assert.All(store.GetStatistics().Problems, p => Assert.Contains("is not merged with others", p));
            Assert.Equal(spans, store.GetStatistics().Spans);
            var found = await store.SearchAsync(SearchPlan.Parse("key-4321-17=\"value 17\""), default);
            Assert.Equal(new TraceId(1, 433), Assert.Single(found.Traces).TraceId);
            Assert.Empty((await store.SearchAsync(SearchPlan.Parse("key-4321-17=\"value 18\""), default)).Traces);
            await AssertTraceAsync(store, new TraceId(1, 433), 10, row => row.Attributes == keys);
        }
        AssertSound();
    }

    [Fact]
    public async Task HugeValuesAreKeptAndDoNotPileUpInAMerge()
    {
        const int spans = 40, length = 5 << 20;
        long peak;
        await using (var store = await OpenAsync(headMaxBytes: 32L << 20, maxMergeBytes: 128L << 20))
        {
            for (var i = 0; i < spans; i++)
            {
                // All of one time, so that a merge meets them all at once; each value is another one.
                var builder = new SpanBatchBuilder().Resource("hostile")
                    .Span(new TraceId(2, 1 + (ulong)i), new SpanId(1), default, "span", s_start, TimeSpan.FromTicks(5)).Attribute("value", Value(i, length));
                await AppendAsync(store, builder);
            }
            await store.FlushAsync(default);
            using (var watch = new MemoryWatch())
            {
                await store.CompactAsync(default);
                peak = watch.PeakBytes;
            }
            Assert.Equal(spans, store.GetStatistics().Spans);
            for (var i = 0; i < spans; i += 13)
            {
                var view = await store.GetTraceAsync(new TraceId(2, 1 + (ulong)i), default);
                Assert.NotNull(view);
                Assert.Equal(Value(i, length), view.Spans.Text((int)view.Spans.Attributes.Value[0]));
            }
        }
        Assert.True(peak < 700L << 20, $"a merge of {spans} values of {length} bytes took {peak >> 20} MiB");
        AssertSound();
    }

    [Fact]
    public async Task OneTraceOfManySpansIsKeptWhole()
    {
        const int spans = 1_000_000, request = 20_000;
        await using (var store = await OpenAsync(headMaxSpans: 100_000, maxMergeBytes: 64L << 20))
        {
            for (var first = 0; first < spans; first += request)
            {
                var builder = new SpanBatchBuilder().Resource("hostile");
                for (var i = first; i < first + request; i++)
                    builder.Span(new TraceId(3, 1), new SpanId(1 + (ulong)i), new SpanId((ulong)(i / 8)), "span", s_start.AddTicks(i), TimeSpan.FromTicks(5));
                await AppendAsync(store, builder);
            }
            await store.FlushAsync(default);
            long peak;
            using (var watch = new MemoryWatch())
            {
                await store.CompactAsync(default);
                peak = watch.PeakBytes;
            }
            // Its parts are too large to be held together: they stay apart, which is said, and the trace is read whole all the same.
            Assert.Contains(store.GetStatistics().Problems, p => p.Contains("is not merged with others", StringComparison.Ordinal) && p.Contains("the limit is 64 MiB", StringComparison.Ordinal));
            Assert.True(peak < 400L << 20, $"the merge took {peak >> 20} MiB");
            Assert.Equal(spans, store.GetStatistics().Spans);
            // A search that would have to put it together says that it may not take so much memory, in place of taking it.
            Assert.Equal("memory", (await store.SearchAsync(SearchPlan.Parse("service=hostile"), default)).Truncated?.Reason);
        }
        AssertSound();
        await using var patient = await OpenAsync(queryMaxBytes: 4L << 30);
        Assert.Equal(spans, Assert.Single((await patient.SearchAsync(SearchPlan.Parse("service=hostile"), default)).Traces).Spans);
    }

    [Fact]
    public async Task OneTraceSpreadOverDaysIsKeptWhole()
    {
        const int days = 12, spans = 400;
        await using (var store = await OpenAsync())
        {
            for (var day = 0; day < days; day++)
            {
                var builder = new SpanBatchBuilder().Resource("hostile");
                for (var i = 0; i < spans; i++)
                {
                    builder.Span(new TraceId(4, 1), new SpanId(1 + (ulong)((day * spans) + i)), default, "long", s_start.AddDays(day).AddSeconds(i), TimeSpan.FromHours(30));
                    builder.Span(new TraceId(5, 1 + (ulong)((day * spans) + i)), new SpanId(1), default, "short", s_start.AddDays(day).AddSeconds(i), TimeSpan.FromSeconds(1));
                }
                await AppendAsync(store, builder);
                await store.FlushAsync(default);
            }
            await store.CompactAsync(default);
            Assert.Empty(store.GetStatistics().Problems);
            await AssertTraceAsync(store, new TraceId(4, 1), days * spans, _ => true);
            var longest = await store.SearchAsync(SearchPlan.Parse("service=hostile") with { Order = TraceOrder.Duration, Limit = 2 }, default);
            Assert.Equal(new TraceId(4, 1), longest.Traces[0].TraceId);
            Assert.Equal(1 + (days * spans), longest.Total.Value);
        }
        AssertSound();
    }

    [Fact]
    public async Task SpansThatAllHaveOneIdAreKeptEach()
    {
        const int spans = 50_000, request = 5_000;
        await using (var store = await OpenAsync(headMaxSpans: 20_000))
        {
            for (var first = 0; first < spans; first += request)
            {
                var builder = new SpanBatchBuilder().Resource("hostile");
                // Same trace, same span, same times: only an attribute tells them apart, and the first of each request comes twice.
                for (var i = first; i < first + request; i++) builder.Span(new TraceId(6, 6), new SpanId(6), new SpanId(6), "same", s_start, TimeSpan.FromTicks(5)).Attribute("n", i);
                builder.Span(new TraceId(6, 6), new SpanId(6), new SpanId(6), "same", s_start, TimeSpan.FromTicks(5)).Attribute("n", first);
                await AppendAsync(store, builder);
            }
            await store.FlushAsync(default);
            await store.CompactAsync(default);
            Assert.Equal(spans, store.GetStatistics().Spans);
            await AssertTraceAsync(store, new TraceId(6, 6), spans, _ => true);
        }
        AssertSound();
    }

    private Task<TraceStore> OpenAsync(int headMaxSpans = 100_000, long headMaxBytes = 96L << 20, long maxMergeBytes = 256L << 20, long queryMaxBytes = 128L << 20) =>
        TraceStore.OpenAsync(
            new TraceStoreOptions
            {
                Directory = _data,
                HeadMaxSpans = headMaxSpans,
                HeadMaxBytes = headMaxBytes,
                QueryMaxBytes = queryMaxBytes,
                Compaction = new CompactionOptions { IsOn = false, MaxMergeBytes = maxMergeBytes },
                Retention = new RetentionOptions { MaxAge = TimeSpan.Zero },
            },
            new DiskFileSystem(), TimeProvider.System, default);

    private static async Task AppendAsync(TraceStore store, SpanBatchBuilder builder)
    {
        var batch = builder.Build();
        await Patience.UntilAsync(async () =>
        {
            var result = await store.AppendAsync(batch);
            if (result.Status == AppendStatus.Durable) return true;
            Assert.Equal(AppendStatus.Overloaded, result.Status);
            // What a sender is asked for: to wait until a block is written.
            await store.FlushAsync(default);
            return false;
        }, () => "The store is overloaded");
    }

    private static async Task AssertTraceAsync(TraceStore store, TraceId id, int spans, Func<(int Row, int Attributes), bool> holds)
    {
        var view = await store.GetTraceAsync(id, default);
        Assert.NotNull(view);
        Assert.Equal(spans, view.Spans.RowCount);
        Assert.All(Enumerable.Range(0, Math.Min(spans, 100)), row => Assert.True(holds((row, view.Spans.AttributeOffset[row + 1] - view.Spans.AttributeOffset[row]))));
    }

    private void AssertSound()
    {
        var report = StoreCheck.Run(_data, new DiskFileSystem(), default);
        Assert.True(report.IsSound, string.Join('\n', report.Findings.Take(5)));
    }

    /// <summary>A text of its own for each number that compresses to nearly nothing.</summary>
    private static string Value(int number, int length) => string.Concat(Enumerable.Repeat($"{number:d7}.", length / 8));

    /// <summary>How much more is alive at once while it is watched: a collection is forced at each look, so that what is counted is held and not only left.</summary>
    private sealed class MemoryWatch : IDisposable
    {
        private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
        private readonly CancellationTokenSource _stop = new();
        private readonly Thread _sampler;
        private long _peak;

        public MemoryWatch()
        {
            _sampler = new Thread(() =>
            {
                while (!_stop.IsCancellationRequested)
                {
                    Interlocked.Exchange(ref _peak, Math.Max(Interlocked.Read(ref _peak), GC.GetTotalMemory(forceFullCollection: true)));
                    _stop.Token.WaitHandle.WaitOne(5);
                }
            });
            _sampler.Start();
        }

        public long PeakBytes => Interlocked.Read(ref _peak) - _before;

        public void Dispose()
        {
            _stop.Cancel();
            _sampler.Join();
            _stop.Dispose();
        }
    }
}
