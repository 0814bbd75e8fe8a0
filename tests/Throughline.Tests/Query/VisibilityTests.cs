using CsCheck;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Query.Plan;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Traces that retention has hidden are in no answer, wherever their spans lie.</summary>
public sealed class VisibilityTests
{
    private const string Seed = "0000bTq3KxW1";

    private static readonly Gen<PlainSpan[][]> Groups = SpanGen.Span.Array[1, 15].Array[1, 4];

    private static readonly Gen<TraceVisibility> Visibility = Gen.Select(Gen.OneOf<ulong>(Gen.ULong[0, 20].Select(n => SpanGen.Base + n * 10), Gen.OneOf(0ul, 1ul, ulong.MaxValue)), SpanGen.Trace.Array[0, 2],
        (before, pinned) => new TraceVisibility(before, pinned.ToHashSet()));

    [Fact]
    public void SearchesLeaveHiddenTracesOut() => Gen.Select(Groups, Visibility, PlanGen.Plan.Array[4]).Sample((groups, visibility, plans) =>
    {
        using var segments = new SegmentsUnderTest(groups);
        NaiveTrace[] traces = [.. groups.SelectMany(g => g).DistinctBy(s => s.Content).GroupBy(s => s.TraceId).Select(t => new NaiveTrace(t)).Where(t => !visibility.Hides(t.Summary.TraceId, t.Summary.StartUnixNano))];
        foreach (var plan in plans)
        {
            var (result, unreadable) = new SearchExecution(plan, segments.View(visibility), SegmentsUnderTest.Bounds()).Run(1, new QueryWorkers(1));
            Assert.Empty(unreadable);
            var expected = NaiveEvaluator.Search(plan, traces);
            Assert.Equal(new Total(expected.Count, true), result.Total);
            Assert.Equal(expected.Take(plan.Limit).Select(t => NaiveTrace.Describe(t.Summary)), result.Traces.Select(NaiveTrace.Describe));
        }
    }, seed: Seed, iter: 400);

    [Fact]
    public void CountsLeaveHiddenTracesOut() => Gen.Select(Groups, Visibility, SpanGen.Time, SpanGen.Time).Sample((groups, visibility, from, to) =>
    {
        using var segments = new SegmentsUnderTest(groups);
        var hidden = groups.SelectMany(g => g).GroupBy(s => s.TraceId).Where(t => visibility.Hides(t.Key, t.Min(s => s.Start))).Select(t => t.Key).ToHashSet();
        PlainSpan[][] shown = [.. groups.Select(g => g.DistinctBy(s => s.Content).Where(s => !hidden.Contains(s.TraceId) && s.Start >= from && s.Start < to).ToArray())];
        var operations = new StatExecution(segments.View(visibility), from, to, SegmentsUnderTest.Bounds()).Operations([]);
        Assert.Equal(NaiveAggregates.Operations(shown), operations);
        var red = new StatExecution(segments.View(visibility), from, to, SegmentsUnderTest.Bounds()).RedOperations([]);
        NaiveAggregates.Check(shown, red);
        PlainSpan[][] whole = [.. groups.Select(g => g.DistinctBy(s => s.Content).Where(s => !hidden.Contains(s.TraceId)).ToArray())];
        var edges = new StatExecution(segments.View(visibility), from, to, SegmentsUnderTest.Bounds()).Dependencies();
        Assert.Equal(NaiveAggregates.Edges(whole, from, to), edges.Edges);
    }, seed: Seed, iter: 400);
}
