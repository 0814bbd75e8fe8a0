using CsCheck;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Whatever is sent, however it is flushed, sent again and reopened between: the store answers as plain lists of spans do.</summary>
public sealed class StorePropertyTests
{
    private const string Seed = "0000a3dJw5e2";

    [Fact]
    public Task TraceByIdHasEverySpanOnceWithAllItsContent() => SpanGen.Steps.SampleAsync(async steps =>
    {
        await using var store = await After(steps);
        foreach (var trace in store.Spans.GroupBy(s => s.TraceId))
        {
            var view = await store.Store.GetTraceAsync(trace.Key, default);
            Assert.NotNull(view);
            Assert.Equal(trace.Select(s => s.Content).Order(StringComparer.Ordinal), PlainReader.Read(view.Spans).Select(s => s.Content).Order(StringComparer.Ordinal));
            Assert.Equal(NaiveTrace.Describe(new NaiveTrace(trace).Summary), NaiveTrace.Describe(view.Summary));
            TreeCheck.Check(view);
        }
        Assert.Null(await store.Store.GetTraceAsync(new(12, 34), default));
        Assert.Empty(store.Store.GetStatistics().Problems);
    }, seed: Seed, iter: 300, print: Print);

    [Fact]
    public Task AnExcerptOfATraceIsATreeOfWhatFailedAndTookLongest() => Gen.Select(SpanGen.Steps, Gen.Int[1, 12], Gen.ULong[0, 60], Gen.ULong[0, 60]).SampleAsync(async (steps, limit, from, length) =>
    {
        await using var store = await After(steps);
        foreach (var trace in store.Spans.GroupBy(s => s.TraceId))
        {
            var view = await store.Store.GetTraceAsync(trace.Key, default);
            Assert.NotNull(view);
            // Sixtieths of the trace, and a time that reaches beyond it.
            var unit = Math.Max(1, view.Summary.DurationNano / 60);
            var (begin, end) = (from * unit, length == 60 ? ulong.MaxValue : (from + length) * unit);
            var wanted = new SpanId(view.Spans.SpanId[view.Spans.RowCount - 1]);
            ExcerptCheck.Check(view, TraceExcerpt.Of(view, limit, begin, end, null, default), limit, begin, end, null);
            ExcerptCheck.Check(view, TraceExcerpt.Of(view, limit, begin, end, wanted, default), limit, begin, end, wanted);
            ExcerptCheck.Check(view, TraceExcerpt.Of(view, int.MaxValue, 0, ulong.MaxValue, null, default), int.MaxValue, 0, ulong.MaxValue, null);
        }
    }, seed: Seed, iter: 100, print: t => Print(t.Item1));

    [Fact]
    public Task SearchEqualsTheNaiveEvaluator() => Gen.Select(SpanGen.Steps, PlanGen.Plan.Array[12]).SampleAsync(async (steps, plans) =>
    {
        await using var store = await After(steps);
        NaiveTrace[] traces = [.. store.Spans.GroupBy(s => s.TraceId).Select(t => new NaiveTrace(t))];
        foreach (var plan in plans) await CheckPages(store.Store, plan, NaiveEvaluator.Search(plan, traces));
    }, seed: Seed, iter: 400, print: c => Print(c.Item1));

    [Fact]
    public Task ServicesAndOperationsEqualNaiveCounts() => Gen.Select(SpanGen.Steps, Gen.Select(SpanGen.Time, SpanGen.Time, Gen.Int[0, 3]).Array[6]).SampleAsync(async (steps, ranges) =>
    {
        await using var store = await After(steps);
        foreach (var (first, second, open) in ranges)
        {
            ulong? from = (open & 1) == 0 ? first : null;
            ulong? to = (open & 2) == 0 ? second : null;
            var spans = store.Stored.Where(s => !(s.Start < from) && !(s.Start >= to)).ToArray();
            var services = spans.GroupBy(s => s.Resource.Service).Select(g => new ServiceStat(g.Key, g.Count(), g.Count(NaiveTrace.IsError))).OrderBy(s => s.Name, StringComparer.Ordinal);
            Assert.Equal(services, await store.Store.GetServicesAsync(from, to, default));
            string[] chosen = open == 0 ? ["shop", "кафе"] : [];
            var operations = spans.Where(s => chosen.Length == 0 || chosen.Contains(s.Resource.Service)).GroupBy(s => (s.Resource.Service, s.Name, s.Kind))
                .Select(g => new OperationStat(g.Key.Service, g.Key.Name, g.Key.Kind, g.Count(), g.Count(NaiveTrace.IsError)))
                .OrderBy(o => o.Service, StringComparer.Ordinal).ThenBy(o => o.Name, StringComparer.Ordinal).ThenBy(o => o.Kind);
            Assert.Equal(operations, await store.Store.GetOperationsAsync(chosen, from, to, default));
        }
    }, seed: Seed, iter: 200, print: c => Print(c.Item1));

    [Fact]
    public Task SearchThatNeedsNoTotalsFindsTheSamePages() => Gen.Select(SpanGen.Steps, PlanGen.Plan.Array[12]).SampleAsync(async (steps, plans) =>
    {
        await using var store = await After(steps);
        NaiveTrace[] traces = [.. store.Spans.GroupBy(s => s.TraceId).Select(t => new NaiveTrace(t))];
        foreach (var plan in plans) await CheckPages(store.Store, plan with { Total = TotalWanted.AtLeast }, NaiveEvaluator.Search(plan, traces));
    }, seed: Seed, iter: 300, print: c => Print(c.Item1));

    [Fact]
    public Task AggregatesEqualNaiveCounts() => Gen.Select(SpanGen.Steps, Gen.Select(SpanGen.Time, SpanGen.Time, Gen.Int[0, 3]).Array[4]).SampleAsync(async (steps, ranges) =>
    {
        await using var store = await After(steps);
        foreach (var (first, second, open) in ranges)
        {
            ulong? from = (open & 1) == 0 ? first : null;
            ulong? to = (open & 2) == 0 ? second : null;
            string[] chosen = open == 0 ? ["shop", "кафе"] : [];
            var inRange = store.Places.Select(p => p.Where(s => !(s.Start < from) && !(s.Start >= to) && (chosen.Length == 0 || chosen.Contains(s.Resource.Service))));
            NaiveAggregates.Check(inRange, await store.Store.GetRedOperationsAsync(chosen, from, to, default));
            var edges = await store.Store.GetDependenciesAsync(from, to, default);
            Assert.Null(edges.Truncated);
            Assert.Equal(NaiveAggregates.Edges(store.Places, from, to), edges.Edges);
            NaiveAggregates.Check(store.Places, from, to, await store.Store.GetCallLatenciesAsync(from, to, default));
        }
    }, seed: Seed, iter: 200, print: c => Print(c.Item1));

    /// <summary>Steps of whole minutes are summed up in blocks, the others counted: both agree, wherever the range cuts.</summary>
    [Fact]
    public Task SeriesEqualNaiveCounts() => Gen.Select(SpreadSteps, Gen.Select(Gen.ULong[0, 400], Gen.ULong[1, 400], Gen.OneOf(7ul, 60ul, 120ul)).Array[4]).SampleAsync(async (steps, ranges) =>
    {
        await using var store = await After(steps);
        foreach (var (first, length, seconds) in ranges)
        {
            var (from, to, step) = (SpanGen.Base + first * Second, SpanGen.Base + (first + length) * Second, seconds * Second);
            var series = await store.Store.GetRedSeriesAsync([], from, to, step, default);
            Assert.Null(series.Truncated);
            Assert.Equal((from / step * step, step), (series.FirstUnixNano, series.StepNano));
            Assert.Equal(NaiveAggregates.Series(store.Places, from, to, step).Select(Describe), series.Services.Select(Describe));
            string[] names = [.. store.Places.SelectMany(p => p).Select(s => s.Name).Distinct().Order(StringComparer.Ordinal).Take(2)];
            NaiveAggregates.Check(store.Places, names, from, to, step, await store.Store.GetOperationSeriesAsync([], names, from, to, step, default));
        }
    }, seed: Seed, iter: 150, print: c => Print(c.Item1));

    private const ulong Second = 1_000_000_000;

    /// <summary>Spans over some minutes, a second or so apart.</summary>
    private static readonly Gen<StoreStep[]> SpreadSteps = SpanGen.Steps.Select(steps => Array.ConvertAll(steps, step => step is StoreStep.Append append
        ? new StoreStep.Append(Array.ConvertAll(append.Spans, s => s.Start - SpanGen.Base > 1000 ? s : s with { Start = SpanGen.Base + ((s.Start - SpanGen.Base) * 2 * Second) }))
        : step));

    private static string Describe(ServiceSeries series) => $"{series.Service}: {string.Join(",", series.Spans)}; {string.Join(",", series.Errors)}";

    private static async Task<StoreUnderTest> After(StoreStep[] steps)
    {
        var store = await StoreUnderTest.OpenAsync();
        foreach (var step in steps) await step.RunAsync(store);
        return store;
    }

    private static async Task CheckPages(ISpanSource source, SearchPlan plan, List<NaiveTrace> expected)
    {
        var found = new List<string>();
        var page = plan;
        do
        {
            var result = await source.SearchAsync(page, default);
            var what = $"{PlanGen.Describe(plan.Span)}; {string.Join(", ", plan.Trace)}; {plan.Order} {plan.Descending}";
            Assert.Null(result.Truncated);
            Assert.False(result.SnapshotExpired);
            CheckTotal(plan, expected.Count, result.Total, what);
            CheckTotal(plan, expected.Count(t => t.Summary.Errors > 0), result.ErrorTraces, what);
            Assert.Equal(Math.Min(plan.Limit, expected.Count - found.Count), result.Traces.Count);
            found.AddRange(result.Traces.Select(NaiveTrace.Describe));
            page = plan with { After = result.Next };
        }
        while (page.After is not null);
        Assert.Equal(expected.Select(t => NaiveTrace.Describe(t.Summary)), found);
    }

    private static void CheckTotal(SearchPlan plan, int expected, Total found, string what)
    {
        Assert.True(found.IsExact || plan.Total == TotalWanted.AtLeast, what);
        Assert.True(found.IsExact ? found.Value == expected : found.Value <= expected, $"{what}: expected {expected}, found {found}");
    }

    private static string Print(StoreStep[] steps) => string.Join("\n", (object[])steps);
}
