namespace Throughline.Engine.Query;

/// <summary>
/// Spans, errors and durations of one operation by step of time. Quantiles are as near as those of <see cref="RedOperation"/>, and 0 in a step without spans.
/// </summary>
public sealed record OperationSteps(string Service, string Name, int Kind, long[] Spans, long[] Errors, ulong[] P50Nano, ulong[] P95Nano);

/// <summary>Operations by service, name and kind, each by step of time; those without spans are left out. Steps are as in <see cref="RedSeries"/>.</summary>
/// <param name="FirstUnixNano">Where the first step begins.</param>
/// <param name="StepNano">Length of a step.</param>
/// <param name="Steps">Number of steps.</param>
/// <param name="Truncated">Why not all spans were counted; null when they were.</param>
public sealed record OperationSeries(ulong FirstUnixNano, ulong StepNano, int Steps, IReadOnlyList<OperationSteps> Operations, Truncation? Truncated)
{
    /// <summary>Whether spans were counted that say they stand for more than themselves, since they were sampled: the figures are estimates.</summary>
    public bool IsEstimated { get; init; }
}

/// <summary>A <see cref="DependencyEdge"/> with how long the called spans took; quantiles are as near as those of <see cref="RedOperation"/>.</summary>
public sealed record CallLatency(string Parent, string Child, long Calls, long Errors, ulong P50Nano, ulong P95Nano);

/// <summary>Who calls whom and how long that takes, by parent and child.</summary>
/// <param name="Truncated">Why not all spans were counted; null when they were.</param>
public sealed record CallLatencies(IReadOnlyList<CallLatency> Edges, Truncation? Truncated)
{
    /// <summary>Whether spans were counted that say they stand for more than themselves, since they were sampled: the figures are estimates.</summary>
    public bool IsEstimated { get; init; }
}
