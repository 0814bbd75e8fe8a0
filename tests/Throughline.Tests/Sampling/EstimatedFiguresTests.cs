using Throughline.Engine;
using Throughline.Engine.Query;
using Throughline.Engine.Sampling;
using Throughline.Tests.Store;

namespace Throughline.Tests.Sampling;

/// <summary>Rates, errors and durations of sampled spans are those of what they stand for, and say that they are estimates.</summary>
public sealed class EstimatedFiguresTests
{
    private const ulong Minute = 60_000_000_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FiguresAreThoseOfWhatTheSpansStandFor(bool inBlocks)
    {
        await using var store = await StoreUnderTest.OpenAsync();
        // A tenth of many quick spans, all of a few slow failures, and calls of a third.
        await store.AppendAsync([.. Enumerable.Range(0, 500).Select(i => Span(i, "quick", 10, 0.1))]);
        if (inBlocks) await store.FlushAsync();
        await store.AppendAsync([.. Enumerable.Range(500, 50).Select(i => Span(i, "quick", 1_000, 1) with { Status = 2 })]);
        await store.AppendAsync([.. Enumerable.Range(1_000, 300).SelectMany(i => new[] { Span(i, "caller", 5, 1 / 3.0), Span(i, "called", 5, 1 / 3.0, "other") with { SpanId = 2, ParentSpanId = 1 } })]);
        if (inBlocks) await store.FlushAsync();

        var operations = await store.Store.GetRedOperationsAsync([], null, null, default);
        Assert.True(operations.IsEstimated);
        var quick = operations.Operations.Single(o => o.Name == "quick");
        Assert.Equal(5_050, quick.Spans, 6.0);
        Assert.Equal(50, quick.Errors);
        // Of those that are stored, one in eleven is slow; of those that ran, one in a hundred.
        Assert.Equal(10e6, quick.P95Nano, 0.2e6);

        var series = await store.Store.GetRedSeriesAsync([], SpanGen.Base / Minute * Minute, SpanGen.Base + 10 * Minute, Minute, default);
        Assert.True(series.IsEstimated);
        Assert.Equal(5_050 + 900, series.Services.Single(s => s.Service == "svc").Spans.Sum(), 8.0);

        foreach (var calls in new[] { (await store.Store.GetDependenciesAsync(null, null, default)).Edges.Single().Calls, (await store.Store.GetCallLatenciesAsync(null, null, default)).Edges.Single().Calls })
            Assert.Equal(900, calls, 2.0);
        Assert.True((await store.Store.GetDependenciesAsync(null, null, default)).IsEstimated);
        Assert.True((await store.Store.GetCallLatenciesAsync(null, null, default)).IsEstimated);

        var steps = await store.Store.GetOperationSeriesAsync([], ["quick"], SpanGen.Base / Minute * Minute, SpanGen.Base + 10 * Minute, Minute, default);
        Assert.True(steps.IsEstimated);
        Assert.Equal(5_050, steps.Operations.Single().Spans.Sum(), 8.0);
        Assert.Equal(50, steps.Operations.Single().Errors.Sum());
        // What is stored is counted as it is.
        Assert.Equal(550 + 300, (await store.Store.GetServicesAsync(null, null, default)).Single(s => s.Name == "svc").Spans);
    }

    [Fact]
    public async Task FiguresOfSpansThatWereNotSampledAreNoEstimates()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1, "a", 5, 1) with { TraceState = "ot=th:0,x=y" }, Span(2, "a", 5, 1) with { TraceState = "other=th:8" });
        for (var i = 0; i < 2; i++)
        {
            Assert.False((await store.Store.GetRedOperationsAsync([], null, null, default)).IsEstimated);
            Assert.Equal(2, (await store.Store.GetRedOperationsAsync([], null, null, default)).Operations.Single().Spans);
            await store.FlushAsync();
        }
    }

    private static PlainSpan Span(int trace, string name, int milliseconds, double rate, string service = "svc") => new()
    {
        TraceId = new(3, (ulong)trace + 1),
        SpanId = 1,
        Start = SpanGen.Base + (ulong)trace * 1_000,
        End = SpanGen.Base + (ulong)trace * 1_000 + (ulong)milliseconds * 1_000_000,
        Name = name,
        TraceState = rate < 1 ? System.Text.Encoding.UTF8.GetString(SamplingThreshold.Write([], SamplingThreshold.Of(rate))) : "",
        Resource = PlainResource.Of(service),
    };
}
