using System.Buffers;
using Throughline.Engine.Files;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Metrics;

/// <summary>
/// The store of metrics beside the traces: what is appended is durable and visible when that returns, queries run at snapshots. Thread safe. Made over an open signal store, which is its own from then on.
/// </summary>
public sealed class MetricStore : ISignalStore
{
    private readonly SignalStore<MetricBatch, MetricBatch, MetricBatch, MetricBlock> _store;
    private readonly SeriesLimit _limit;
    private readonly MetricQueryOptions _queries;
    private readonly SemaphoreSlim _slots;
    private readonly TimeProvider _time;

    private MetricStore(SignalStore<MetricBatch, MetricBatch, MetricBatch, MetricBlock> store, MetricQueryOptions queries, int maxSeries, TimeProvider time)
    {
        (_store, _queries, _time) = (store, queries, time);
        _slots = new SemaphoreSlim(queries.MaxConcurrent);
        MaxSeries = maxSeries;
        _limit = new SeriesLimit(maxSeries, time);
    }

    /// <inheritdoc/>
    public string Name => _store.Name;

    /// <summary>Series that may be alive at once.</summary>
    public int MaxSeries { get; }

    /// <summary>Series that got points within the last hour, since the store was opened.</summary>
    public int LiveSeries => _limit.Count;

    /// <summary>Opens or creates the store in a directory that the process has, and recovers what was acknowledged.</summary>
    /// <param name="maxSeries">Series that may get points within an hour: points of others are refused.</param>
    /// <exception cref="StoreOpenException">The store cannot be used; one clear line.</exception>
    public static async Task<MetricStore> OpenAsync(DataDirectory directory, SignalStoreOptions options, MetricQueryOptions queries, int maxSeries, IFileSystem files, TimeProvider time, CancellationToken cancellationToken) =>
        new(await SignalStore<MetricBatch, MetricBatch, MetricBatch, MetricBlock>.OpenAsync(directory, new MetricFormat(), options, files, time, cancellationToken).ConfigureAwait(false), queries, maxSeries, time);

    /// <summary>Takes the points of series beyond <see cref="MaxSeries"/> out of a batch before it is appended; answers how many went.</summary>
    public int ApplyLimit(MetricBatch batch) => _limit.Apply(batch);

    /// <summary>Writes a batch as the log keeps it, for <see cref="AppendAsync"/>.</summary>
    public static void Encode(MetricBatch batch, IBufferWriter<byte> output) => MetricPayload.Write(batch, output);

    /// <summary>
    /// Stores the points of one request, of which <paramref name="payload"/> is the encoded form. On <see cref="AppendStatus.Durable"/> they are fsynced and visible; <paramref name="digest"/> identifies the request
    /// as its sender made it. A batch without points is not to be appended.
    /// </summary>
    public ValueTask<AppendResult> AppendAsync(MetricBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest) => _store.AppendAsync(batch, payload, digest, WalForm.Processed);

    /// <summary>The metrics of some services (all when empty) with points in [from, to), by service and name. What could not be read is said in <see cref="MetricList.Truncated"/>.</summary>
    public Task<MetricList> ListAsync(IReadOnlyCollection<string> services, ulong fromUnixNano, ulong toUnixNano, CancellationToken cancellationToken) =>
        RunAsync(execution => execution.List(services, fromUnixNano, toUnixNano), cancellationToken);

    /// <summary>Values of series by time. A limit that was hit, or damage, is said in <see cref="MetricRange.Truncated"/>.</summary>
    public Task<MetricRange> RangeAsync(MetricRangeQuery query, CancellationToken cancellationToken) => RunAsync(execution => execution.Range(query), cancellationToken);

    /// <summary>Runs a query at a snapshot, on a thread of its own, as soon as a slot is free.</summary>
    private async Task<T> RunAsync<T>(Func<MetricExecution, T> run, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() =>
            {
                using var snapshot = _store.TakeSnapshot();
                return run(new MetricExecution(snapshot, new QueryBounds(_time, _queries.TimeLimit, _queries.MaxBytes, cancellationToken)));
            }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public SignalStatistics GetStatistics() => _store.GetStatistics();

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellationToken) => _store.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken) => _store.CompactAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _store.DisposeAsync();
}
