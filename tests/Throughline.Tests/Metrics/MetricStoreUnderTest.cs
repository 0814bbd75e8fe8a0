using System.Buffers;
using System.IO.Hashing;
using Throughline.Engine;
using Throughline.Engine.Decode;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Metrics;
using Throughline.Engine.Signals;
using Throughline.Tests.Files;

namespace Throughline.Tests.Metrics;

/// <summary>A store of metrics in a data directory in memory, which survives its reopening. Owned by its test.</summary>
internal sealed class MetricStoreUnderTest : IAsyncDisposable
{
    private readonly IFileSystem _files;
    private readonly int _maxSeries;
    private readonly MetricQueryOptions _queries;
    private DataDirectory _directory;

    private MetricStoreUnderTest(IFileSystem files, int maxSeries, MetricQueryOptions queries, DataDirectory directory, MetricStore store) => (_files, _maxSeries, _queries, _directory, Store) = (files, maxSeries, queries, directory, store);

    internal MetricStore Store { get; private set; }

    internal IFileSystem Files => _files;

    internal static async Task<MetricStoreUnderTest> OpenAsync(IFileSystem? files = null, int maxSeries = 1000, MetricQueryOptions? queries = null)
    {
        files ??= new MemoryFileSystem();
        queries ??= new MetricQueryOptions();
        var (directory, store) = await TakeAsync(files, queries, maxSeries);
        return new MetricStoreUnderTest(files, maxSeries, queries, directory, store);
    }

    private static async Task<(DataDirectory, MetricStore)> TakeAsync(IFileSystem files, MetricQueryOptions queries, int maxSeries)
    {
        var options = new SignalStoreOptions { MaxAge = TimeSpan.Zero, Compaction = new CompactionOptions { IsOn = false } };
        var directory = DataDirectory.Take("/data", files);
        return (directory, await MetricStore.OpenAsync(directory, options, queries, maxSeries, files, TimeProvider.System, default));
    }

    internal async Task ReopenAsync()
    {
        await DisposeAsync();
        (_directory, Store) = await TakeAsync(_files, _queries, _maxSeries);
    }

    /// <summary>Takes a request as the server does; answers what was refused.</summary>
    internal async Task<DecodeResult> SendAsync(byte[] request)
    {
        var batch = new MetricBatch();
        var decoded = new OtlpMetricDecoder().Decode(request, batch);
        Assert.Equal(DecodeStatus.Decoded, decoded.Status);
        Store.ApplyLimit(batch);
        if (batch.RowCount == 0) return decoded;
        var payload = new ArrayBufferWriter<byte>();
        MetricStore.Encode(batch, payload);
        Assert.Equal(AppendStatus.Durable, (await Store.AppendAsync(batch, payload.WrittenMemory, XxHash128.HashToUInt128(request))).Status);
        return decoded;
    }

    internal Task<MetricRange> RangeAsync(string name, double from = 0, double to = 10_000, double step = 0, MetricAggregation aggregation = MetricAggregation.Auto, double quantile = 0) =>
        Store.RangeAsync(new MetricRangeQuery
        {
            Names = [name],
            FromUnixNano = MetricRequests.At(from),
            ToUnixNano = MetricRequests.At(to),
            StepNano = (ulong)(step * MetricRequests.Second),
            Aggregation = aggregation,
            Quantile = quantile,
        }, default);

    /// <summary>The values of the one series that there is.</summary>
    internal async Task<double[]> ValuesAsync(string name, double from = 0, double to = 10_000, double step = 0, MetricAggregation aggregation = MetricAggregation.Auto, double quantile = 0) =>
        Assert.Single((await RangeAsync(name, from, to, step, aggregation, quantile)).Series).Values;

    /// <summary>The values are these, within what doubles can.</summary>
    internal static void Same(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.True(expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) < 1e-9, $"{i}: {expected[i]} expected, {actual[i]} found");
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _directory.Dispose();
    }
}
