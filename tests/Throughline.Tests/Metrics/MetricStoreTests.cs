using CsCheck;
using Throughline.Engine;
using Throughline.Engine.Metrics;
using Throughline.Tests.Files;
using Throughline.Tests.Properties;
using static Throughline.Tests.Metrics.MetricRequests;

namespace Throughline.Tests.Metrics;

/// <summary>What comes back from the store is what went in, wherever it lies: head, log, blocks, merged blocks.</summary>
public sealed class MetricStoreTests
{
    private sealed record Plain(int Series, ulong Time, ulong Start, double Value);

    private static readonly Gen<double> Values = Gen.OneOf(Gen.Int[-3, 1000].Select(i => (double)i), Gen.Double, Gen.Double[0, 1].Select(d => Math.Round(d, 3)), Gen.OneOf(Gen.Const(0.0), Gen.Const(-0.0), Gen.Const(1e300), Gen.Const(double.NegativeInfinity), Gen.Const(1.5)));

    private static readonly Gen<Plain> Point = Gen.Select(Gen.Int[0, 4], Gen.OneOf(Gen.Int[1, 500].Select(i => (ulong)i * 10 * Second), Gen.ULong[1, 5000 * Second]), Gen.OneOf(Gen.Const(0UL), Gen.Const(Base), Gen.Const(Base + 7)), Values)
        .Select((series, time, start, value) => new Plain(series, Base + time, start, value));

    [Fact]
    public void EveryPointComesBackOnceInTheOrderOfTime() => Property.Check(Gen.Select(Point.Array[1, 60].Array[1, 6], Gen.Int[0, 3].Array[6]), 60, sample =>
    {
        var (requests, acts) = sample;
        RunAsync(requests, acts).GetAwaiter().GetResult();
    });

    private static async Task RunAsync(Plain[][] requests, int[] acts)
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        var sent = new List<Plain>();
        for (var i = 0; i < requests.Length; i++)
        {
            await store.SendAsync(Bytes("svc", Gauge("m", [.. requests[i].Select(p => new Protos.NumberDataPoint
            {
                AsDouble = p.Value, TimeUnixNano = p.Time, StartTimeUnixNano = p.Start, Attributes = { Attribute("k", p.Series.ToString(System.Globalization.CultureInfo.InvariantCulture)) },
            })])));
            sent.AddRange(requests[i]);
            if (acts[i] == 1) await store.Store.FlushAsync(default);
            else if (acts[i] == 2) await store.ReopenAsync();
            else if (acts[i] == 3) await store.Store.CompactAsync(default);
            await CheckAsync(store, sent);
        }
    }

    private static async Task CheckAsync(MetricStoreUnderTest store, List<Plain> sent)
    {
        var answer = await store.RangeAsync("m", 0, 6000);
        Assert.Null(answer.Truncated);
        var expected = sent.GroupBy(p => p.Series).OrderBy(g => g.Key).ToList();
        Assert.Equal(expected.Count, answer.Series.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            // Equal points are one; of equal times the order is that in which they came.
            var points = expected[i].DistinctBy(p => (p.Time, p.Start, BitConverter.DoubleToInt64Bits(p.Value))).Select((p, n) => (p, n)).OrderBy(x => x.p.Time).ThenBy(x => x.n).Select(x => x.p).ToList();
            Assert.Equal(points.Select(p => p.Time), answer.Series[i].TimeUnixNano);
            Assert.Equal(points.Select(p => BitConverter.DoubleToInt64Bits(p.Value)), answer.Series[i].Values.Select(BitConverter.DoubleToInt64Bits));
        }
    }

    [Fact]
    public async Task DistributionsSurviveBlocksMergesAndTheLog()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        double[] bounds = [0.1, 1, 10];
        for (var i = 1; i <= 40; i++)
        {
            var n = (ulong)i;
            await store.SendAsync(Bytes("svc", Histogram("h", false, Buckets(i * 10, bounds, [n, 2 * n, 0, 0], i))));
            if (i % 7 == 0) await store.Store.FlushAsync(default);
            if (i % 20 == 0) await store.Store.CompactAsync(default);
            if (i % 11 == 0) await store.ReopenAsync();
        }
        var counts = await store.ValuesAsync("h", aggregation: MetricAggregation.Increase);
        Assert.Equal(Enumerable.Repeat(3.0, 39), counts);
        Assert.All(await store.ValuesAsync("h", aggregation: MetricAggregation.Quantile, quantile: 0.5), v => Assert.Equal(0.325, v, 1e-12));
    }

    [Fact]
    public async Task ALongSeriesIsReadInPart()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Gauge("g", [.. Enumerable.Range(0, 20_000).Select(i => Point(i, i))])));
        await store.Store.FlushAsync(default);
        Assert.Equal(Enumerable.Range(9000, 100).Select(i => (double)i), await store.ValuesAsync("g", 9000, 9100));
    }

    [Fact]
    public async Task PointsOfSeriesBeyondTheLimitAreTakenAwayAndTheOthersStay()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync(maxSeries: 3);
        var batch = new MetricBatch();
        var request = Bytes("svc", Gauge("g", [.. Enumerable.Range(0, 10).Select(i => Point(i, 1, $"k{i}")), Point(99, 2, "k0")]), Histogram("h", true, Buckets(5, [1], [1, 2])));
        Assert.Equal(12, new OtlpMetricDecoder().Decode(request, batch).Accepted);
        Assert.Equal(8, store.Store.ApplyLimit(batch));
        Assert.Equal(4, batch.RowCount);
        Assert.Equal(3, store.Store.LiveSeries);
        await store.SendAsync(Bytes("svc", Gauge("g", Point(5, 3, "k1"), Point(5, 3, "new"))));
        MetricStoreUnderTest.Same([5], await store.ValuesAsync("g"));
    }

    [Fact]
    public async Task WhatTheLogKeepsHasNothingOfRefusedSeries()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync(maxSeries: 1);
        var batch = new MetricBatch();
        var noise = Convert.ToHexString(Enumerable.Range(0, 4000).Select(i => (byte)(i * i >> 3)).ToArray());
        new OtlpMetricDecoder().Decode(Bytes("svc", Gauge("g", Point(1, 1, "kept"), Point(1, 1, noise), Point(2, 2, "kept"))), batch);
        Assert.Equal(1, store.Store.ApplyLimit(batch));
        var payload = new System.Buffers.ArrayBufferWriter<byte>();
        MetricStore.Encode(batch, payload);
        Assert.InRange(payload.WrittenCount, 1, 400);
        Assert.Equal(AppendStatus.Durable, (await store.Store.AppendAsync(batch, payload.WrittenMemory, 1)).Status);
        await store.ReopenAsync();
        MetricStoreUnderTest.Same([1, 2], await store.ValuesAsync("g"));
    }

    [Fact]
    public async Task DistributionsStayWithTheirPointsWhenOthersAreTakenAway()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync(maxSeries: 1);
        var kept = Buckets(10, [1, 2], [0, 5, 0], start: 5);
        var gone = Buckets(10, [1, 2], [9, 0, 0], start: 5);
        gone.Attributes.Add(Attribute("k", "b"));
        var again = Buckets(20, [1, 2], [0, 0, 6], start: 10);
        await store.SendAsync(Bytes("svc", Histogram("h", true, kept, gone, again)));
        MetricStoreUnderTest.Same([1.5, 2], await store.ValuesAsync("h", aggregation: MetricAggregation.Quantile, quantile: 0.5));
    }

    [Fact]
    public async Task DamageIsNamedAndTheRestIsServed()
    {
        await using var store = await MetricStoreUnderTest.OpenAsync();
        await store.SendAsync(Bytes("svc", Gauge("g", [.. Enumerable.Range(0, 500).Select(i => Point(Math.Sin(i), i))])));
        await store.Store.FlushAsync(default);
        await store.SendAsync(Bytes("svc", Gauge("g", Point(7, 900))));
        var files = (MemoryFileSystem)store.Files;
        var block = Assert.Single(files.ListFiles("/data/0/metrics/blocks"));
        files.FlipBit("/data/0/metrics/blocks/" + block, 800);
        await store.ReopenAsync();
        var answer = await store.RangeAsync("g");
        Assert.Contains(block, answer.Truncated);
        MetricStoreUnderTest.Same([7], Assert.Single(answer.Series).Values);
        Assert.Contains(store.Store.GetStatistics().Problems, p => p.Contains(block, StringComparison.Ordinal));
    }
}
