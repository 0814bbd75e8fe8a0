using Throughline.Engine.Metrics;
using Throughline.Tests.Protos;
using static Throughline.Tests.Metrics.MetricRequests;

namespace Throughline.Tests.Metrics;

/// <summary>What questions for metrics answer: points, steps, rates, quantiles.</summary>
public sealed class MetricRangeTests
{
    [Fact]
    public async Task AGaugeIsAnsweredAsItIs()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Gauge("depth", Point(3, 10), Point(5.5, 20))));
        var series = Assert.Single((await store.RangeAsync("depth")).Series);
        MetricStoreUnderTest.Same([3, 5.5], series.Values);
        Assert.Equal([At(10), At(20)], series.TimeUnixNano);
        Assert.Equal([0UL, 0UL], series.SinceUnixNano);
        Assert.Equal(("svc", "depth", "1", "A gauge.", "meter", MetricKind.Gauge), (series.Identity.Service, series.Identity.Name, series.Identity.Unit, series.Identity.Description, series.Identity.Scope, series.Identity.Kind));
        Assert.Equal([new("service.instance.id", "i1")], series.Identity.Resource);
    }

    [Theory]
    [InlineData(MetricAggregation.Auto, new[] { 5, double.NaN, 2 })]
    [InlineData(MetricAggregation.Last, new[] { 5, double.NaN, 2 })]
    [InlineData(MetricAggregation.Avg, new[] { 3, double.NaN, 2 })]
    [InlineData(MetricAggregation.Min, new[] { 1, double.NaN, 2 })]
    [InlineData(MetricAggregation.Max, new[] { 5, double.NaN, 2 })]
    [InlineData(MetricAggregation.Sum, new[] { 9, double.NaN, 2 })]
    public async Task StepsAreHalfOpenAndThoseWithoutPointsAreNone(MetricAggregation aggregation, double[] expected)
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Gauge("depth", Point(1, 0), Point(3, 5), Point(5, 9.5), Point(2, 20), Point(7, 30))));
        MetricStoreUnderTest.Same(expected, await store.ValuesAsync("depth", 0, 30, 10, aggregation));
    }

    [Fact]
    public async Task AGrowingSumIsARateWhichAResetDoesNotMakeNegative()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        // 10 a second, then a restart that is seen by the smaller value, then one that only its start tells.
        await store.SendAsync(Bytes("svc", Sum("cpu", false, true, Point(100, 10, start: 1), Point(200, 20, start: 1), Point(50, 30, start: 25), Point(80, 40, start: 25), Point(500, 50, start: 45))));
        MetricStoreUnderTest.Same([10, 10, 3, 100], (await store.ValuesAsync("cpu", 15))[..4]);
        MetricStoreUnderTest.Same([100, 50, 30, 500], await store.ValuesAsync("cpu", 15, aggregation: MetricAggregation.Increase));
        var series = Assert.Single((await store.RangeAsync("cpu", 15)).Series);
        Assert.Equal([At(10), At(25), At(30), At(45)], series.SinceUnixNano);
    }

    [Fact]
    public async Task TheFirstPointOfACumulativeSumCountsOnlyWhereItsStartIsKnownAndAsked()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Sum("a", false, true, Point(100, 10), Point(110, 20)), Sum("b", false, true, Point(100, 10, start: 5), Point(110, 20, start: 5))));
        MetricStoreUnderTest.Same([10], await store.ValuesAsync("a", aggregation: MetricAggregation.Increase));
        MetricStoreUnderTest.Same([100, 10], await store.ValuesAsync("b", aggregation: MetricAggregation.Increase));
        MetricStoreUnderTest.Same([10], await store.ValuesAsync("b", 15, aggregation: MetricAggregation.Increase));
    }

    [Fact]
    public async Task ADeltaSumIsWhatItSays()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Sum("n", true, true, Point(30, 10, start: 5), Point(10, 20, start: 10), Point(5, 30))));
        MetricStoreUnderTest.Same([30, 10, 5], await store.ValuesAsync("n", aggregation: MetricAggregation.Increase));
        MetricStoreUnderTest.Same([6, 1, 0.5], await store.ValuesAsync("n", aggregation: MetricAggregation.Rate));
        // In steps a rate is what came over the time that its points tell of.
        MetricStoreUnderTest.Same([40.0 / 15, 0.5], await store.ValuesAsync("n", 5, 45, 20, MetricAggregation.Rate));
    }

    [Fact]
    public async Task ASumThatAlsoFallsIsAnsweredAsItIs()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Sum("open", false, false, Point(3, 10), Point(1, 20))));
        MetricStoreUnderTest.Same([3, 1], await store.ValuesAsync("open"));
        MetricStoreUnderTest.Same([-2], await store.ValuesAsync("open", aggregation: MetricAggregation.Increase));
    }

    [Fact]
    public async Task NotANumberAndTheEndOfASeriesAreNoValues()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Gauge("g", Point(1, 1), Point(double.NaN, 2), Point(double.PositiveInfinity, 3), new NumberDataPoint { TimeUnixNano = At(4), Flags = 1 }, Point(-0.0, 5))));
        MetricStoreUnderTest.Same([1, double.PositiveInfinity, -0.0], await store.ValuesAsync("g"));
    }

    [Fact]
    public async Task ASeriesThatEndedAndGoesOnIsNotCountedTwice()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Sum("n", false, true, Point(100, 10, start: 1), new NumberDataPoint { TimeUnixNano = At(20), Flags = 1 }, Point(double.NaN, 25, start: 1), Point(110, 30, start: 1))));
        MetricStoreUnderTest.Same([100, 10], await store.ValuesAsync("n", aggregation: MetricAggregation.Increase));
    }

    [Fact]
    public async Task AStartThatMovesIsNoReset()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        // A clock that is set moves the start that a process tells of itself, and the count goes on.
        await store.SendAsync(Bytes("svc", Sum("n", false, true, Point(100, 10, start: 1), Point(110, 20, start: 3), Point(120, 30, start: 2))));
        MetricStoreUnderTest.Same([100, 10, 10], await store.ValuesAsync("n", aggregation: MetricAggregation.Increase));
    }

    [Fact]
    public async Task AGaugeHasNotGrownFromNothing()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Gauge("g", Point(100, 10, start: 1), Point(90, 20, start: 1))));
        MetricStoreUnderTest.Same([-10], await store.ValuesAsync("g", aggregation: MetricAggregation.Increase));
    }

    [Fact]
    public async Task ACountWithoutAStartDidNotBeginIn1970()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Sum("n", false, true, Point(100, 10), Point(110, 20))));
        var range = await store.Store.RangeAsync(new MetricRangeQuery { Names = ["n"], FromUnixNano = 0, ToUnixNano = At(100), Aggregation = MetricAggregation.Increase }, default);
        MetricStoreUnderTest.Same([10], Assert.Single(range.Series).Values);
    }

    [Fact]
    public async Task StepsOverAllOfTimeAreAsManyAsTheyAre()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Gauge("g", Point(1, 10))));
        var range = await store.Store.RangeAsync(new MetricRangeQuery { Names = ["g"], FromUnixNano = 0, ToUnixNano = ulong.MaxValue, StepNano = 1UL << 63 }, default);
        Assert.Equal(2, range.Steps);
        MetricStoreUnderTest.Same([1, double.NaN], Assert.Single(range.Series).Values);
    }

    [Fact]
    public async Task AZeroThatWidensIsNoReset()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        var first = new ExponentialHistogramDataPoint { TimeUnixNano = At(10), Count = 5, ZeroCount = 1, Positive = new() { Offset = -3, BucketCounts = { 2, 0, 2 } } };
        // The bucket up to a quarter has gone into zero.
        var second = new ExponentialHistogramDataPoint { TimeUnixNano = At(20), Count = 9, ZeroCount = 3, ZeroThreshold = 0.25, Positive = new() { Offset = -1, BucketCounts = { 2, 0, 4 } } };
        await store.SendAsync(Bytes("svc", new Metric { Name = "e", ExponentialHistogram = new() { AggregationTemporality = 2, DataPoints = { first, second } } }));
        MetricStoreUnderTest.Same([4], await store.ValuesAsync("e", 15, aggregation: MetricAggregation.Increase));
        MetricStoreUnderTest.Same([2], await store.ValuesAsync("e", 15, aggregation: MetricAggregation.Min));
    }

    [Fact]
    public async Task SmallestAndLargestAreTheSendersWhereTheyHoldForWhatCame()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        var point = Buckets(10, [1, 2], [0, 3, 1], 9, start: 5);
        (point.Min, point.Max) = (1.25, 7.5);
        var later = Buckets(20, [1, 2], [0, 0, 1], 4, start: 10);
        (later.Min, later.Max) = (4, 4);
        await store.SendAsync(Bytes("svc", Histogram("h", true, point, later)));
        MetricStoreUnderTest.Same([1.25], await store.ValuesAsync("h", 0, 30, 30, MetricAggregation.Min));
        MetricStoreUnderTest.Same([7.5], await store.ValuesAsync("h", 0, 30, 30, MetricAggregation.Max));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AQueryThatWouldHoldTooMuchAnswersWithWhatItHasAndSaysSo(bool flushed)
    {
        await using var store = await MetricStoreUnderTest.OpenAsync(queries: new MetricQueryOptions { MaxBytes = 64 * 100 });
        foreach (var k in new[] { "a", "b", "c" })
        {
            await store.SendAsync(Bytes("svc", Gauge("g", [.. Enumerable.Range(1, 60).Select(second => Point(second, second, k))])));
            if (flushed) await store.Store.FlushAsync(default);
        }
        var range = await store.RangeAsync("g");
        Assert.Contains("more than 0 MB", range.Truncated);
        Assert.InRange(range.Series.Count, 1, 3);
        // A block is read by chunks, a head by points.
        if (!flushed) Assert.Null((await store.RangeAsync("g", 0, 20)).Truncated);
    }

    [Fact]
    public async Task PointsThatComeOutOfOrderOrTwiceAreOneLine()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Sum("n", false, true, Point(30, 30), Point(10, 10))));
        await store.Store.FlushAsync(default);
        await store.SendAsync(Bytes("svc", Sum("n", false, true, Point(20, 20), Point(10, 10))));
        MetricStoreUnderTest.Same([10, 10], await store.ValuesAsync("n", aggregation: MetricAggregation.Increase));
    }

    [Fact]
    public async Task QuantilesOfHistogramsAreThoseOfWhatCameInTheStep()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        double[] bounds = [1, 2, 4];
        await store.SendAsync(Bytes("svc", Histogram("h", false, Buckets(10, bounds, [10, 0, 0, 0], 5), Buckets(20, bounds, [10, 10, 0, 0], 20), Buckets(30, bounds, [10, 10, 10, 1], 60))));
        MetricStoreUnderTest.Same([1.5, 3.1], await store.ValuesAsync("h", aggregation: MetricAggregation.Quantile, quantile: 0.5));
        MetricStoreUnderTest.Same([1.5, 40.0 / 11], await store.ValuesAsync("h", aggregation: MetricAggregation.Avg));
        MetricStoreUnderTest.Same([1, 1.1], await store.ValuesAsync("h"));
        // What lies above the last bound is said to be at it.
        MetricStoreUnderTest.Same([2, 4], await store.ValuesAsync("h", aggregation: MetricAggregation.Quantile, quantile: 1));
    }

    [Fact]
    public async Task AHistogramThatBeganAnewCountsWhole()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        double[] bounds = [1, 2];
        await store.SendAsync(Bytes("svc", Histogram("h", false, Buckets(10, bounds, [100, 0, 0]), Buckets(20, bounds, [0, 4, 0]), Buckets(30, [5, 7], [0, 8, 0]))));
        MetricStoreUnderTest.Same([1.5, 6], await store.ValuesAsync("h", aggregation: MetricAggregation.Quantile, quantile: 0.5));
        MetricStoreUnderTest.Same([4, 8], await store.ValuesAsync("h", aggregation: MetricAggregation.Increase));
    }

    [Fact]
    public async Task ExponentialHistogramsGiveQuantilesAcrossScales()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        var first = new ExponentialHistogramDataPoint { TimeUnixNano = At(10), Count = 4, Scale = 1, ZeroCount = 0, Positive = new() { Offset = 0, BucketCounts = { 2, 2 } } };
        // The same at half the resolution, and eight more between 4 and 16.
        var second = new ExponentialHistogramDataPoint { TimeUnixNano = At(20), Count = 12, Scale = 0, Positive = new() { Offset = 0, BucketCounts = { 4, 0, 4, 4 } } };
        await store.SendAsync(Bytes("svc", new Metric { Name = "e", ExponentialHistogram = new() { AggregationTemporality = 2, DataPoints = { first, second } } }));
        MetricStoreUnderTest.Same([8], await store.ValuesAsync("e", 15, aggregation: MetricAggregation.Increase));
        Assert.Equal(8, Assert.Single(await store.ValuesAsync("e", 15, aggregation: MetricAggregation.Quantile, quantile: 0.5)), 1e-9);
        Assert.Equal(16, Assert.Single(await store.ValuesAsync("e", 15, aggregation: MetricAggregation.Quantile, quantile: 1)), 1e-9);
        Assert.Equal(Math.Sqrt(32), Assert.Single(await store.ValuesAsync("e", 15, aggregation: MetricAggregation.Quantile, quantile: 0.25)), 1e-9);
    }

    [Fact]
    public async Task NegativeExponentialBucketsLieBelowZero()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        var point = new ExponentialHistogramDataPoint { TimeUnixNano = At(10), StartTimeUnixNano = At(5), Count = 4, Scale = 0, ZeroCount = 2, Negative = new() { Offset = 2, BucketCounts = { 2 } } };
        await store.SendAsync(Bytes("svc", new Metric { Name = "e", ExponentialHistogram = new() { AggregationTemporality = 1, DataPoints = { point } } }));
        MetricStoreUnderTest.Same([-8.0], await store.ValuesAsync("e", aggregation: MetricAggregation.Quantile, quantile: 0));
        MetricStoreUnderTest.Same([0.0], await store.ValuesAsync("e", aggregation: MetricAggregation.Quantile, quantile: 0.9));
    }

    [Fact]
    public async Task ASummaryHasTheQuantilesThatItsSenderWorkedOut()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        var point = new SummaryDataPoint { TimeUnixNano = At(10), Count = 5, Sum = 10, QuantileValues = { new SummaryDataPoint.Types.ValueAtQuantile { Quantile = 0.99, Value = 7 } } };
        await store.SendAsync(Bytes("svc", new Metric { Name = "s", Summary = new() { DataPoints = { point } } }));
        Assert.Empty((await store.RangeAsync("s")).Series);
        var later = point.Clone();
        (later.TimeUnixNano, later.Count, later.Sum) = (At(20), 7, 30);
        await store.SendAsync(Bytes("svc", new Metric { Name = "s", Summary = new() { DataPoints = { later } } }));
        MetricStoreUnderTest.Same([7], await store.ValuesAsync("s", aggregation: MetricAggregation.Quantile, quantile: 0.99));
        MetricStoreUnderTest.Same([double.NaN], await store.ValuesAsync("s", aggregation: MetricAggregation.Quantile, quantile: 0.5));
        MetricStoreUnderTest.Same([10], await store.ValuesAsync("s", aggregation: MetricAggregation.Avg));
    }

    [Fact]
    public async Task SeriesAreToldApartByAttributesAndChosenByThem()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("a", Gauge("g", Point(1, 1, "x"), Point(2, 1, "y"))));
        await store.SendAsync(Bytes("b", Gauge("g", Point(3, 1, "x"))));
        Assert.Equal(3, (await store.RangeAsync("g")).Series.Count);
        var query = new MetricRangeQuery { Names = ["g", "other"], FromUnixNano = At(0), ToUnixNano = At(9), Services = ["a"], Where = [new("k", "y")] };
        MetricStoreUnderTest.Same([2], Assert.Single((await store.Store.RangeAsync(query, default)).Series).Values);
        var cut = await store.Store.RangeAsync(query with { Services = [], Where = [], MaxSeries = 2 }, default);
        Assert.Equal(2, cut.Series.Count);
        Assert.Contains("more than 2", cut.Truncated);
    }

    [Fact]
    public async Task TheListTellsWhatThereIsInTheRange()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("a", Gauge("g", Point(1, 1, "x"), Point(2, 2, "y")), Sum("n", true, true, Point(1, 50))));
        await store.Store.FlushAsync(default);
        await store.SendAsync(Bytes("a", Gauge("g", Point(1, 3, "x"))));
        await store.SendAsync(Bytes("b", Gauge("h", Point(1, 3))));
        var list = await store.Store.ListAsync([], At(0), At(10), default);
        Assert.Equal([("a", "g"), ("b", "h")], list.Metrics.Select(m => (m.Service, m.Name)));
        Assert.Equal((2, 3, At(1), At(3), "A gauge."), (list.Metrics[0].Series, list.Metrics[0].Points, list.Metrics[0].FirstUnixNano, list.Metrics[0].LastUnixNano, list.Metrics[0].Description));
        Assert.Equal(["n"], (await store.Store.ListAsync(["a"], At(40), At(60), default)).Metrics.Select(m => m.Name));
        Assert.Null(list.Truncated);
    }
}
