using Throughline.Engine.Model;

namespace Throughline.Engine.Query.Execution;

/// <summary>Spans by duration bucket. Holds memory for the buckets from the smallest to the largest that it has seen. Not thread safe.</summary>
internal sealed class DurationHistogram
{
    private long[] _counts = [];

    /// <summary>The bucket of the first of <see cref="Counts"/>.</summary>
    public int First { get; private set; }

    /// <summary>Spans by bucket.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>All spans.</summary>
    public long Total
    {
        get
        {
            var total = 0L;
            foreach (var count in _counts) total += count;
            return total;
        }
    }

    /// <summary>The duration that has a rank (nearest rank), as the middle of its bucket; 0 without spans.</summary>
    public ulong Ranked(double quantile) => Ranked(_counts, First, quantile, Total);

    /// <summary>The duration that has a rank among counts by bucket, as the middle of its bucket; 0 without spans.</summary>
    public static ulong Ranked(ReadOnlySpan<long> counts, int firstBucket, double quantile, long total)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(quantile * total));
        var seen = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            seen += counts[i];
            if (seen >= rank) return DurationBuckets.Middle(firstBucket + i);
        }
        return 0;
    }

    /// <summary>Counts spans of a bucket; answers how many bytes its memory grew by.</summary>
    public long Add(int bucket, long spans = 1)
    {
        var place = bucket - First;
        if ((uint)place < (uint)_counts.Length)
        {
            _counts[place] += spans;
            return 0;
        }
        return Grow(bucket, spans);
    }

    private long Grow(int bucket, long spans)
    {
        var before = _counts.Length;
        var (first, end) = before == 0 ? (bucket, bucket + 1) : (Math.Min(First, bucket), Math.Max(First + before, bucket + 1));
        // Room on both sides: durations of one operation lie close together.
        var slack = before == 0 ? 0 : (end - first) / 4;
        (first, end) = (Math.Max(0, first - slack), Math.Min(DurationBuckets.Count, end + slack));
        var counts = new long[end - first];
        _counts.CopyTo(counts, before == 0 ? 0 : First - first);
        (_counts, First) = (counts, first);
        _counts[bucket - first] += spans;
        return (counts.Length - before) * sizeof(long);
    }
}
