using Throughline.Engine.Files;
using Throughline.Engine.Logs.Blocks;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Logs.Execution;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Signals;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Logs.Storage;

/// <summary>Limits of questions to the store of log records.</summary>
public sealed record LogQueryOptions
{
    /// <summary>Time that one query may take; where it is over the answer says so.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Memory that one query may take of its own, beside the caches; where it is hit the answer says so.</summary>
    public long MaxBytes { get; init; } = 128L << 20;

    /// <summary>Threads that all queries together may use beside their own.</summary>
    public int Helpers { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);
}

/// <summary>
/// The store of log records: what is appended is durable and visible when that returns; queries run at snapshots. It lies below <c>DIRECTORY/0/logs/</c> (docs/format/logs.md). Thread safe.
/// </summary>
public sealed class LogStore : ILogSource, ISignalStore
{
    private readonly SignalStore<LogBatch, LogHead, LogView, LogBlock> _store;
    private readonly LogQueryOptions _queries;
    private readonly QueryWorkers _workers;
    private readonly TimeProvider _time;

    private LogStore(SignalStore<LogBatch, LogHead, LogView, LogBlock> store, LogQueryOptions queries, TimeProvider time) =>
        (_store, _queries, _workers, _time) = (store, queries, new QueryWorkers(queries.Helpers), time);

    /// <summary>Opens or creates the store in a directory that the process has, and recovers what was acknowledged. The directory stays the caller's, and outlives the store.</summary>
    /// <exception cref="StoreOpenException">The store cannot be used; one clear line.</exception>
    public static async Task<LogStore> OpenAsync(DataDirectory directory, SignalStoreOptions options, LogQueryOptions queries, IFileSystem files, TimeProvider time, CancellationToken cancellationToken)
    {
        var store = await SignalStore<LogBatch, LogHead, LogView, LogBlock>.OpenAsync(directory, new LogFormat(), options, files, time, cancellationToken).ConfigureAwait(false);
        return new LogStore(store, queries, time);
    }

    /// <inheritdoc/>
    public string Name => _store.Name;

    /// <summary>
    /// Stores the records of one request, at least one; an append that has begun is not cancelled. On <see cref="AppendStatus.Durable"/> they are fsynced and visible.
    /// <paramref name="payload"/> says in <paramref name="form"/> exactly what <paramref name="batch"/> says; <paramref name="digest"/> identifies the request as the sender made it.
    /// </summary>
    public ValueTask<AppendResult> AppendAsync(LogBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest, WalForm form) => _store.AppendAsync(batch, payload, digest, form);

    /// <inheritdoc/>
    public ValueTask<LogPage> SearchAsync(LogPlan plan, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(plan.Limit);
        return RunAsync(walk => new LogSearch(plan, walk).Run(), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<LogHistogram> GetHistogramAsync(LogPlan plan, int steps, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, Query.ISpanSource.MaxSteps);
        return RunAsync(walk => new LogCounts(plan, walk).Histogram(steps), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<LogValues> GetValuesAsync(LogPlan plan, string key, int values, string contains, CancellationToken cancellationToken) =>
        RunAsync(walk => new LogValueCounts(plan, walk, key, contains).Run(values), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LogKeys> GetKeysAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        RunAsync(walk => new LogCounts(new LogPlan { FromUnixNano = fromUnixNano, ToUnixNano = toUnixNano }, walk).Keys(), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LogServices> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        RunAsync(walk => new LogCounts(new LogPlan { FromUnixNano = fromUnixNano, ToUnixNano = toUnixNano }, walk).Services(), cancellationToken);

    /// <summary>Runs a query at a snapshot, on a thread of its own: it computes, and reads files without waiting elsewhere.</summary>
    private ValueTask<T> RunAsync<T>(Func<LogWalk, T> query, CancellationToken cancellationToken) => new(Task.Run(() =>
    {
        using var snapshot = _store.TakeSnapshot();
        List<LogPart> parts = [];
        foreach (var block in snapshot.Blocks) parts.AddRange(block.Reader.Parts);
        foreach (var head in snapshot.Heads) parts.AddRange(head.Parts);
        var walk = new LogWalk(parts, new QueryBounds(_time, _queries.TimeLimit, _queries.MaxBytes, cancellationToken), _workers);
        try
        {
            return query(walk);
        }
        finally
        {
            foreach (var unreadable in walk.Unreadable) snapshot.Report(unreadable);
        }
    }, cancellationToken));

    /// <inheritdoc/>
    public SignalStatistics GetStatistics() => _store.GetStatistics();

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellationToken) => _store.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken) => _store.CompactAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _store.DisposeAsync();
}
