using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>A query ends at its bounds and says so, or ends at once when its caller has gone.</summary>
public sealed class QueryBoundsTests
{
    [Fact]
    public async Task SearchThatNeedsMoreMemoryThanItMaySaysSo()
    {
        await using var store = await StoreUnderTest.OpenAsync(new TraceStoreOptions { Directory = StoreUnderTest.Directory, QueryMaxBytes = 100_000 });
        // The trace lies in a block and in the head; to order it by its spans they have to be put together.
        await store.AppendAsync([.. Enumerable.Range(1, 3_000).Select(i => Span(i))]);
        await store.FlushAsync();
        await store.AppendAsync(Span(9_999));
        var result = await store.Store.SearchAsync(new SearchPlan { Order = TraceOrder.Spans }, default);
        Assert.Equal("memory", result.Truncated?.Reason);
        Assert.Contains("0 MB", result.Truncated?.Message);
        Assert.False(result.Total.IsExact);
        var counts = await store.Store.GetDistributionAsync(new SearchPlan(), Few, default);
        Assert.Equal(("memory", new Total(0, false)), (counts.Truncated?.Reason, counts.Total));
        Assert.Equal("memory", (await store.Store.GetShapesAsync([Span(1).TraceId], 100_000, default)).Truncated?.Reason);
        // By their start nothing need be put together until the page is made, and the total stands.
        Assert.Equal(1, (await store.Store.SearchAsync(new SearchPlan(), default)).Total.Value);
    }

    [Fact]
    public async Task CountsThatRunOutOfTimeSaySo()
    {
        using var segments = new SegmentsUnderTest([[Span(1)], [Span(2)]]);
        var time = new ManualTime();
        var bounds = new QueryBounds(time, TimeSpan.FromSeconds(1), 1 << 20, default);
        time.Advance(TimeSpan.FromSeconds(2));
        var red = new StatExecution(segments.View(TraceVisibility.Everything), null, null, bounds).RedOperations([]);
        Assert.Equal("time", red.Truncated?.Reason);
        Assert.Empty(red.Operations);
        var (result, _) = new SearchExecution(new SearchPlan(), segments.View(TraceVisibility.Everything), bounds).Run(1, new QueryWorkers(1));
        Assert.Equal(("time", false), (result.Truncated?.Reason, result.Total.IsExact));
        var (counts, _) = new SearchExecution(new SearchPlan(), segments.View(TraceVisibility.Everything), bounds).Distribution(Few, new QueryWorkers(1));
        Assert.Equal(("time", new Total(0, false)), (counts.Truncated?.Reason, counts.Total));
        Assert.Equal("time", new ShapeExecution(segments.Segments, TraceVisibility.Everything, bounds).Run([Span(1).TraceId], 10).Truncated?.Reason);
        await Task.CompletedTask;
    }

    /// <summary>Counts in more cells than there may be memory for are refused, not made.</summary>
    [Fact]
    public void ADistributionThatIsLargerThanItMayBeSaysSo()
    {
        using var segments = new SegmentsUnderTest([[Span(1)], [Span(2)]]);
        var bounds = new QueryBounds(new ManualTime(), TimeSpan.FromSeconds(1), 1 << 20, default);
        var request = new DistributionRequest(SpanGen.Base, SpanGen.Base + 1_000_000, DistributionRequest.MaxColumns, 8, 0);
        var (counts, _) = new SearchExecution(new SearchPlan(), segments.View(TraceVisibility.Everything), bounds).Distribution(request, new QueryWorkers(1));
        Assert.Equal(("memory", new Total(0, false)), (counts.Truncated?.Reason, counts.Total));
        Assert.Empty(counts.Cells);
    }

    [Fact]
    public async Task EveryQueryEndsWhenItsCallerHasGone()
    {
        using var segments = new SegmentsUnderTest([[Span(1)], [Span(2)]]);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        var bounds = new QueryBounds(new ManualTime(), TimeSpan.FromSeconds(1), 1 << 20, gone.Token);
        var view = segments.View(TraceVisibility.Everything);
        Assert.Throws<OperationCanceledException>(() => new SearchExecution(new SearchPlan(), view, bounds).Run(1, new QueryWorkers(1)));
        Assert.Throws<OperationCanceledException>(() => new SearchExecution(new SearchPlan(), view, bounds).Distribution(Few, new QueryWorkers(1)));
        Assert.Throws<OperationCanceledException>(() => new ShapeExecution(segments.Segments, TraceVisibility.Everything, bounds).Run([Span(1).TraceId], 10));
        Assert.Throws<OperationCanceledException>(() => new StatExecution(view, null, null, bounds).Operations([]));
        Assert.Throws<OperationCanceledException>(() => new StatExecution(view, null, null, bounds).Services());
        Assert.Throws<OperationCanceledException>(() => new StatExecution(view, null, null, bounds).RedOperations([]));
        Assert.Throws<OperationCanceledException>(() => new StatExecution(view, SpanGen.Base, SpanGen.Base + 100, bounds).Series([], 10));
        Assert.Throws<OperationCanceledException>(() => new StatExecution(view, null, null, bounds).Dependencies());
        Assert.Throws<OperationCanceledException>(() => TraceAssembly.Assemble(Span(1).TraceId, segments.Segments, new SpanTable(), [], bounds));
    }

    [Fact]
    public void SeriesOfMoreCellsThanThereIsMemoryForSaySo()
    {
        using var segments = new SegmentsUnderTest([[Span(1)], [Span(2)]]);
        OperationSeries Series(long memory) => new LatencyExecution(segments.View(TraceVisibility.Everything), SpanGen.Base, SpanGen.Base + 10_000,
            new QueryBounds(new ManualTime(), TimeSpan.FromSeconds(1), memory, default)).Series([], ["name 1", "name 2"], 1);
        Assert.Equal("memory", Series(100_000).Truncated?.Reason);
        Assert.Empty(Series(100_000).Operations);
        // What is counted so far is given when a histogram is one too many.
        var cut = Series((2 * 40 * 10_000) + 600);
        Assert.Equal(("memory", true), (cut.Truncated?.Reason, cut.Operations.Count > 0));
        Assert.Null(Series(1 << 20).Truncated);
    }

    [Fact]
    public void KeysAndLinksEndAtTheirBoundsAndSaySo()
    {
        using var segments = new SegmentsUnderTest([[Span(1) with { Attributes = [new("a", PlainValue.Of("x"))] }], [Span(2)]]);
        var view = segments.View(TraceVisibility.Everything);
        var time = new ManualTime();
        var bounds = new QueryBounds(time, TimeSpan.FromSeconds(1), 100, default);
        Assert.Equal("memory", new StatExecution(view, null, null, bounds).Keys().Truncated?.Reason);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("time", new StatExecution(view, null, null, bounds).Keys().Truncated?.Reason);
        Assert.Equal("time", new LinkExecution(view, new TraceId(5, 5), null, null, bounds).Run(10, new QueryWorkers(0))?.Truncated?.Reason);
    }

    /// <summary>A search that needs no totals looks at the parts that may hold the newest traces only.</summary>
    [Fact]
    public void SearchThatNeedsNoTotalsEndsEarly()
    {
        PlainSpan[][] groups = [.. Enumerable.Range(0, 6).Select(g => Enumerable.Range(1, 20).Select(i => Span(i) with { TraceId = new((ulong)g, (ulong)i), Start = SpanGen.Base + (ulong)((1000 * g) + i) }).ToArray())];
        using var segments = new SegmentsUnderTest(groups);
        var plan = new SearchPlan { Limit = 5, Total = TotalWanted.AtLeast };
        var (early, _) = new SearchExecution(plan, segments.View(TraceVisibility.Everything), SegmentsUnderTest.Bounds()).Run(1, new QueryWorkers(0));
        var (whole, _) = new SearchExecution(plan with { Total = TotalWanted.Exact }, segments.View(TraceVisibility.Everything), SegmentsUnderTest.Bounds()).Run(1, new QueryWorkers(0));
        Assert.Equal(whole.Traces.Select(NaiveTrace.Describe), early.Traces.Select(NaiveTrace.Describe));
        Assert.Equal((new Total(20, false), new Total(120, true)), (early.Total, whole.Total));
    }

    private static readonly DistributionRequest Few = new(null, null, 2, 1, 10);

    private static PlainSpan Span(int i) => new() { TraceId = new(5, 5), SpanId = (ulong)i, Start = SpanGen.Base + (ulong)i, End = SpanGen.Base + 10_000, Name = $"name {i}" };
}
