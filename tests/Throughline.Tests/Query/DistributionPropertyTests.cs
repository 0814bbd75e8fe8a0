using CsCheck;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Whatever is sent, and wherever it lies: a distribution counts just the traces that a search finds.</summary>
public sealed class DistributionPropertyTests
{
    private const string Seed = "0000b7eKx3f4";

    private static readonly Gen<DistributionRequest> Request = Gen.Select(
        Gen.Frequency((1, Gen.Const((ulong?)null)), (2, SpanGen.Time.Select(t => (ulong?)t))), Gen.OneOf<ulong?>(null, 1, 7, 90, 1_000_000), Gen.Int[1, 9], Gen.OneOf(1, 2, 4, 8), Gen.OneOf(0, 2, 2000),
        (from, length, columns, rows, points) => new DistributionRequest(from, from is { } f && length is { } l && f <= ulong.MaxValue - l ? f + l : null, columns, rows, points));

    [Fact]
    public Task ADistributionEqualsTheNaiveEvaluator() => Gen.Select(SpanGen.Steps, Gen.Select(PlanGen.Plan, Request).Array[10]).SampleAsync(async (steps, cases) =>
    {
        await using var store = await StoreUnderTest.OpenAsync();
        foreach (var step in steps) await step.RunAsync(store);
        NaiveTrace[] traces = [.. store.Spans.GroupBy(s => s.TraceId).Select(t => new NaiveTrace(t))];
        foreach (var (plan, request) in cases) Check(request, NaiveEvaluator.Search(plan, traces), await store.Store.GetDistributionAsync(plan, request, default));
    }, seed: Seed, iter: 300, print: c => string.Join("\n", (object[])c.Item1));

    /// <summary>The last column reaches beyond the largest number, and what starts at 0 does not follow upon that.</summary>
    [Fact]
    public async Task ATraceAtTheEndOfTimeTakesNoneOfItsBeginningAlong()
    {
        await using var store = await StoreUnderTest.OpenAsync();
        await store.AppendAsync(Span(1, 0), Span(2, ulong.MaxValue), Span(3, 1));
        var found = await store.Store.GetDistributionAsync(new SearchPlan(), new DistributionRequest(ulong.MaxValue - 1000, ulong.MaxValue, 9, 1, 0), default);
        Assert.Equal([2, 0, 0, 0, 0, 0, 0, 0, 1], found.Traces);

        static PlainSpan Span(byte trace, ulong start) => new() { TraceId = new(0, trace), SpanId = trace, Start = start, End = start, Name = "work" };
    }

    private static void Check(DistributionRequest request, List<NaiveTrace> expected, TraceDistribution found)
    {
        Assert.Null(found.Truncated);
        Assert.Equal((new Total(expected.Count, true), new Total(expected.Count(IsError), true)), (found.Total, found.ErrorTraces));
        CheckAxis(request, expected, found);

        var columns = expected.ToLookup(t => Column(found, t));
        Assert.Equal(Enumerable.Range(0, found.Traces.Count).Select(c => (long)columns[c].Count()), found.Traces);
        Assert.Equal(Enumerable.Range(0, found.Traces.Count).Select(c => (long)columns[c].Count(IsError)), found.Errors);

        var cells = expected.GroupBy(t => (Column: Column(found, t), Row: Step(found.RowEdgesNano, t.Summary.DurationNano))).OrderBy(g => g.Key)
            .Select(g => new DistributionCell(g.Key.Column, g.Key.Row, g.Count(), g.Count(IsError)));
        Assert.Equal(cells, found.Cells);
        CheckRows(found.RowEdgesNano, request.RowsPerDoubling);

        ulong[] durations = [.. expected.Select(t => t.Summary.DurationNano).Order()];
        CheckQuantile(durations, 50, found.P50Nano, found.Points is not null);
        CheckQuantile(durations, 95, found.P95Nano, found.Points is not null);
        CheckQuantile(durations, 99, found.P99Nano, found.Points is not null);
        Assert.Equal((Sum(durations), Sum(expected.Select(t => t.Summary.WaitingNano))), (found.DurationSumNano, found.WaitingSumNano));
        CheckHistogram(durations, found.Durations);
        CheckHistogram(expected.Select(t => t.Summary.WaitingNano), found.Waits);

        var points = expected.OrderByDescending(t => t.Summary.StartUnixNano).ThenBy(t => t.Summary.TraceId.ToString(), StringComparer.Ordinal)
            .Select(t => new DistributionPoint(t.Summary.TraceId, t.Summary.StartUnixNano, t.Summary.DurationNano, t.Summary.Errors));
        if (request.Points > 0 && expected.Count <= request.Points) Assert.Equal(points, found.Points);
        else Assert.Null(found.Points);
    }

    private static void CheckAxis(DistributionRequest request, List<NaiveTrace> expected, TraceDistribution found)
    {
        Assert.InRange(found.Traces.Count, 1, request.Columns);
        if (request.FromUnixNano is { } from) Assert.Equal(from, found.FirstUnixNano);
        else Assert.All(expected, t => Assert.True(found.FirstUnixNano <= t.Summary.StartUnixNano));
        var end = (UInt128)found.FirstUnixNano + ((UInt128)found.ColumnNano * (ulong)found.Traces.Count);
        if (request.ToUnixNano is { } to) Assert.InRange(end, (UInt128)to, (UInt128)to + found.ColumnNano - 1);
        else Assert.All(expected, t => Assert.True(end > t.Summary.StartUnixNano || t.Summary.StartUnixNano == ulong.MaxValue));
    }

    private static void CheckRows(IReadOnlyList<ulong> edges, int perDoubling)
    {
        for (var i = 0; i + perDoubling < edges.Count; i++)
        {
            // Below 32 ns the steps are of whole nanoseconds.
            if (edges[i] >= 32 && edges[i + perDoubling] != ulong.MaxValue) Assert.Equal(edges[i] * 2, edges[i + perDoubling]);
        }
    }

    private static void CheckQuantile(ulong[] durations, int percent, ulong? found, bool exactly)
    {
        if (durations.Length == 0)
        {
            Assert.Null(found);
            return;
        }
        var exact = durations[((durations.Length * percent + 99) / 100) - 1];
        Assert.NotNull(found);
        var off = found.Value > exact ? found.Value - exact : exact - found.Value;
        Assert.True(exactly ? off == 0 : off <= exact / 62, $"p{percent}: {found}, exactly {exact}");
    }

    private static void CheckHistogram(IEnumerable<ulong> values, TraceHistogram found)
    {
        var counts = values.GroupBy(v => Step(found.EdgesNano, v)).ToDictionary(g => g.Key, g => (long)g.Count());
        Assert.Equal(Enumerable.Range(0, Math.Max(0, found.EdgesNano.Count - 1)).Select(i => counts.GetValueOrDefault(i)), found.Traces);
        Assert.DoesNotContain(-1, counts.Keys);
    }

    /// <summary>The step of a length, or -1; the last reaches to the largest number.</summary>
    private static int Step(IReadOnlyList<ulong> edges, ulong value)
    {
        for (var i = 0; i + 1 < edges.Count; i++)
        {
            if (value >= edges[i] && (value < edges[i + 1] || edges[i + 1] == ulong.MaxValue)) return i;
        }
        return -1;
    }

    private static int Column(TraceDistribution found, NaiveTrace trace)
    {
        if (trace.Summary.StartUnixNano < found.FirstUnixNano) return 0;
        return (int)Math.Min((ulong)found.Traces.Count - 1, (trace.Summary.StartUnixNano - found.FirstUnixNano) / found.ColumnNano);
    }

    private static bool IsError(NaiveTrace trace) => trace.Summary.Errors > 0;

    private static ulong Sum(IEnumerable<ulong> values)
    {
        var sum = values.Aggregate((UInt128)0, (total, value) => total + value);
        return sum > ulong.MaxValue ? ulong.MaxValue : (ulong)sum;
    }
}
