using Throughline.Engine.Model;

namespace Throughline.Engine.Query.Execution;

/// <summary>Spans by duration bucket. Holds memory for the buckets from the smallest to the largest that it has seen. Not thread safe.</summary>
internal sealed class DurationHistogram
{
    private long[] _counts = [];
    private int _first;
    private long _total;

    /// <summary>Counts spans of a bucket; answers how many bytes its memory grew by.</summary>
    public long Add(int bucket, long spans)
    {
        _total += spans;
        var place = bucket - _first;
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
        var (first, end) = before == 0 ? (bucket, bucket + 1) : (Math.Min(_first, bucket), Math.Max(_first + before, bucket + 1));
        // Room on both sides: durations of one operation lie close together.
        var slack = before == 0 ? 0 : (end - first) / 4;
        (first, end) = (Math.Max(0, first - slack), Math.Min(DurationBuckets.Count, end + slack));
        var counts = new long[end - first];
        _counts.CopyTo(counts, before == 0 ? 0 : _first - first);
        (_counts, _first) = (counts, first);
        _counts[bucket - first] += spans;
        return (counts.Length - before) * sizeof(long);
    }

    /// <summary>The duration that has the rank of a quantile (nearest rank: the smallest that at least this share of the spans does not exceed), as the middle of its bucket.</summary>
    public ulong Quantile(double quantile)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(quantile * _total));
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank) return DurationBuckets.Middle(_first + i);
        }
        return 0;
    }
}
