using Throughline.Engine.Query;
using Throughline.Tests.Store;

namespace Throughline.Tests.Query;

/// <summary>Counts plain spans by the words of docs/api.md. Groups are what lies in one place each, duplicates collapsed.</summary>
internal static class NaiveAggregates
{
    public static IEnumerable<OperationStat> Operations(IEnumerable<IEnumerable<PlainSpan>> groups) => ByOperation(groups)
        .Select(g => new OperationStat(g.Key.Service, g.Key.Name, g.Key.Kind, g.Count(), g.Count(NaiveTrace.IsError)));

    /// <summary>Counts are exact, quantiles as near as they are said to be.</summary>
    public static void Check(IEnumerable<IEnumerable<PlainSpan>> groups, RedOperations found)
    {
        Assert.Null(found.Truncated);
        var expected = ByOperation(groups).ToArray();
        Assert.Equal(expected.Select(g => (g.Key.Service, g.Key.Name, g.Key.Kind, (long)g.Count(), (long)g.Count(NaiveTrace.IsError))), found.Operations.Select(o => (o.Service, o.Name, o.Kind, o.Spans, o.Errors)));
        foreach (var (spans, operation) in expected.Zip(found.Operations))
        {
            ulong[] durations = [.. spans.Select(Duration).Order()];
            Near(durations, 50, operation.P50Nano);
            Near(durations, 95, operation.P95Nano);
            Near(durations, 99, operation.P99Nano);
            NearSum(durations, operation.TotalNano);
        }
    }

    public static IEnumerable<ServiceSeries> Series(IEnumerable<IEnumerable<PlainSpan>> groups, ulong from, ulong to, ulong step) => groups.SelectMany(g => g)
        .Where(s => s.Start >= from && s.Start < to).GroupBy(s => s.Resource.Service).OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g =>
        {
            var steps = (int)((to - 1) / step - from / step) + 1;
            var counts = g.GroupBy(s => (int)(s.Start / step - from / step)).ToDictionary(s => s.Key, s => s.ToArray());
            return new ServiceSeries(g.Key,
                [.. Enumerable.Range(0, steps).Select(i => (long)(counts.GetValueOrDefault(i)?.Length ?? 0))],
                [.. Enumerable.Range(0, steps).Select(i => (long)(counts.GetValueOrDefault(i)?.Count(NaiveTrace.IsError) ?? 0))]);
        });

    /// <summary>Each step of each operation with one of the names has the counts and quantiles of its spans, and no other operation shows.</summary>
    public static void Check(IEnumerable<IEnumerable<PlainSpan>> groups, IReadOnlyCollection<string> names, ulong from, ulong to, ulong step, OperationSeries found)
    {
        Assert.Null(found.Truncated);
        Assert.Equal((from / step * step, step, (int)((to - 1) / step - from / step) + 1), (found.FirstUnixNano, found.StepNano, found.Steps));
        var expected = ByOperation(groups.Select(g => g.Where(s => s.Start >= from && s.Start < to && names.Contains(s.Name)))).ToArray();
        Assert.Equal(expected.Select(g => g.Key), found.Operations.Select(o => (o.Service, o.Name, o.Kind)));
        foreach (var (spans, operation) in expected.Zip(found.Operations))
        {
            var steps = spans.ToLookup(s => (int)(s.Start / step - from / step));
            Assert.Equal(Enumerable.Range(0, found.Steps).Select(i => ((long)steps[i].Count(), (long)steps[i].Count(NaiveTrace.IsError))), operation.Spans.Zip(operation.Errors));
            for (var i = 0; i < found.Steps; i++)
            {
                ulong[] durations = [.. steps[i].Select(Duration).Order()];
                Near(durations, 50, operation.P50Nano[i]);
                Near(durations, 95, operation.P95Nano[i]);
            }
        }
    }

    /// <summary>The edges have their counts, and the quantiles of the called spans.</summary>
    public static void Check(IEnumerable<IEnumerable<PlainSpan>> groups, ulong? from, ulong? to, CallLatencies found)
    {
        Assert.Null(found.Truncated);
        var expected = Calls(groups, from, to).ToArray();
        Assert.Equal(expected.Select(e => (e.Key.Parent, e.Key.Child, (long)e.Count(), (long)e.Count(NaiveTrace.IsError))), found.Edges.Select(e => (e.Parent, e.Child, e.Calls, e.Errors)));
        foreach (var (calls, edge) in expected.Zip(found.Edges))
        {
            ulong[] durations = [.. calls.Select(Duration).Order()];
            Near(durations, 50, edge.P50Nano);
            Near(durations, 95, edge.P95Nano);
        }
    }

    /// <summary>The parent is the earliest span of the trace in the same place that has the id, and lies there whenever it starts.</summary>
    public static IEnumerable<DependencyEdge> Edges(IEnumerable<IEnumerable<PlainSpan>> groups, ulong? from, ulong? to) => Calls(groups, from, to)
        .Select(g => new DependencyEdge(g.Key.Parent, g.Key.Child, g.Count(), g.Count(NaiveTrace.IsError)));

    private static IEnumerable<IGrouping<(string Parent, string Child), PlainSpan>> Calls(IEnumerable<IEnumerable<PlainSpan>> groups, ulong? from, ulong? to) => groups
        .SelectMany(g => g.GroupBy(s => s.TraceId)).Select(t => new NaiveTrace(t))
        .SelectMany(t => t.Spans.Where(s => s.ParentSpanId != 0 && !(s.Start < from) && !(s.Start >= to)).Select(s => (Child: s, Parent: t.Spans.FirstOrDefault(p => p.SpanId == s.ParentSpanId))))
        .Where(c => c.Parent is not null && c.Parent.Resource.Service != c.Child.Resource.Service)
        .GroupBy(c => (Parent: c.Parent?.Resource.Service ?? "", Child: c.Child.Resource.Service), c => c.Child)
        .OrderBy(g => g.Key.Parent, StringComparer.Ordinal).ThenBy(g => g.Key.Child, StringComparer.Ordinal);

    private static ulong Duration(PlainSpan span) => span.End > span.Start ? span.End - span.Start : 0;

    private static IEnumerable<IGrouping<(string Service, string Name, int Kind), PlainSpan>> ByOperation(IEnumerable<IEnumerable<PlainSpan>> groups) => groups.SelectMany(g => g)
        .GroupBy(s => (s.Resource.Service, s.Name, s.Kind))
        .OrderBy(g => g.Key.Service, StringComparer.Ordinal).ThenBy(g => g.Key.Name, StringComparer.Ordinal).ThenBy(g => g.Key.Kind);

    private static void NearSum(ulong[] durations, ulong found)
    {
        var exact = durations.Aggregate(UInt128.Zero, static (sum, duration) => sum + duration);
        if (exact > ulong.MaxValue - (exact / 62))
        {
            Assert.True(found > ulong.MaxValue / 100 * 96, $"total: {found}, exactly {exact}");
            return;
        }
        var off = found > exact ? found - exact : exact - found;
        Assert.True(off <= exact / 62, $"total: {found}, exactly {exact}");
    }

    /// <summary>Within 1.6 % of the nearest rank; 0 of none.</summary>
    private static void Near(ulong[] durations, int percent, ulong found)
    {
        if (durations.Length == 0)
        {
            Assert.Equal(0ul, found);
            return;
        }
        var exact = durations[((durations.Length * percent + 99) / 100) - 1];
        var off = found > exact ? found - exact : exact - found;
        Assert.True(off <= exact / 62, $"p{percent}: {found}, exactly {exact}");
    }
}
