namespace Throughline.Server.SelfTelemetry;

/// <summary>The bounds of the histograms of durations at /metrics, in seconds: OpenTelemetry's own of HTTP, thinned, and carried on to the minutes that AI pipelines wait. Immutable.</summary>
public static class RedBuckets
{
    private static readonly ulong[] BoundsNano =
    [
        5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000, 300_000_000_000,
    ];

    /// <summary>Buckets, the one without an upper bound among them.</summary>
    public static int Count => BoundsNano.Length + 1;

    /// <summary>The upper bound of a bucket in seconds, which belongs to it; infinity of the last.</summary>
    public static double UpperSeconds(int bucket) => bucket < BoundsNano.Length ? BoundsNano[bucket] / 1e9 : double.PositiveInfinity;

    /// <summary>The bucket of a duration.</summary>
    public static int Of(ulong nano)
    {
        var bucket = 0;
        while (bucket < BoundsNano.Length && nano > BoundsNano[bucket]) bucket++;
        return bucket;
    }
}
