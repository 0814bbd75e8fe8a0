using CsCheck;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Execution;

namespace Throughline.Tests.Query;

/// <summary>Durations that segments have summed up, in any order, and spans that are counted one by one make one histogram for each operation.</summary>
public sealed class OperationDurationsTests
{
    private const string Seed = "0000QsDu7rXk2";
    private const int Operations = 5;

    private static readonly Gen<(int Operation, int Bucket, long Spans)[]> Stored = Gen.Select(Gen.Int[0, Operations - 1], Gen.Int[0, DurationBuckets.Count - 1], Gen.Long[1, 50]).Array[0, 20];

    [Fact]
    public void QuantilesAreThoseOfAllSpans() => Gen.Select(Stored.Array[0, 3], Gen.Int[-1, 3].Array[Operations].Array[3], Gen.Select(Gen.Int[0, 3], Gen.Int[0, DurationBuckets.Count - 1]).Array[0, 30]).Sample((segments, places, counted) =>
    {
        var durations = new OperationDurations(4, SegmentsUnderTest.Bounds());
        var expected = new List<(int Place, int Bucket)>();
        for (var s = 0; s < segments.Length; s++)
        {
            foreach (var (operation, bucket, spans) in segments[s])
            {
                if (places[s][operation] >= 0) expected.AddRange(Enumerable.Repeat((places[s][operation], bucket), (int)spans));
            }
            durations.Add(new SegmentSummaries(Operations, [.. segments[s]], [], []), places[s]);
        }
        foreach (var (place, bucket) in counted)
        {
            durations.Count(place, bucket);
            expected.Add((place, bucket));
        }
        for (var place = 0; place < 4; place++)
        {
            int[] buckets = [.. expected.Where(e => e.Place == place).Select(e => e.Bucket).Order()];
            ulong Rank(int percent) => buckets.Length == 0 ? 0 : DurationBuckets.Middle(buckets[Math.Max(0, ((buckets.Length * percent + 99) / 100) - 1)]);
            var total = buckets.Aggregate(UInt128.Zero, static (sum, bucket) => sum + DurationBuckets.Middle(bucket));
            Assert.Equal((Rank(50), Rank(95), Rank(99), total > ulong.MaxValue ? ulong.MaxValue : (ulong)total), durations.Quantiles(place));
        }
    }, seed: Seed, iter: 500);

    [Theory]
    [InlineData(2, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, DurationBuckets.Count)]
    [InlineData(0, -1)]
    public void SummariesOfWhatIsNotThereAreRefused(int operation, int bucket) =>
        Assert.Throws<InvalidDataException>(() => new SegmentSummaries(2, [(operation, bucket, 1)], [], []));
}
