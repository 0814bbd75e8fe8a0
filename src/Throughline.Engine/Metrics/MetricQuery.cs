namespace Throughline.Engine.Metrics;

/// <summary>How the points of a step become one value, and what a point is worth.</summary>
public enum MetricAggregation
{
    /// <summary>Sums that only grow and distributions as <see cref="Rate"/>, all else as it is (<see cref="Last"/> in steps).</summary>
    Auto,
    /// <summary>The latest value.</summary>
    Last,
    /// <summary>The mean of the values; of distributions, of what they counted.</summary>
    Avg,
    /// <summary>The smallest value.</summary>
    Min,
    /// <summary>The largest value.</summary>
    Max,
    /// <summary>The values together.</summary>
    Sum,
    /// <summary>What a sum grew by in each second that its points tell of; of distributions, their count.</summary>
    Rate,
    /// <summary>What it grew by.</summary>
    Increase,
    /// <summary>A quantile of what distributions counted.</summary>
    Quantile,
}

/// <summary>A question for values of metrics. Immutable.</summary>
public sealed record MetricRangeQuery
{
    /// <summary>Steps that one series may be asked for.</summary>
    public const int MaxSteps = 10_000;

    /// <summary>Names of metrics.</summary>
    public required IReadOnlyCollection<string> Names { get; init; }

    /// <summary>Services whose metrics; all when empty.</summary>
    public IReadOnlyCollection<string> Services { get; init; } = [];

    /// <summary>Attributes of points or resources that the series have to have.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Where { get; init; } = [];

    /// <summary>From when on, Unix nanoseconds.</summary>
    public required ulong FromUnixNano { get; init; }

    /// <summary>To before when.</summary>
    public required ulong ToUnixNano { get; init; }

    /// <summary>Length of a step; 0 for the points as they are.</summary>
    public ulong StepNano { get; init; }

    /// <summary>Number of steps, the last one perhaps shorter; 0 for the points as they are, and where the range is empty.</summary>
    internal ulong Steps => StepNano == 0 || ToUnixNano <= FromUnixNano ? 0 : ((ToUnixNano - FromUnixNano - 1) / StepNano) + 1;

    /// <summary>What becomes of the points.</summary>
    public MetricAggregation Aggregation { get; init; }

    /// <summary>From 0 to 1, for <see cref="MetricAggregation.Quantile"/>.</summary>
    public double Quantile { get; init; }

    /// <summary>Series that are answered at most.</summary>
    public int MaxSeries { get; init; } = 500;

    /// <summary>Points that are read at most.</summary>
    public int MaxPoints { get; init; } = 5_000_000;
}

/// <summary>One metric of a service: all series of its name, unit and kind. Immutable.</summary>
/// <param name="Points">Points in the segments that were looked at, near enough to tell much from little.</param>
public sealed record MetricInfo(string Service, string Name, string Unit, string Description, MetricKind Kind, MetricTraits Traits, int Series, long Points, ulong FirstUnixNano, ulong LastUnixNano);

/// <summary>The metrics that there are, by service and name. Immutable.</summary>
/// <param name="Truncated">Why not all were looked at; null when they were.</param>
public sealed record MetricList(IReadOnlyList<MetricInfo> Metrics, string? Truncated);

/// <summary>
/// The values of one series. Immutable. As steps: <see cref="Values"/> has one for each step, NaN where there is none, and the times are empty. As points: value i holds from
/// <see cref="SinceUnixNano"/>[i], 0 where it is of one moment, to <see cref="TimeUnixNano"/>[i].
/// </summary>
public sealed record MetricValues(MetricIdentity Identity, double[] Values, ulong[] TimeUnixNano, ulong[] SinceUnixNano);

/// <summary>The series that were asked for, in the order of their keys. Immutable.</summary>
/// <param name="FirstUnixNano">Where the first step begins.</param>
/// <param name="Steps">Number of steps; 0 for points.</param>
/// <param name="Truncated">Why not all were read; null when they were.</param>
public sealed record MetricRange(ulong FirstUnixNano, ulong StepNano, int Steps, IReadOnlyList<MetricValues> Series, string? Truncated);
