using System.Numerics;

namespace Throughline.Engine.Model;

/// <summary>
/// Buckets of durations in nanoseconds, each at most 1/32 (3.2 %) wide, so that quantiles of many spans can be told from counts (docs/format/block.md, "Summaries").
/// </summary>
internal static class DurationBuckets
{
    private const int Bits = 5;

    /// <summary>Number of buckets.</summary>
    public const int Count = (64 - Bits) * (1 << Bits) + (1 << Bits);

    /// <summary>The bucket of a duration.</summary>
    public static int Of(ulong duration)
    {
        if (duration < 1 << Bits) return (int)duration;
        var shift = 63 - BitOperations.LeadingZeroCount(duration) - Bits;
        return ((shift + 1) << Bits) + (int)((duration >> shift) & ((1 << Bits) - 1));
    }

    /// <summary>The middle of a bucket, which is no further than 1.6 % from any duration in it.</summary>
    public static ulong Middle(int bucket)
    {
        if (bucket < 1 << (Bits + 1)) return (ulong)bucket;
        var shift = (bucket >> Bits) - 1;
        var low = ((1ul << Bits) + ((ulong)bucket & ((1 << Bits) - 1))) << shift;
        return low + ((1ul << shift) >> 1);
    }
}
