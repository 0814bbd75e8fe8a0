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
        var samples = new List<Sample>(points.Count);
        for (var i = 0; i < points.Count; i++)
        {
            if (points.Time[i] < query.FromUnixNano || points.Time[i] >= query.ToUnixNano) continue;
            if (SampleOf(identity, points, i, aggregation) is { } sample) samples.Add(sample);
        }
        if (samples.Count == 0) return null;
        return query.StepNano == 0 ? Points(identity, samples, aggregation) : InSteps(identity, samples, aggregation);
    }

    private Sample? SampleOf(MetricIdentity identity, SeriesPoints points, int i, MetricAggregation aggregation)
    {
        var value = points.Value[i];
        // Also the mark of a series that has ended: there is no value until the next point.
        if (double.IsNaN(value)) return null;
        var (before, now) = identity.HasDistributions
            ? (i > 0 && !double.IsNaN(points.Value[i - 1]) ? Distribution.Read(points.Distribution[i - 1].Span, identity.Kind) : null, Distribution.Read(points.Distribution[i].Span, identity.Kind))
            : (null, null);
        if (aggregation is not (MetricAggregation.Rate or MetricAggregation.Increase) && now is null) return new Sample(points.Time[i], 0, value, 0, null, null);

        var isDelta = identity.Traits.HasFlag(MetricTraits.Delta);
        var hasBefore = i > 0 && !double.IsNaN(points.Value[i - 1]);
        if (isDelta)
        {
            var start = points.Start[i] > 0 && points.Start[i] < points.Time[i] ? points.Start[i] : hasBefore ? points.Time[i - 1] : 0;
            return new Sample(points.Time[i], start, value, start == 0 ? 0 : points.Time[i] - start, null, now);
        }
        if (!hasBefore) return First(points, i, value, now);
        var (start0, start1) = (points.Start[i - 1], points.Start[i]);
        var isMonotonic = identity.Traits.HasFlag(MetricTraits.Monotonic) || now is not null;
        var isReset = isMonotonic && ((start0 > 0 && start1 > 0 && start0 != start1) || value < points.Value[i - 1] || (before is not null && now is not null && BucketRanges.IsReset(before, now, identity.Kind)));
        // A count that began anew has grown by all of what it says, since it began.
        if (isReset) return new Sample(points.Time[i], Math.Max(start1 < points.Time[i] ? start1 : 0, points.Time[i - 1]), value, points.Time[i] - Math.Max(start1 < points.Time[i] ? start1 : 0, points.Time[i - 1]), null, now);
        return new Sample(points.Time[i], points.Time[i - 1], value - points.Value[i - 1], points.Time[i] - points.Time[i - 1], before, now);
    }

    /// <summary>The first point that is known of a cumulative series: what it counts began at its start, if that is told and lies in what was asked for; else nobody can say how fast it came.</summary>
    private Sample? First(SeriesPoints points, int i, double value, Distribution? now)
    {
        var start = points.Start[i];
        return start >= query.FromUnixNano && start < points.Time[i] ? new Sample(points.Time[i], start, value, points.Time[i] - start, null, now) : null;
    }

    private MetricValues Points(MetricIdentity identity, List<Sample> samples, MetricAggregation aggregation)
    {
        var values = new double[samples.Count];
        for (var i = 0; i < values.Length; i++) values[i] = ValueOf(identity, CollectionsMarshal.AsSpan(samples).Slice(i, 1), aggregation);
        return new MetricValues(identity, values, [.. samples.Select(static s => s.Time)], [.. samples.Select(static s => s.Since)]);
    }

    private MetricValues InSteps(MetricIdentity identity, List<Sample> samples, MetricAggregation aggregation)
    {
        var steps = new double[(int)((query.ToUnixNano - query.FromUnixNano + query.StepNano - 1) / query.StepNano)];
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
        return aggregation == MetricAggregation.Quantile ? _ranges.Quantile(query.Quantile) : Reduced(aggregation, _ranges.Sum, total, _ranges.Quantile(0), _ranges.Quantile(1));
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
