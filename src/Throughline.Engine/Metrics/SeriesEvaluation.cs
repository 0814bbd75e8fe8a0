using System.Runtime.InteropServices;

namespace Throughline.Engine.Metrics;

/// <summary>Turns the points of a series into what was asked for. One owner; not thread safe.</summary>
internal sealed class SeriesEvaluation(MetricRangeQuery query)
{
    private readonly BucketRanges _ranges = new();

    /// <summary>
    /// The values of a series whose points are in the order of their times and begin, where there are such, before the range: a rate needs two. Null when the range has none.
    /// </summary>
    public MetricValues? Evaluate(MetricIdentity identity, SeriesPoints points)
    {
        var aggregation = query.Aggregation;
        var grows = identity.Traits.HasFlag(MetricTraits.Monotonic) || identity.HasDistributions;
        if (aggregation == MetricAggregation.Auto) aggregation = grows ? MetricAggregation.Rate : MetricAggregation.Last;
        var samples = new List<Sample>();
        // The last point that has a value: one without (not a number, or the end of a series) says nothing of what was counted before it.
        var known = -1;
        for (var i = 0; i < points.Count; i++)
        {
            if (points.Time[i] >= query.FromUnixNano && points.Time[i] < query.ToUnixNano && SampleOf(identity, points, known, i, aggregation) is { } sample) samples.Add(sample);
            if (!double.IsNaN(points.Value[i])) known = i;
        }
        if (samples.Count == 0) return null;
        return query.StepNano == 0 ? Points(identity, samples, aggregation) : InSteps(identity, samples, aggregation);
    }

    /// <summary>What a point is worth; <paramref name="known"/> is the last one before it that has a value, or -1.</summary>
    private Sample? SampleOf(MetricIdentity identity, SeriesPoints points, int known, int i, MetricAggregation aggregation)
    {
        var value = points.Value[i];
        // Also the mark of a series that has ended: there is no value until the next point.
        if (double.IsNaN(value)) return null;
        var now = identity.HasDistributions ? Distribution.Read(points.Distribution[i].Span, identity.Kind) : null;
        if (aggregation is not (MetricAggregation.Rate or MetricAggregation.Increase) && now is null) return new Sample(points.Time[i], 0, value, 0, null, null);

        var (time, start) = (points.Time[i], points.Start[i]);
        if (identity.Traits.HasFlag(MetricTraits.Delta))
        {
            var since = start > 0 && start < time ? start : known >= 0 ? points.Time[known] : 0;
            return new Sample(time, since, value, since == 0 ? 0 : time - since, null, now);
        }
        if (known < 0) return First(identity, points, i, value, now);
        var last = points.Time[known];
        var before = identity.HasDistributions ? Distribution.Read(points.Distribution[known].Span, identity.Kind) : null;
        var isMonotonic = identity.Traits.HasFlag(MetricTraits.Monotonic) || now is not null;
        if (isMonotonic && IsReset(identity.Kind, points, known, i, before, now))
        {
            // A count that began anew has grown by all of what it says, since it began.
            var since = Math.Max(start < time ? start : 0, last);
            return new Sample(time, since, value, time - since, null, now);
        }
        return new Sample(time, last, value - points.Value[known], time - last, before, now);
    }

    /// <summary>
    /// Whether a count began anew between two points: it is smaller, or it says that it began behind the earlier point. A start that merely moves, as clocks that are set make it, is no new count.
    /// </summary>
    private static bool IsReset(MetricKind kind, SeriesPoints points, int before, int i, Distribution? earlier, Distribution? now)
    {
        var (start0, start1) = (points.Start[before], points.Start[i]);
        if (points.Value[i] < points.Value[before] || (start0 > 0 && start1 > start0 && start1 >= points.Time[before])) return true;
        return earlier is not null && now is not null && BucketRanges.IsReset(earlier, now, kind);
    }

    /// <summary>
    /// The first point that is known of a cumulative series: what it counts began at its start, if that is told and lies in what was asked for; else nobody can say how fast it came. A gauge counts from
    /// nowhere, whatever start it tells.
    /// </summary>
    private Sample? First(MetricIdentity identity, SeriesPoints points, int i, double value, Distribution? now)
    {
        var start = points.Start[i];
        return identity.Kind != MetricKind.Gauge && start > 0 && start >= query.FromUnixNano && start < points.Time[i] ? new Sample(points.Time[i], start, value, points.Time[i] - start, null, now) : null;
    }

    private MetricValues Points(MetricIdentity identity, List<Sample> samples, MetricAggregation aggregation)
    {
        var values = new double[samples.Count];
        for (var i = 0; i < values.Length; i++) values[i] = ValueOf(identity, CollectionsMarshal.AsSpan(samples).Slice(i, 1), aggregation);
        return new MetricValues(identity, values, [.. samples.Select(static s => s.Time)], [.. samples.Select(static s => s.Since)]);
    }

    private MetricValues InSteps(MetricIdentity identity, List<Sample> samples, MetricAggregation aggregation)
    {
        var steps = new double[query.Steps];
        Array.Fill(steps, double.NaN);
        for (var i = 0; i < samples.Count;)
        {
            var step = (samples[i].Time - query.FromUnixNano) / query.StepNano;
            var end = i + 1;
            while (end < samples.Count && (samples[end].Time - query.FromUnixNano) / query.StepNano == step) end++;
            steps[(int)step] = ValueOf(identity, CollectionsMarshal.AsSpan(samples)[i..end], aggregation);
            i = end;
        }
        return new MetricValues(identity, steps, [], []);
    }

    private double ValueOf(MetricIdentity identity, ReadOnlySpan<Sample> samples, MetricAggregation aggregation)
    {
        if (aggregation is MetricAggregation.Rate or MetricAggregation.Increase)
        {
            var (grown, nanos) = (0.0, 0.0);
            foreach (var sample in samples) (grown, nanos) = (grown + sample.Value, nanos + sample.Nanos);
            return aggregation == MetricAggregation.Increase ? grown : nanos > 0 ? grown / (nanos / 1e9) : double.NaN;
        }
        return identity.HasDistributions ? OfDistributions(identity.Kind, samples, aggregation) : OfNumbers(samples, aggregation);
    }

    private static double OfNumbers(ReadOnlySpan<Sample> samples, MetricAggregation aggregation)
    {
        var (sum, min, max) = (0.0, double.PositiveInfinity, double.NegativeInfinity);
        foreach (var sample in samples) (sum, min, max) = (sum + sample.Value, Math.Min(min, sample.Value), Math.Max(max, sample.Value));
        return aggregation switch
        {
            MetricAggregation.Avg => sum / samples.Length,
            MetricAggregation.Min => min,
            MetricAggregation.Max => max,
            MetricAggregation.Sum => sum,
            MetricAggregation.Quantile => double.NaN,
            _ => samples[^1].Value,
        };
    }

    private double OfDistributions(MetricKind kind, ReadOnlySpan<Sample> samples, MetricAggregation aggregation)
    {
        if (kind == MetricKind.Summary && aggregation == MetricAggregation.Quantile)
        {
            // A sender's quantiles cannot be put together; the latest is what it says.
            foreach (var (quantile, value) in samples[^1].Now?.Quantiles ?? [])
            {
                if (Math.Abs(quantile - query.Quantile) < 1e-9) return value;
            }
            return double.NaN;
        }
        if (kind == MetricKind.Summary)
        {
            var (sum, count) = (0.0, 0.0);
            foreach (var sample in samples) (sum, count) = (sum + (sample.Now?.Sum ?? double.NaN) - (sample.Before?.Sum ?? 0), count + sample.Value);
            return Reduced(aggregation, sum, count, double.NaN, double.NaN);
        }
        _ranges.Clear();
        var total = 0.0;
        foreach (var sample in samples)
        {
            total += sample.Value;
            if (sample.Now is { } now) _ranges.Add(sample.Before, now, kind);
        }
        return aggregation switch
        {
            MetricAggregation.Quantile => _ranges.Quantile(query.Quantile),
            // What a point says of its smallest and largest holds for what it counts since the point before only where it began anew.
            MetricAggregation.Min => Extreme(samples, static d => d.Min, Math.Min) ?? _ranges.Quantile(0),
            MetricAggregation.Max => Extreme(samples, static d => d.Max, Math.Max) ?? _ranges.Quantile(1),
            _ => Reduced(aggregation, _ranges.Sum, total, double.NaN, double.NaN),
        };
    }

    /// <summary>The smallest or largest that the senders told; null where one did not, or told it of more than came since the point before.</summary>
    private static double? Extreme(ReadOnlySpan<Sample> samples, Func<Distribution, double> told, Func<double, double, double> join)
    {
        double? extreme = null;
        foreach (var sample in samples)
        {
            if (sample.Value == 0) continue;
            if (sample.Before is not null || sample.Now is not { } now || double.IsNaN(told(now))) return null;
            extreme = extreme is { } known ? join(known, told(now)) : told(now);
        }
        return extreme;
    }

    private static double Reduced(MetricAggregation aggregation, double sum, double count, double min, double max) => aggregation switch
    {
        MetricAggregation.Sum => sum,
        MetricAggregation.Min => min,
        MetricAggregation.Max => max,
        _ => count > 0 ? sum / count : double.NaN,
    };

    /// <summary>What one point is worth: a value, or what came since the point before, with the time that took.</summary>
    private readonly record struct Sample(ulong Time, ulong Since, double Value, double Nanos, Distribution? Before, Distribution? Now);
}
