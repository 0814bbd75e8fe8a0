using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine;

/// <summary>
/// Runs queries over snapshots of the store: so many at once, each holding its snapshot until it ends. Owned by the store. Thread safe.
/// </summary>
internal sealed class StoreQueries(TraceStoreOptions options, TimeProvider time, StoreContent content)
{
    private static readonly TimeSpan LeaseCheckInterval = TimeSpan.FromSeconds(30);

    private readonly SnapshotLeases _leases = new(time, options.SnapshotLease, options.SnapshotLeaseMaxBytes);
    private readonly SemaphoreSlim _slots = new(options.MaxConcurrentQueries);
    private readonly SplitTraces _split = new();
    private readonly FacetCache _facets = new(options.FacetCacheBytes);
    private readonly TraceCache _traces = new(time, options.TraceCacheBytes, options.TraceCacheTime);
    private readonly QueryWorkers _workers = new(options.QueryHelpers);
    private readonly HashSet<string> _unreadable = [];
    private ITimer? _leaseTimer;
    private volatile bool _closed;

    /// <summary>What queries could not read so far.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_unreadable)
            {
                return [.. _unreadable];
            }
        }
    }

    /// <inheritdoc cref="ISpanSource.SearchAsync"/>
    public ValueTask<SearchResult> SearchAsync(SearchPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Limit < 1) throw new ArgumentOutOfRangeException(nameof(plan), plan.Limit, "A search asks for at least one trace.");
        return RunAsync(() => plan.After is { } after ? _leases.Find(after.Snapshot) : null, (snapshot, isLeased) =>
        {
            var (result, unreadable) = new SearchExecution(plan, snapshot.View(_split), Bounds(cancellationToken)).Run(snapshot.Sequence, _workers);
            Report(unreadable);
            if (result.Next is not null && plan.KeepsSnapshot) _leases.Keep(snapshot, content.State.Heads);
            return plan.After is not null && !isLeased ? result with { SnapshotExpired = true } : result;
        }, cancellationToken);
    }

    /// <inheritdoc cref="ISpanSource.GetDistributionAsync"/>
    public ValueTask<TraceDistribution> GetDistributionAsync(SearchPlan plan, DistributionRequest request, CancellationToken cancellationToken)
    {
        if (request.Columns is < 1 or > DistributionRequest.MaxColumns) throw new ArgumentOutOfRangeException(nameof(request), request.Columns, $"A distribution has 1 to {DistributionRequest.MaxColumns} columns.");
        if (request.RowsPerDoubling is not (1 or 2 or 4 or 8)) throw new ArgumentOutOfRangeException(nameof(request), request.RowsPerDoubling, "A distribution has 1, 2, 4 or 8 rows to a doubling.");
        if (request.Points is < 0 or > DistributionRequest.MaxPoints) throw new ArgumentOutOfRangeException(nameof(request), request.Points, $"A distribution lists at most {DistributionRequest.MaxPoints} traces.");
        return RunAsync(snapshot =>
        {
            var all = plan with { Order = TraceOrder.Start, Limit = 1, Total = TotalWanted.Exact, After = null };
            var (result, unreadable) = new SearchExecution(all, snapshot.View(_split), Bounds(cancellationToken)).Distribution(request, _workers);
            Report(unreadable);
            return result;
        }, cancellationToken);
    }

    /// <inheritdoc cref="ISpanSource.GetFacetsAsync"/>
    public ValueTask<FacetCounts> GetFacetsAsync(SearchPlan plan, FacetRequest request, CancellationToken cancellationToken)
    {
        if (request.Keys.Count is < 1 or > FacetRequest.MaxKeys) throw new ArgumentOutOfRangeException(nameof(request), request.Keys.Count, $"Facets are counted by 1 to {FacetRequest.MaxKeys} keys.");
        if (request.Values is < 1 or > FacetRequest.MaxValues) throw new ArgumentOutOfRangeException(nameof(request), request.Values, $"A facet has 1 to {FacetRequest.MaxValues} values.");
        return RunAsync(snapshot =>
        {
            var all = plan with { Order = TraceOrder.Start, Limit = 1, Total = TotalWanted.Exact, After = null };
            var (result, unreadable) = new SearchExecution(all, snapshot.View(_split), Bounds(cancellationToken)).Facets(request, _facets, _workers);
            Report(unreadable);
            return result;
        }, cancellationToken);
    }

    /// <inheritdoc cref="ISpanSource.GetKeysAsync"/>
    public ValueTask<AttributeKeys> GetKeysAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync(fromUnixNano, toUnixNano, execution => execution.Keys(), cancellationToken);

    /// <inheritdoc cref="ISpanSource.GetTraceAsync"/>
    public ValueTask<TraceView?> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken) =>
        RunAsync(snapshot => Read(snapshot, traceId, cancellationToken)?.View, cancellationToken);

    /// <inheritdoc cref="ISpanSource.GetTracePartAsync"/>
    public ValueTask<TracePart?> GetTracePartAsync(TraceId traceId, TracePartRequest request, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Limit, 1);
        return RunAsync(snapshot => Read(snapshot, traceId, cancellationToken)?.Part(request, cancellationToken), cancellationToken);
    }

    private ReadTrace? Read(StoreSnapshot snapshot, TraceId traceId, CancellationToken cancellationToken)
    {
        // The view is a copy of the rows in another order: half of the memory is for that.
        var bounds = new QueryBounds(time, TimeSpan.MaxValue, options.TraceMaxBytes / 2, cancellationToken);
        var read = new TraceReading(snapshot.Segments, snapshot.Visibility, _traces, options.TraceMaxBytes);
        var trace = read.Read(traceId, bounds);
        Report(read.Unreadable);
        return trace;
    }

    /// <inheritdoc cref="ISpanSource.GetLinksToAsync"/>
    public ValueTask<LinkedSpans?> GetLinksToAsync(TraceId traceId, ulong? fromUnixNano, ulong? toUnixNano, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return RunAsync(snapshot =>
        {
            var execution = new LinkExecution(snapshot.View(_split), traceId, fromUnixNano, toUnixNano, Bounds(cancellationToken));
            var result = execution.Run(limit, _workers);
            Report(execution.Unreadable);
            return result;
        }, cancellationToken);
    }

    /// <inheritdoc cref="ISpanSource.GetShapesAsync"/>
    public ValueTask<TraceShapes> GetShapesAsync(IReadOnlyList<TraceId> traceIds, int maxSpans, CancellationToken cancellationToken) => RunAsync(snapshot =>
    {
        var execution = new ShapeExecution(snapshot.Segments, snapshot.Visibility, Bounds(cancellationToken));
        var result = execution.Run(traceIds, maxSpans);
        Report(execution.Unreadable);
        return result;
    }, cancellationToken);

    /// <inheritdoc cref="ISpanSource.GetServicesAsync"/>
    public ValueTask<IReadOnlyList<ServiceStat>> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync(fromUnixNano, toUnixNano, execution => execution.Services(), cancellationToken);

    /// <inheritdoc cref="ISpanSource.GetOperationsAsync"/>
    public ValueTask<IReadOnlyList<OperationStat>> GetOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync(fromUnixNano, toUnixNano, execution => execution.Operations(services), cancellationToken);

    /// <inheritdoc cref="ISpanSource.GetRedOperationsAsync"/>
    public ValueTask<RedOperations> GetRedOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync(fromUnixNano, toUnixNano, execution => execution.RedOperations(services), cancellationToken);

    /// <inheritdoc cref="ISpanSource.GetRedSeriesAsync"/>
    public ValueTask<RedSeries> GetRedSeriesAsync(IReadOnlyCollection<string> services, ulong fromUnixNano, ulong toUnixNano, ulong stepNano, CancellationToken cancellationToken)
    {
        CheckSteps(fromUnixNano, toUnixNano, stepNano);
        return CountAsync(fromUnixNano, toUnixNano, execution => execution.Series(services, stepNano), cancellationToken);
    }

    /// <inheritdoc cref="ISpanSource.GetDependenciesAsync"/>
    public ValueTask<Dependencies> GetDependenciesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        CountAsync(fromUnixNano, toUnixNano, execution => execution.Dependencies(), cancellationToken);

    /// <inheritdoc cref="ISpanSource.GetOperationSeriesAsync"/>
    public ValueTask<OperationSeries> GetOperationSeriesAsync(
        IReadOnlyCollection<string> services, IReadOnlyCollection<string> names, ulong fromUnixNano, ulong toUnixNano, ulong stepNano, CancellationToken cancellationToken)
    {
        CheckSteps(fromUnixNano, toUnixNano, stepNano);
        return LatencyAsync(fromUnixNano, toUnixNano, execution => execution.Series(services, names, stepNano), cancellationToken);
    }

    /// <inheritdoc cref="ISpanSource.GetCallLatenciesAsync"/>
    public ValueTask<CallLatencies> GetCallLatenciesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        LatencyAsync(fromUnixNano ?? 0, toUnixNano, execution => execution.Calls(), cancellationToken);

    private static void CheckSteps(ulong fromUnixNano, ulong toUnixNano, ulong stepNano)
    {
        ArgumentOutOfRangeException.ThrowIfZero(stepNano);
        if (toUnixNano > fromUnixNano && (toUnixNano - 1) / stepNano - fromUnixNano / stepNano >= ISpanSource.MaxSteps)
            throw new ArgumentOutOfRangeException(nameof(stepNano), stepNano, $"A series has at most {ISpanSource.MaxSteps} steps.");
    }

    /// <summary>Begins to let go of leases, and of traces that were read, whose time is over.</summary>
    public void Begin() => _leaseTimer = time.CreateTimer(_ =>
    {
        _leases.Expire(content.State.Heads);
        _traces.Expire();
    }, null, LeaseCheckInterval, LeaseCheckInterval);

    /// <summary>Blocks were replaced: what is remembered of them holds their memory.</summary>
    public void ForgetBlocks() => _split.KeepOnly(content.Blocks.Select(static b => b.Reader));

    /// <summary>Refuses new queries, and waits for those under way.</summary>
    public async Task CloseAsync()
    {
        _closed = true;
        if (_leaseTimer is { } timer) await timer.DisposeAsync().ConfigureAwait(false);
        for (var i = 0; i < options.MaxConcurrentQueries; i++) await _slots.WaitAsync().ConfigureAwait(false);
        _leases.Close();
        _slots.Release(options.MaxConcurrentQueries);
    }

    private ValueTask<T> LatencyAsync<T>(ulong from, ulong? to, Func<LatencyExecution, T> count, CancellationToken cancellationToken) => RunAsync(snapshot =>
    {
        var execution = new LatencyExecution(snapshot.View(_split), from, to, Bounds(cancellationToken));
        var result = count(execution);
        Report(execution.Unreadable);
        return result;
    }, cancellationToken);

    private ValueTask<T> CountAsync<T>(ulong? from, ulong? to, Func<StatExecution, T> count, CancellationToken cancellationToken) => RunAsync(snapshot =>
    {
        var execution = new StatExecution(snapshot.View(_split), from, to, Bounds(cancellationToken));
        var result = count(execution);
        Report(execution.Unreadable);
        return result;
    }, cancellationToken);

    private QueryBounds Bounds(CancellationToken cancellationToken) => new(time, options.SearchTimeLimit, options.QueryMaxBytes, cancellationToken);

    private ValueTask<T> RunAsync<T>(Func<StoreSnapshot, T> query, CancellationToken cancellationToken) => RunAsync(static () => null, (snapshot, _) => query(snapshot), cancellationToken);

    private async ValueTask<T> RunAsync<T>(Func<StoreSnapshot?> findLease, Func<StoreSnapshot, bool, T> query, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(TraceStore));
            return await Task.Run(() => RunHolding(findLease(), query), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    private T RunHolding<T>(StoreSnapshot? leased, Func<StoreSnapshot, bool, T> query)
    {
        var snapshot = leased ?? content.Take();
        try
        {
            return query(snapshot, leased is not null);
        }
        finally
        {
            snapshot.Release();
        }
    }

    private void Report(IReadOnlyList<string> unreadable)
    {
        if (unreadable.Count == 0) return;
        lock (_unreadable)
        {
            foreach (var message in unreadable) _unreadable.Add(message);
        }
    }
}
