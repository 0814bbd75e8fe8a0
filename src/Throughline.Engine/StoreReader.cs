using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine;

/// <summary>
/// Runs the store's queries: each at a snapshot, so many at once, within the bounds of the options. Remembers what could not be read. Owned by the store; thread safe.
/// </summary>
internal sealed class StoreReader(TraceStoreOptions options, TimeProvider time, Func<StoreSnapshot> takeSnapshot) : ISpanSource, IAsyncDisposable
{
    private readonly SemaphoreSlim _queries = new(options.MaxConcurrentQueries);
    private readonly SnapshotLeases _leases = new(time, options.SnapshotLease);
    private readonly QueryWorkers _workers = new(options.QueryHelpers);
    private readonly HashSet<string> _problems = [];
    private volatile bool _closed;

    /// <summary>What could not be read so far.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_problems) return [.. _problems];
        }
    }

    /// <inheritdoc/>
    public ValueTask<SearchResult> SearchAsync(SearchPlan plan, CancellationToken cancellationToken) => RunAsync(bounds =>
    {
        if (plan.Limit < 1) throw new ArgumentOutOfRangeException(nameof(plan), plan.Limit, "A search asks for at least one trace.");
        var leased = plan.After is { } after ? _leases.Find(after.Snapshot) : null;
        var snapshot = leased ?? takeSnapshot();
        var (result, unreadable) = new SearchExecution(plan, snapshot.View, bounds).Run(snapshot.Sequence, _workers);
        Report(unreadable);
        if (result.Next is not null) _leases.Keep(snapshot);
        return plan.After is not null && leased is null ? result with { SnapshotExpired = true } : result;
    }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TraceView?> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken) => RunAsync(_ =>
    {
        var snapshot = takeSnapshot();
        var unreadable = new List<string>();
        // A trace is read whole, however large: only its caller's patience bounds it.
        var bounds = new QueryBounds(time, TimeSpan.MaxValue, long.MaxValue, cancellationToken);
        var table = TraceAssembly.Assemble(traceId, snapshot.Segments, unreadable, bounds);
        Report(unreadable);
        cancellationToken.ThrowIfCancellationRequested();
        if (table.Spans.RowCount == 0) return null;
        var trace = TraceAssembly.View(traceId, table);
        return snapshot.Visibility.Hides(traceId, trace.Summary.StartUnixNano) ? null : trace;
    }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ServiceStat>> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync<IReadOnlyList<ServiceStat>>(fromUnixNano, toUnixNano, execution =>
            [.. execution.Operations([]).GroupBy(o => o.Service).Select(s => new ServiceStat(s.Key, s.Sum(o => o.Spans), s.Sum(o => o.Errors)))], cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OperationStat>> GetOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync(fromUnixNano, toUnixNano, execution => execution.Operations(services), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RedOperations> GetRedOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync(fromUnixNano, toUnixNano, execution => execution.RedOperations(services), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RedSeries> GetRedSeriesAsync(IReadOnlyCollection<string> services, ulong fromUnixNano, ulong toUnixNano, ulong stepNano, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(stepNano);
        if (toUnixNano > fromUnixNano && (toUnixNano - 1) / stepNano - fromUnixNano / stepNano >= ISpanSource.MaxSteps)
            throw new ArgumentOutOfRangeException(nameof(stepNano), stepNano, $"A series has at most {ISpanSource.MaxSteps} steps.");
        return CountAsync(fromUnixNano, toUnixNano, execution => execution.Series(services, stepNano), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Dependencies> GetDependenciesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync(fromUnixNano, toUnixNano, execution => execution.Dependencies(), cancellationToken);

    private ValueTask<T> CountAsync<T>(ulong? from, ulong? to, Func<StatExecution, T> count, CancellationToken cancellationToken) => RunAsync(bounds =>
    {
        var execution = new StatExecution(takeSnapshot().View, from, to, bounds);
        var result = count(execution);
        Report(execution.Unreadable);
        return result;
    }, cancellationToken);

    private async ValueTask<T> RunAsync<T>(Func<QueryBounds, T> query, CancellationToken cancellationToken)
    {
        await _queries.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(TraceStore));
            var bounds = new QueryBounds(time, options.SearchTimeLimit, options.QueryMaxBytes, cancellationToken);
            return await Task.Run(() => query(bounds), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _queries.Release();
        }
    }

    private void Report(IReadOnlyList<string> unreadable)
    {
        if (unreadable.Count == 0) return;
        lock (_problems)
        {
            foreach (var message in unreadable) _problems.Add(message);
        }
    }

    /// <summary>Refuses new queries and waits for those under way.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        for (var i = 0; i < options.MaxConcurrentQueries; i++) await _queries.WaitAsync().ConfigureAwait(false);
        _queries.Release(options.MaxConcurrentQueries);
    }
}
