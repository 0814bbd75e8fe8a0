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

    /// <summary>All spans of a trace, duplicates collapsed; null when there are none.</summary>
    ValueTask<TraceView?> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken);

    /// <summary>Services with spans that start in [from, to), by name.</summary>
    ValueTask<IReadOnlyList<ServiceStat>> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);

    /// <summary>Operations of the given services (all when empty) with spans that start in [from, to), by service, name and kind.</summary>
    ValueTask<IReadOnlyList<OperationStat>> GetOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken);
}
