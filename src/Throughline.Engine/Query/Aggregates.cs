namespace Throughline.Engine.Query;

/// <summary>
/// Rate, errors and durations of an operation: service, span name and kind (OTLP's number). Quantiles are the middles of buckets that are at most 1/32 wide: no further than
/// 1.6 % from the duration of the span that has the rank. The total is the sum of all durations, as near to it.
/// </summary>
public sealed record RedOperation(string Service, string Name, int Kind, long Spans, long Errors, ulong P50Nano, ulong P95Nano, ulong P99Nano, ulong TotalNano);

/// <summary>Operations by service, name and kind.</summary>
/// <param name="Truncated">Why not all spans were counted; null when they were.</param>
public sealed record RedOperations(IReadOnlyList<RedOperation> Operations, Truncation? Truncated)
{
    /// <summary>Whether spans were counted that say they stand for more than themselves, since they were sampled: the figures are estimates.</summary>
    public bool IsEstimated { get; init; }
}

/// <summary>Spans and errors of a service by step.</summary>
public sealed record ServiceSeries(string Service, long[] Spans, long[] Errors);

/// <summary>Spans and errors by step of time. Steps begin at multiples of their length; of the first and the last only what lies in the asked range is counted.</summary>
/// <param name="FirstUnixNano">Where the first step begins.</param>
/// <param name="StepNano">Length of a step.</param>
/// <param name="Steps">Number of steps.</param>
/// <param name="Services">By service; those without spans are left out.</param>
/// <param name="Truncated">Why not all spans were counted; null when they were.</param>
public sealed record RedSeries(ulong FirstUnixNano, ulong StepNano, int Steps, IReadOnlyList<ServiceSeries> Services, Truncation? Truncated)
{
    /// <summary>Whether spans were counted that say they stand for more than themselves, since they were sampled: the figures are estimates.</summary>
    public bool IsEstimated { get; init; }
}

/// <summary>Spans of one service whose parent is a span of another.</summary>
public sealed record DependencyEdge(string Parent, string Child, long Calls, long Errors);

/// <summary>Who calls whom, by parent and child.</summary>
/// <param name="Truncated">Why not all spans were counted; null when they were.</param>
public sealed record Dependencies(IReadOnlyList<DependencyEdge> Edges, Truncation? Truncated)
{
    /// <summary>Whether spans were counted that say they stand for more than themselves, since they were sampled: the figures are estimates.</summary>
    public bool IsEstimated { get; init; }
}
