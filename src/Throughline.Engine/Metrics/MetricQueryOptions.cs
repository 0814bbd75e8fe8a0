namespace Throughline.Engine.Metrics;

/// <summary>Limits of questions to the store of metrics. Immutable.</summary>
public sealed record MetricQueryOptions
{
    /// <summary>Questions that are answered at once; the others wait.</summary>
    public int MaxConcurrent { get; init; } = 8;

    /// <summary>Time that one may take; where it is over the answer has what was found, and says so.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Memory that one may take of its own, beside the caches; where it is hit the answer says so.</summary>
    public long MaxBytes { get; init; } = 128L << 20;
}
