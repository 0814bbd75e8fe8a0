namespace Throughline.Engine.Metrics;

/// <summary>
/// Counts of values by the ranges that distributions put them in, added up over points: for quantiles of histograms of either form. Within a range values are taken as spread evenly, or by equal factors where
/// the bounds grow by a factor. One owner; not thread safe.
/// </summary>
internal sealed class BucketRanges
{
    private readonly SortedDictionary<(double Upper, double Lower), (double Count, bool IsExponential)> _ranges = [];
    private double _total;
    private double _sum;

    /// <summary>Values that were counted.</summary>
    public double Total => _total;

    /// <summary>The values together; NaN when a sender did not say.</summary>
    public double Sum => _sum;

    public void Clear()
    {
        _ranges.Clear();
        (_total, _sum) = (0, 0);
    }

    /// <summary>
    /// Adds what came between two points of a series: all of the later where <paramref name="before"/> is null, or where it cannot be the same count going on.
    /// </summary>
    public void Add(Distribution? before, Distribution now, MetricKind kind)
    {
        if (before is not null)
        {
            var (earlier, same) = Alike(before, now, kind);
            if (IsGrown(earlier, same))
            {
                foreach (var (range, count) in same) Add(range, count - earlier.GetValueOrDefault(range), kind);
                _sum += now.Sum - before.Sum;
                return;
            }
        }
        foreach (var (range, count) in Of(now, kind, now.Scale, now.ZeroThreshold)) Add(range, count, kind);
        _sum += now.Sum;
    }

    /// <summary>Whether the later point cannot be the earlier one gone on: a range is not there, or has less.</summary>
    internal static bool IsReset(Distribution before, Distribution now, MetricKind kind)
    {
        var (earlier, later) = Alike(before, now, kind);
        return !IsGrown(earlier, later);
    }

    /// <summary>Two points by the same ranges: the coarser scale of the two, and the wider zero, into which buckets may have gone meanwhile.</summary>
    private static (Dictionary<(double Upper, double Lower), double> Before, Dictionary<(double Upper, double Lower), double> Now) Alike(Distribution before, Distribution now, MetricKind kind)
    {
        var (scale, zero) = (Math.Min(before.Scale, now.Scale), Math.Max(before.ZeroThreshold, now.ZeroThreshold));
        return (Of(before, kind, scale, zero), Of(now, kind, scale, zero));
    }

    /// <summary>The value below which a share of those counted lie; NaN without any.</summary>
    public double Quantile(double share)
    {
        if (_total <= 0) return double.NaN;
        var rank = Math.Clamp(share, 0, 1) * _total;
        var below = 0.0;
        var last = double.NaN;
        foreach (var ((upper, lower), (count, isExponential)) in _ranges)
        {
            if (count <= 0) continue;
            last = Inside(lower, upper, below + count >= rank ? (rank - below) / count : 1, isExponential);
            if (below + count >= rank) return last;
            below += count;
        }
        return last;
    }

    private static double Inside(double lower, double upper, double share, bool isExponential)
    {
        if (double.IsInfinity(upper)) return lower;
        if (double.IsInfinity(lower)) return upper;
        if (isExponential && lower > 0) return lower * Math.Pow(upper / lower, share);
        if (isExponential && upper < 0) return upper * Math.Pow(lower / upper, 1 - share);
        return lower + ((upper - lower) * share);
    }

    private void Add((double Upper, double Lower) range, double count, MetricKind kind)
    {
        if (count <= 0) return;
        _total += count;
        _ranges[range] = (_ranges.GetValueOrDefault(range).Count + count, kind == MetricKind.ExponentialHistogram);
    }

    private static bool IsGrown(Dictionary<(double, double), double> earlier, Dictionary<(double, double), double> later)
    {
        foreach (var (range, count) in earlier)
        {
            if (count > later.GetValueOrDefault(range)) return false;
        }
        return true;
    }

    private static Dictionary<(double Upper, double Lower), double> Of(Distribution distribution, MetricKind kind, int scale, double zero)
    {
        var ranges = new Dictionary<(double, double), double>();
        if (kind == MetricKind.Histogram)
        {
            for (var i = 0; i < distribution.Counts.Length; i++) Count(ranges, Explicit(distribution.Bounds, i), distribution.Counts[i]);
            return ranges;
        }
        if (kind != MetricKind.ExponentialHistogram) return ranges;
        Count(ranges, (zero, -zero), distribution.ZeroCount);
        for (var i = 0; i < distribution.Counts.Length; i++)
        {
            var (lower, upper) = Powers((distribution.PositiveOffset + (long)i) >> (distribution.Scale - scale), scale);
            Count(ranges, upper <= zero ? (zero, -zero) : (upper, lower), distribution.Counts[i]);
        }
        for (var i = 0; i < distribution.NegativeCounts.Length; i++)
        {
            var (lower, upper) = Powers((distribution.NegativeOffset + (long)i) >> (distribution.Scale - scale), scale);
            Count(ranges, upper <= zero ? (zero, -zero) : (-lower, -upper), distribution.NegativeCounts[i]);
        }
        return ranges;
    }

    private static void Count(Dictionary<(double, double), double> ranges, (double Upper, double Lower) range, ulong count)
    {
        if (count > 0) ranges[range] = ranges.GetValueOrDefault(range) + count;
    }

    private static (double Upper, double Lower) Explicit(double[] bounds, int bucket)
    {
        if (bounds.Length == 0) return (double.PositiveInfinity, double.NegativeInfinity);
        var upper = bucket < bounds.Length ? bounds[bucket] : double.PositiveInfinity;
        // What is measured is seldom below 0: the first bucket begins there, as Prometheus takes it, unless its bound says otherwise.
        var lower = bucket > 0 ? bounds[bucket - 1] : upper > 0 ? 0 : double.NegativeInfinity;
        return (upper, lower);
    }

    /// <summary>The bounds of a bucket of an exponential histogram.</summary>
    private static (double Lower, double Upper) Powers(long index, int scale)
    {
        var step = Math.Pow(2, -scale);
        return (Math.Pow(2, index * step), Math.Pow(2, (index + 1) * step));
    }
}
