using System.Numerics;

namespace Throughline.Engine.Model;

/// <summary>
/// Buckets of durations in nanoseconds, 32 to each doubling: exact below 32, at most 3.2 % wide above (docs/format/block.md, "Summaries"). Histograms of blocks add up, and a quantile read
/// from them is off by less than a bucket.
/// </summary>
internal static class DurationBuckets
{
    private const int StepsLog2 = 5;
    private const int Steps = 1 << StepsLog2;

    /// <summary>Buckets from a duration to twice that. Below as many nanoseconds, each has its own.</summary>
    public const int PerDoubling = Steps;

    /// <summary>One more than the largest bucket.</summary>
    public const int Count = (64 - StepsLog2 + 1) * Steps;

    /// <summary>The bucket of a duration.</summary>
    public static int Of(ulong durationNano)
    {
        if (durationNano < Steps) return (int)durationNano;
        var exponent = 63 - BitOperations.LeadingZeroCount(durationNano);
        return Steps * (exponent - StepsLog2 + 1) + (int)((durationNano >> (exponent - StepsLog2)) & (Steps - 1));
    }

    /// <summary>The smallest duration of a bucket.</summary>
    public static ulong Lower(int bucket)
    {
        if (bucket < Steps) return (ulong)bucket;
        var exponent = bucket / Steps + StepsLog2 - 1;
        return (1UL << exponent) + ((ulong)(bucket % Steps) << (exponent - StepsLog2));
    }

    /// <summary>The largest duration of a bucket.</summary>
    public static ulong Upper(int bucket) => bucket == Count - 1 ? ulong.MaxValue : Lower(bucket + 1) - 1;

    /// <summary>The middle of a bucket, which is no further than 1.6 % from any duration in it.</summary>
    public static ulong Middle(int bucket) => Lower(bucket) + ((Upper(bucket) - Lower(bucket)) / 2);
}
