using Throughline.Engine;
using Throughline.Engine.Blocks;
using Throughline.Engine.Lifecycle;
using Throughline.Tests.Store;

namespace Throughline.Tests.Lifecycle;

/// <summary>Traces that are still receiving spans when a head is full wait for the next block.</summary>
public sealed class CarryOverTests
{
    [Fact]
    public async Task ActiveTracesAreNotSplitByAFlush()
    {
        await using var store = await FilledAsync();
        // Traces 1 to 30 are in the block; 31 and 32, which came last, wait in the head.
        Assert.Equal((40, 6, 1), Figures(store));
        await AssertWholeAsync(store);
        await store.AppendAsync(Span(31, 8), Span(32, 9));
        await store.FlushAsync();
        Assert.Equal((42, 0, 2), Figures(store));
        // A trace that lay in two blocks would count twice.
        Assert.Equal(32, store.Store.GetStatistics().Traces);
        await AssertWholeAsync(store);
    }

    [Fact]
    public async Task CarriedSpansAreThereOnceAfterACrashAndStayInTheLogUntilTheyAreInABlock()
    {
        await using var store = await FilledAsync();
        var manifest = Manifest.Read(store.Files, StoreUnderTest.Root);
        Assert.Equal([Span(31, 1).TraceId, Span(32, 1).TraceId], manifest.Carried.Select(c => c.Id).Order());
        Assert.Equal((1, true), (manifest.FirstSegment, manifest.CutSegment > 1));
        await store.AppendAsync(Span(32, 5));
        for (var opening = 0; opening < 3; opening++)
        {
            await using var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(), store.Time, default);
            Assert.Equal((41, 7, 1), (crashed.GetStatistics().Spans, crashed.GetStatistics().HeadSpans, crashed.GetStatistics().Blocks));
            Assert.Equal((3, 4), ((await crashed.GetTraceAsync(Span(31, 1).TraceId, default))?.Spans.RowCount, (await crashed.GetTraceAsync(Span(32, 1).TraceId, default))?.Spans.RowCount));
        }
        await store.ReopenAsync();
        for (var request = 0; request < store.RequestCount; request++) await store.RetryAsync(request);
        await store.FlushAsync();
        Assert.Equal((41, 0, 2), Figures(store));
        Assert.Equal(32, store.Store.GetStatistics().Traces);
        manifest = Manifest.Read(store.Files, StoreUnderTest.Root);
        Assert.Empty(manifest.Carried);
        Assert.Equal(manifest.CutSegment, manifest.FirstSegment);
        Assert.DoesNotContain("0000000001.wal", store.Files.ListFiles(StoreUnderTest.Root + "/log"));
        await AssertWholeAsync(store);
    }

    [Fact]
    public async Task TraceThatIsActiveForLongIsNotCarriedForEver()
    {
        await using var store = await OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = 40 });
        var carried = new List<bool>();
        for (var second = 0; second < 100; second += 5)
        {
            // Every five seconds a head is full, and the trace gets one more span each time.
            await store.AppendAsync([.. Enumerable.Range(1, 39).Select(i => Span((second * 1_000) + i, 1)), Span(0, (ulong)second + 1)]);
            await SettledAsync(store);
            carried.Add(Manifest.Read(store.Files, StoreUnderTest.Root).Carried.Any(c => c.Id == Span(0, 1).TraceId));
            store.Time.Advance(TimeSpan.FromSeconds(5));
        }
        Assert.Contains(true, carried);
        Assert.Contains(false, carried);
        Assert.Equal(20, (await store.Store.GetTraceAsync(Span(0, 1).TraceId, default))?.Spans.RowCount);
        await using var crashed = await TraceStore.OpenAsync(store.Options, store.Files.Crash(), store.Time, default);
        Assert.Equal(store.Store.GetStatistics().Spans, crashed.GetStatistics().Spans);
        Assert.Equal(20, (await crashed.GetTraceAsync(Span(0, 1).TraceId, default))?.Spans.RowCount);
    }

    [Fact]
    public async Task HeadOfOneGreatTraceIsWritten()
    {
        await using var store = await OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = 40 });
        await store.AppendAsync([.. Enumerable.Range(1, 50).Select(i => Span(1, (ulong)i))]);
        await SettledAsync(store);
        Assert.Equal((50, 0, 1), Figures(store));
    }

    /// <summary>A head that became full with two traces that have just received spans.</summary>
    private static async Task<StoreUnderTest> FilledAsync()
    {
        var store = await OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, HeadMaxSpans = 40 });
        for (var i = 1; i <= 30; i++) await store.AppendAsync(Span(i, 1));
        await store.AppendAsync(Span(1, 2), Span(2, 2), Span(3, 2), Span(4, 2));
        store.Time.Advance(TimeSpan.FromSeconds(11));
        await store.AppendAsync(Span(31, 1), Span(32, 1), Span(31, 2));
        await store.AppendAsync(Span(32, 2), Span(31, 3), Span(32, 3));
        await SettledAsync(store);
        return store;
    }

    private static async Task<StoreUnderTest> OpenAsync(TraceStoreOptions options) => await StoreUnderTest.OpenAsync(options with { Compaction = new CompactionOptions { IsOn = false } });

    private static (long Spans, long HeadSpans, int Blocks) Figures(StoreUnderTest store) =>
        (store.Store.GetStatistics().Spans, store.Store.GetStatistics().HeadSpans, store.Store.GetStatistics().Blocks);

    private static async Task AssertWholeAsync(StoreUnderTest store)
    {
        foreach (var trace in store.Spans.GroupBy(s => s.TraceId))
            Assert.Equal(trace.Count(), (await store.Store.GetTraceAsync(trace.Key, default))?.Spans.RowCount);
        Assert.Equal(store.Spans.Count, (await store.Store.GetServicesAsync(null, null, default)).Sum(s => s.Spans));
    }

    private static PlainSpan Span(int trace, ulong id) =>
        new() { TraceId = new(1, (ulong)trace), SpanId = id, Start = SpanGen.Base + (ulong)trace, End = SpanGen.Base + (ulong)trace + 5, Name = "n" };

    /// <summary>Waits for the flush that the full head has begun.</summary>
    private static Task SettledAsync(StoreUnderTest store) => store.UntilAsync(() =>
        store.Store.GetStatistics().HeadSpans < 40 && Manifest.Read(store.Files, StoreUnderTest.Root).CutSegment != 1 && store.Files.ListFiles(StoreUnderTest.Root + "/log").Count > 0);
}
