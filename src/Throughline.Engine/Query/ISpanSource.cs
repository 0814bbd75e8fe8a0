using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query;

/// <summary>
/// Something that answers questions about stored spans. Thread safe. Every call runs at one snapshot: spans that arrive meanwhile are not seen.
/// Calls end with <see cref="OperationCanceledException"/> soon after the token is cancelled.
/// </summary>
public interface ISpanSource
{
    /// <summary>Finds traces. Bounded by the source's limits; a bound that was hit is said in <see cref="SearchResult.Truncated"/>.</summary>
    ValueTask<SearchResult> SearchAsync(SearchPlan plan, CancellationToken cancellationToken);

    /// <summary>
    /// Counts all matches of a search by time and duration. The plan's order, limit, totals and cursor mean nothing here. Bounded as a search is; a bound that was hit is said in
    /// <see cref="TraceDistribution.Truncated"/>.
    /// </summary>
    ValueTask<TraceDistribution> GetDistributionAsync(SearchPlan plan, DistributionRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// All matches of a search, counted by the values that their matching spans have under some keys. The plan's order, limit, cursor and wish for totals mean nothing. Elements of arrays are not
    /// counted. Bounded as a search is; a bound that was hit is said in <see cref="FacetCounts.Truncated"/>.
    /// </summary>
    ValueTask<FacetCounts> GetFacetsAsync(SearchPlan plan, FacetRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// The keys of attributes of spans and resources in the segments that have spans that start in [from, to). Bounded as a search is; a bound that was hit is said in
    /// <see cref="AttributeKeys.Truncated"/>.
    /// </summary>
    ValueTask<AttributeKeys> GetKeysAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);

    /// <summary>All spans of a trace, duplicates collapsed; null when there are none. What a limit or damage left out is said in <see cref="TraceView.Truncated"/>.</summary>
    ValueTask<TraceView?> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken);

    /// <summary>The part of a trace that is worth drawing; null when there is no such trace. Windows of one trace after another are cheap: a large trace that was read stays in memory for a while.</summary>
    ValueTask<TracePart?> GetTracePartAsync(TraceId traceId, TracePartRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// The spans of other traces that start in [from, to) and link to a span of this trace, the newest traces first; null when there is no such trace. At most <paramref name="limit"/> links, hence traces that
    /// are read. Bounded as a search is.
    /// </summary>
    ValueTask<LinkedSpans?> GetLinksToAsync(TraceId traceId, ulong? fromUnixNano, ulong? toUnixNano, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// The shapes of the traces that are there, in the order of the ids, each once. A trace of more than <paramref name="maxSpans"/> spans has none. What a limit or damage left out is said in
    /// <see cref="TraceShapes.Truncated"/>.
    /// </summary>
    ValueTask<TraceShapes> GetShapesAsync(IReadOnlyList<TraceId> traceIds, int maxSpans, CancellationToken cancellationToken);

    /// <summary>Services with spans that start in [from, to), by name. A span that lies in several places is counted in each until compaction has brought them together; so in the next.</summary>
    ValueTask<IReadOnlyList<ServiceStat>> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);

    /// <summary>Operations of the given services (all when empty) with spans that start in [from, to), by service, name and kind.</summary>
    ValueTask<IReadOnlyList<OperationStat>> GetOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);

    /// <summary>
    /// Rate, errors and quantiles of durations by operation, of the given services (all when empty), over spans that start in [from, to). A span that lies in several places is counted in
    /// each until compaction has brought them together; so in the two below.
    /// </summary>
    ValueTask<RedOperations> GetRedOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);

    /// <summary>Spans and errors by service (the given ones, all when empty) and step of time, over spans that start in [from, to). At most <see cref="MaxSteps"/> steps.</summary>
    ValueTask<RedSeries> GetRedSeriesAsync(IReadOnlyCollection<string> services, ulong fromUnixNano, ulong toUnixNano, ulong stepNano, CancellationToken cancellationToken);

    /// <summary>Which services call which: spans that start in [from, to) and whose parent is a span of another service that lies in the same place.</summary>
    ValueTask<Dependencies> GetDependenciesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);

    /// <summary>
    /// Spans, errors and durations by step of time of the operations with the given names, of the given services (all when empty), over spans that start in [from, to). At most
    /// <see cref="MaxSteps"/> steps. Every span of the range is looked at; so in the next.
    /// </summary>
    ValueTask<OperationSeries> GetOperationSeriesAsync(
        IReadOnlyCollection<string> services, IReadOnlyCollection<string> names, ulong fromUnixNano, ulong toUnixNano, ulong stepNano, CancellationToken cancellationToken);

    /// <summary>What <see cref="GetDependenciesAsync"/> counts, with how long the called spans took.</summary>
    ValueTask<CallLatencies> GetCallLatenciesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);

    /// <summary>Steps that one series may have.</summary>
    const int MaxSteps = 10_000;
}
