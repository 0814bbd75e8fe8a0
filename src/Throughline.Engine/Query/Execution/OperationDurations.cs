using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Durations of a book's operations over several segments. What segments have summed up stays where it lies, and is added up one operation after another: however many operations there are, one
/// histogram is filled at a time. Spans that had to be counted have histograms of their own. Not thread safe.
/// </summary>
internal sealed class OperationDurations(int operations, QueryBounds bounds)
{
    private readonly List<Summed> _summed = [];
    private readonly long[] _buckets = new long[DurationBuckets.Count];
    private DurationHistogram?[]? _counted;

    /// <summary>A segment's durations by operation, and its operations by their place in the book: those of place i are [First[i], First[i + 1]) of <see cref="Ordered"/>.</summary>
    private readonly record struct Summed(SegmentSummaries Summaries, int[] First, int[] Ordered);

    /// <summary>Adds what a segment has summed up; <paramref name="places"/> are those of its operations, -1 for those that do not count.</summary>
    public void Add(SegmentSummaries summaries, int[] places)
    {
        bounds.Charge(4L * (operations + 1 + places.Length));
        var (first, ordered) = (new int[operations + 1], new int[places.Length]);
        foreach (var place in places)
        {
            if (place >= 0) first[place + 1]++;
        }
        for (var i = 0; i < operations; i++) first[i + 1] += first[i];
        var next = first.AsSpan(0, operations).ToArray();
        for (var operation = 0; operation < places.Length; operation++)
        {
            if (places[operation] >= 0) ordered[next[places[operation]]++] = operation;
        }
        _summed.Add(new Summed(summaries, first, ordered));
    }

    /// <summary>Counts spans of an operation in a bucket; answers how many bytes its memory grew by.</summary>
    public long Count(int operation, int bucket, long spans = 1) => ((_counted ??= new DurationHistogram?[operations])[operation] ??= new DurationHistogram()).Add(bucket, spans);

    /// <summary>
    /// The durations of three ranks of an operation's spans (nearest rank: the smallest that at least this share of the spans does not exceed), as the middles of their buckets,
    /// and the sum of all, in the same way.
    /// </summary>
    public (ulong P50, ulong P95, ulong P99, ulong Total) Quantiles(int operation)
    {
        var range = (First: DurationBuckets.Count, End: 0);
        foreach (var summed in _summed)
        {
            for (var i = summed.First[operation]; i < summed.First[operation + 1]; i++)
            {
                foreach (var (_, bucket, spans) in summed.Summaries.DurationsOf(summed.Ordered[i]))
                {
                    _buckets[bucket] += spans;
                    range = (Math.Min(range.First, bucket), Math.Max(range.End, bucket + 1));
                }
            }
        }
        if (_counted?[operation] is { } histogram)
        {
            var counts = histogram.Counts;
            for (var i = 0; i < counts.Length; i++) _buckets[histogram.First + i] += counts[i];
            range = (Math.Min(range.First, histogram.First), Math.Max(range.End, histogram.First + counts.Length));
        }
        return range.First < range.End ? Take(_buckets.AsSpan(range.First..range.End), range.First) : default;
    }

    /// <summary>Reads the ranks and the sum, and empties the buckets.</summary>
    private static (ulong P50, ulong P95, ulong P99, ulong Total) Take(Span<long> counts, int firstBucket)
    {
        var total = 0L;
        var sum = UInt128.Zero;
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            sum += (UInt128)(ulong)counts[i] * DurationBuckets.Middle(firstBucket + i);
        }
        ulong Rank(Span<long> from, double quantile) => DurationHistogram.Ranked(from, firstBucket, quantile, total);
        var result = (Rank(counts, 0.5), Rank(counts, 0.95), Rank(counts, 0.99), sum > ulong.MaxValue ? ulong.MaxValue : (ulong)sum);
        counts.Clear();
        return result;
    }
}
