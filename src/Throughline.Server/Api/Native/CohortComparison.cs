using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;

namespace Throughline.Server.Api.Native;

/// <summary>What is known of a cohort as a whole.</summary>
/// <param name="Total">Its traces.</param>
/// <param name="Looked">Those that were looked at: all, or a fair sample.</param>
/// <param name="Errors">Of those that were looked at, the ones with errors.</param>
internal sealed record Cohort(Total Total, int Looked, int Errors, ulong MeanNano, ulong P50Nano, ulong MeanWaitingNano);

/// <summary>Two cohorts of traces, side by side: B are those of a search's matches that a second condition holds for, A the others.</summary>
/// <param name="LeftOut">Traces of the samples that were too large, or gone meanwhile.</param>
internal sealed record CohortComparison(Cohort A, Cohort B, CohortPaths Paths, CohortAttributes Attributes, int LeftOut, Truncation? Truncated)
{
    /// <summary>Matches of each search that are listed to draw the samples from.</summary>
    private const int MaxListed = 1_000;

    /// <summary>A larger trace is left out: it takes longer to read than all others together.</summary>
    private const int MaxSpansOfTrace = 20_000;

    /// <summary>Spans of one cohort that are looked at, unless a single trace has more.</summary>
    private const int MaxSpans = 200_000;

    /// <summary>Draws up to <paramref name="sample"/> traces of each cohort and lays them over each other. <paramref name="chosen"/> finds some of what <paramref name="all"/> finds.</summary>
    internal static async ValueTask<CohortComparison> FindAsync(ISpanSource source, SearchPlan all, SearchPlan chosen, int sample, CancellationToken cancellationToken)
    {
        var ofB = await source.SearchAsync(Listing(chosen), cancellationToken);
        var either = await source.SearchAsync(Listing(all), cancellationToken);
        var ids = ofB.Traces.Select(static t => t.TraceId).ToHashSet();
        // Behind the last of B that is listed others may follow, so only before it is a trace that is not listed one of A.
        var reach = ofB.Next?.LastKey ?? ulong.MaxValue;
        var ofA = either.Traces.Where(t => !ids.Contains(t.TraceId) && SearchPlan.SampleKey(t.TraceId) <= reach);

        var (paths, attributes) = (new CohortPaths(), new CohortAttributes());
        var totalA = new Total(Math.Max(0, either.Total.Value - ofB.Total.Value), either.Total.IsExact && ofB.Total.IsExact);
        var (a, leftOutA) = await ReadAsync(source, ofA.Take(sample), totalA, paths, attributes, 0, cancellationToken);
        var (b, leftOutB) = await ReadAsync(source, ofB.Traces.Take(sample), ofB.Total, paths, attributes, 1, cancellationToken);
        return new CohortComparison(a, b, paths, attributes, leftOutA + leftOutB, ofB.Truncated ?? either.Truncated);
    }

    private static SearchPlan Listing(SearchPlan plan) => plan with { IsSample = true, Descending = false, Limit = MaxListed, Total = TotalWanted.Exact, After = null, KeepsSnapshot = false };

    private static async ValueTask<(Cohort Cohort, int LeftOut)> ReadAsync(
        ISpanSource source, IEnumerable<TraceSummary> sample, Total total, CohortPaths paths, CohortAttributes attributes, int cohort, CancellationToken cancellationToken)
    {
        var durations = new List<ulong>();
        var (sum, waiting, errors, leftOut, spans) = (UInt128.Zero, UInt128.Zero, 0, 0, 0L);
        foreach (var summary in sample)
        {
            if (spans > MaxSpans) break;
            if (summary.Spans > MaxSpansOfTrace || await source.GetTraceAsync(summary.TraceId, cancellationToken) is not { Truncated: null } trace)
            {
                leftOut++;
                continue;
            }
            paths.Add(trace, cohort);
            attributes.Add(trace, cohort);
            durations.Add(trace.Summary.DurationNano);
            sum += trace.Summary.DurationNano;
            waiting += trace.Summary.WaitingNano;
            spans += trace.Summary.Spans;
            if (trace.Summary.Errors > 0) errors++;
        }
        durations.Sort();
        return (new Cohort(total, durations.Count, errors, Mean(sum, durations.Count), durations.Count == 0 ? 0 : durations[(durations.Count - 1) / 2], Mean(waiting, durations.Count)), leftOut);
    }

    /// <summary>The mean, rounded; 0 of nothing.</summary>
    internal static ulong Mean(UInt128 sum, int count) => count == 0 ? 0 : (ulong)((sum + (UInt128)(count / 2)) / (UInt128)count);
}
