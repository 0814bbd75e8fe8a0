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

    /// <summary>Counts a span of a bucket; answers how many bytes its memory grew by.</summary>
    public long Add(int bucket)
    {
        var place = bucket - First;
        if ((uint)place < (uint)_counts.Length)
        {
            _counts[place]++;
            return 0;
        }
        return Grow(bucket);
    }

    private long Grow(int bucket)
    {
        var before = _counts.Length;
        var (first, end) = before == 0 ? (bucket, bucket + 1) : (Math.Min(First, bucket), Math.Max(First + before, bucket + 1));
        // Room on both sides: durations of one operation lie close together.
        var slack = before == 0 ? 0 : (end - first) / 4;
        (first, end) = (Math.Max(0, first - slack), Math.Min(DurationBuckets.Count, end + slack));
        var counts = new long[end - first];
        _counts.CopyTo(counts, before == 0 ? 0 : First - first);
        (_counts, First) = (counts, first);
        _counts[bucket - first]++;
        return (counts.Length - before) * sizeof(long);
    }
}
