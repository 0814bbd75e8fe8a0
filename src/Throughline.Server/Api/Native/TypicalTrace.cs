using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;

namespace Throughline.Server.Api.Native;

/// <summary>A trace to hold another against, and what it was chosen from.</summary>
/// <param name="Trace">Null when there is no other successful trace of the operation.</param>
/// <param name="Among">The traces that the median is of; at least so many when there are more than are looked at.</param>
/// <param name="SameServices">Whether they have the same services as the trace asked about; otherwise none of the operation has.</param>
/// <param name="MedianNano">Their median duration (nearest rank).</param>
/// <param name="FromUnixNano">They start in [from, to); null is open.</param>
internal sealed record TypicalTrace(TraceSummary? Trace, Total Among, bool SameServices, ulong MedianNano, ulong? FromUnixNano, ulong? ToUnixNano, Truncation? Truncated)
{
    private const ulong MinuteNano = 60_000_000_000;

    /// <summary>How far from the trace others are looked for, the nearest first; the last is everywhere.</summary>
    private static readonly ulong?[] Reaches = [30 * MinuteNano, 6 * 60 * MinuteNano, 48 * 60 * MinuteNano, null];

    /// <summary>So many say what is usual: with 30, the median's rank is off by a tenth of them in two thirds of all draws.</summary>
    private const int Enough = 30;

    /// <summary>Traces of one reach that are looked at, the newest first.</summary>
    private const int MaxLookedAt = 1000;

    /// <summary>Durations this near to the median (a fiftieth) are as good as it; of these the nearest in time is taken.</summary>
    private const double NearMedian = 0.02;

    /// <summary>Looks for one near in time: of the same root operation, without errors and missing parents, with a duration near the median.</summary>
    internal static async ValueTask<TypicalTrace> FindAsync(ISpanSource source, TraceSummary trace, CancellationToken cancellationToken)
    {
        var best = new TypicalTrace(null, new Total(0, true), false, 0, null, null, null);
        foreach (var reach in Reaches)
        {
            var (from, to) = reach is { } nano ? (trace.StartUnixNano - Math.Min(nano, trace.StartUnixNano), Math.Min(ulong.MaxValue - nano, trace.StartUnixNano) + nano) : (default(ulong?), default(ulong?));
            var found = await source.SearchAsync(PlanFor(trace, from, to), cancellationToken);
            var chosen = Choose(trace, found, from, to);
            // A wider reach is worth it only while there are too few; one with the same services is never given up for one without. Of a wider reach only the newest are looked at, which may be fewer.
            var isBetter = chosen.SameServices == best.SameServices ? chosen.Among.Value >= best.Among.Value : chosen.SameServices;
            if (best.Trace is null || (chosen.Trace is not null && isBetter)) best = chosen;
            if (best.SameServices && best.Among.Value >= Enough) break;
        }
        return best;
    }

    /// <summary>Its first span stands for a trace whose root did not arrive.</summary>
    private static SpanLabel LabelOf(TraceSummary trace) => trace.Root ?? trace.First;

    private static SearchPlan PlanFor(TraceSummary trace, ulong? from, ulong? to)
    {
        var label = LabelOf(trace);
        return new SearchPlan
        {
            Span = new SpanPredicate.And([
                new SpanPredicate.StartsIn(from, to),
                new SpanPredicate.TextIs(SpanTextField.Service, [label.Service]),
                new SpanPredicate.TextIs(SpanTextField.Name, [label.Name])]),
            Trace = [new TraceCondition(TraceOrder.Errors, null, 0)],
            Limit = MaxLookedAt,
            Total = TotalWanted.AtLeast,
            KeepsSnapshot = false,
        };
    }

    private static TypicalTrace Choose(TraceSummary trace, SearchResult found, ulong? from, ulong? to)
    {
        var label = LabelOf(trace);
        var services = trace.Services.Select(static s => s.Name).ToHashSet();
        var alike = found.Traces.Where(t => t.TraceId != trace.TraceId && t.Orphans == 0 && LabelOf(t) == label).ToList();
        var same = alike.Where(t => services.SetEquals(t.Services.Select(static s => s.Name))).ToList();
        var among = same.Count > 0 ? same : alike;
        var all = found.Next is null && found.Truncated is null;
        if (among.Count == 0) return new TypicalTrace(null, new Total(0, all), false, 0, from, to, found.Truncated);

        var durations = among.Select(static t => t.DurationNano).Order().ToList();
        var median = durations[(durations.Count - 1) / 2];
        var typical = among
            .OrderBy(t => Apart(t.DurationNano, median) > median * NearMedian)
            .ThenBy(t => Apart(t.StartUnixNano, trace.StartUnixNano))
            .ThenBy(static t => t.TraceId)
            .First();
        return new TypicalTrace(typical, new Total(among.Count, all), same.Count > 0, median, from, to, found.Truncated);
    }

    private static ulong Apart(ulong a, ulong b) => a > b ? a - b : b - a;
}
