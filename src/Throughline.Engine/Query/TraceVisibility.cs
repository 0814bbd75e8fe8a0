using Throughline.Engine.Model;

namespace Throughline.Engine.Query;

/// <summary>
/// Which traces retention shows: those that start at a moment or later, and pinned ones. A trace's start is that of its earliest span, wherever that lies. Immutable.
/// </summary>
/// <param name="HiddenBeforeUnixNano">Traces that start before it are hidden; 0 hides none.</param>
/// <param name="Pinned">Traces that are shown whenever they start.</param>
internal sealed record TraceVisibility(ulong HiddenBeforeUnixNano, IReadOnlySet<TraceId> Pinned)
{
    /// <summary>Hides nothing.</summary>
    public static TraceVisibility Everything { get; } = new(0, new HashSet<TraceId>());

    /// <summary>True when queries leave the trace out, and compaction drops it.</summary>
    public bool Hides(TraceId id, ulong traceStartUnixNano) => traceStartUnixNano < HiddenBeforeUnixNano && !Pinned.Contains(id);
}
