namespace Throughline.Engine.Metrics;

/// <summary>What the points of a series are; the numbers are the block format's (docs/format/metrics.md).</summary>
public enum MetricKind : byte
{
    /// <summary>A value at a moment.</summary>
    Gauge = 1,
    /// <summary>A sum of increments.</summary>
    Sum = 2,
    /// <summary>Counts by bucket, with bounds that the sender chose.</summary>
    Histogram = 3,
    /// <summary>Counts by bucket, with bounds that grow by a factor.</summary>
    ExponentialHistogram = 4,
    /// <summary>Quantiles that the sender worked out.</summary>
    Summary = 5,
}

/// <summary>What else has to be known to read the points of a series; the numbers are the block format's.</summary>
[Flags]
public enum MetricTraits : byte
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>A point tells what came since the one before (OTLP's delta temporality); else since the start.</summary>
    Delta = 1,
    /// <summary>A sum only grows.</summary>
    Monotonic = 2,
}
