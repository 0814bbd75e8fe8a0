using Throughline.Engine.Blocks;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Query.Plan;
using Throughline.Engine.Wal;

namespace Throughline.Engine;

/// <summary>
/// The embedded trace store: appends are durable and visible when they return, queries run at snapshots. Thread safe. One per directory;
/// several may live in one process. It joins the log and the blocks, which do not know each other: a head and its log segments become a block together.
/// </summary>
public sealed class TraceStore : ISpanSource, IAsyncDisposable
{
    /// <summary>How often the age of the head is looked at.</summary>
    private static readonly TimeSpan AgeCheckInterval = TimeSpan.FromSeconds(30);

    private readonly TraceStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly IDisposable _directoryLock;
    private readonly RecentRequests _recent;
    private readonly SnapshotLeases _leases;
    private readonly SemaphoreSlim _queries;
    private readonly BlockFlusher _flusher;
    private readonly SpanTablePool _tables;
    private readonly WalWriter<SpanBatch> _log;
    private readonly ITimer _ageTimer;
    private readonly IReadOnlyList<string> _recoveryProblems;
    private readonly SplitTraces _split = new();
    private readonly Lock _gate = new();
    private volatile StoreState _state;
    private volatile string? _cutProblem;
    private volatile string? _logProblem;
    private volatile bool _closed;
    private StoreSnapshot? _snapshot;
    private ulong _sequence;
    private Task _cut = Task.CompletedTask;
    private int _disposing;
    private TaskCompletionSource _flushed = NewSignal();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TraceStore(TraceStoreOptions options, IFileSystem files, TimeProvider time, IDisposable directoryLock, StorePaths paths, WalOptions walOptions,
        RowGroupCache cache, SpanTablePool tables, RecoveredStore recovered)
    {
        _tables = tables;
        _options = options;
        _time = time;
        _directoryLock = directoryLock;
        _recent = recovered.Recent;
        _recoveryProblems = recovered.Problems;
        _leases = new SnapshotLeases(time, options.SnapshotLease);
        _queries = new SemaphoreSlim(options.MaxConcurrentQueries);
        _state = new StoreState(recovered.Head, [], recovered.Blocks);
        // Nothing is appended before this ends, so the log needs no flusher yet; and nothing is to be stopped when the disk refuses the log.
        _log = WalWriter<SpanBatch>.Open(files, walOptions, recovered.LogEnd, OnCommitted);
        _flusher = new BlockFlusher(files, paths, time, cache, recovered.Manifest, OnFlushed);
        DeleteLog(recovered.Manifest.FirstSegment);
        _ageTimer = time.CreateTimer(_ => FlushWhenOld(), null, AgeCheckInterval, AgeCheckInterval);
    }

    /// <summary>
    /// Opens or creates the store and recovers what was acknowledged. Throws <see cref="StoreOpenException"/> with one clear line when the
    /// directory cannot be used (in use by another process, not writable, a newer format).
    /// </summary>
    public static Task<TraceStore> OpenAsync(TraceStoreOptions options, IFileSystem files, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Run(() => Open(options, files, time, cancellationToken), cancellationToken);

    private static TraceStore Open(TraceStoreOptions options, IFileSystem files, TimeProvider time, CancellationToken cancellationToken)
    {
        var paths = new StorePaths(options.Directory);
        IDisposable? directoryLock = null;
        RecoveredStore? recovered = null;
        try
        {
            files.CreateDirectory(options.Directory);
            directoryLock = files.TryLockDirectory(options.Directory)
                ?? throw new StoreOpenException($"The data directory {options.Directory} is in use by another process. Stop that one, or choose another directory.");
            files.CreateDirectory(paths.Root);
            files.CreateDirectory(paths.Blocks);
            files.CreateDirectory(paths.Log);
            var walOptions = new WalOptions { Directory = paths.Log, SegmentBytes = options.LogSegmentBytes, QueueBytes = options.LogQueueBytes };
            var cache = new RowGroupCache(options.BlockCacheBytes);
            var tables = new SpanTablePool(2 * options.HeadMaxBytes);
            recovered = new StoreRecovery(options, files, time, cache, tables).Run(paths, walOptions, cancellationToken);
            var store = new TraceStore(options, files, time, directoryLock, paths, walOptions, cache, tables, recovered);
            store.FlushWhenFull();
            return store;
        }
        catch (Exception e)
        {
            foreach (var block in recovered?.Blocks ?? []) block.Dispose();
            directoryLock?.Dispose();
            if (e is IOException or UnauthorizedAccessException or InvalidDataException)
                throw new StoreOpenException($"The data directory {options.Directory} cannot be used: {e.Message}", e);
            throw;
        }
    }

    /// <summary>
    /// Stores the spans of one request. On <see cref="AppendStatus.Durable"/> they are fsynced and visible. <paramref name="payload"/> is the
    /// request in protobuf, saying exactly what <paramref name="batch"/> says; <paramref name="digest"/> identifies the request as the sender made it. Both
    /// buffers belong to the caller again when the task ends. An append that has begun is not cancelled.
    /// </summary>
    public ValueTask<AppendResult> AppendAsync(SpanBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (batch.RowCount == 0) return new(AppendResult.Durable);
        if (IsBehind(_state))
            return new(new AppendResult(AppendStatus.Overloaded, TimeSpan.FromSeconds(1), _flusher.Problem ?? "Blocks are being written slower than spans arrive; try again."));
        return new(AppendNewAsync(batch, payload, digest, payloadIsAsReceived));
    }

    /// <summary>While one head is being written, the next may grow to twice its size; beyond that memory has no bound but this answer.</summary>
    private bool IsBehind(StoreState state) => state.Frozen.Count > 0
        && (state.Active.SpanCount > 2L * _options.HeadMaxSpans || state.Active.MemoryBytes > 2 * _options.HeadMaxBytes);

    private async Task<AppendResult> AppendNewAsync(SpanBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived)
    {
        var received = StoreRecovery.UnixNano(_time);
        var outcome = new TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_recent.Register(digest, received, outcome.Task) is { } earlier)
        {
            var ended = await earlier.ConfigureAwait(false);
            return ended.Status == AppendStatus.Durable ? new AppendResult(AppendStatus.Duplicate, default, "") : ended;
        }
        var header = new WalRecordHeader(WalSignal.Traces, payloadIsAsReceived ? WalForm.Received : WalForm.Processed, 0, received, 0, digest);
        var appended = await _log.AppendAsync(header, payload, batch).ConfigureAwait(false);
        var result = appended.Status switch
        {
            WalAppendStatus.Committed => AppendResult.Durable,
            WalAppendStatus.Overloaded => new AppendResult(AppendStatus.Overloaded, TimeSpan.FromSeconds(1), appended.Message),
            _ => new AppendResult(AppendStatus.Failed, TimeSpan.FromSeconds(5), appended.Message),
        };
        if (result.Status == AppendStatus.Durable) _recent.Keep(digest);
        else _recent.Forget(digest);
        outcome.SetResult(result);
        return result;
    }

    /// <summary>Runs on the log's loop, in log order: what is durable becomes visible.</summary>
    private void OnCommitted(IReadOnlyList<WalEntry<SpanBatch>> group)
    {
        lock (_gate)
        {
            foreach (var entry in group) _state.Active.Add(entry.State, new RequestDigest(entry.Header.Digest, entry.Header.ReceiveUnixNano));
            _sequence++;
            _snapshot = null;
        }
        FlushWhenFull();
    }

    private void FlushWhenFull()
    {
        var state = _state;
        if (state.Frozen.Count == 0 && (state.Active.SpanCount >= _options.HeadMaxSpans || state.Active.MemoryBytes >= _options.HeadMaxBytes)) _ = FreezeHeadAsync();
    }

    private void FlushWhenOld()
    {
        var state = _state;
        var isOld = StoreRecovery.UnixNano(_time) > state.Active.BeganUnixNano + (ulong)_options.HeadMaxAge.Ticks * 100;
        if (!isOld) return;
        _tables.Trim();
        if (state.Frozen.Count == 0 && state.Active.SpanCount > 0) _ = FreezeHeadAsync();
    }

    /// <summary>Makes the head a block now and waits until it is one; an <see cref="IOException"/> when the log cannot be cut. For tests, benchmarks and orderly shutdowns that want an empty log.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var flushed = _flushed.Task;
            var state = _state;
            if (state.Active.SpanCount == 0 && state.Frozen.Count == 0) return;
            // A cut of its own: one that is under way may have been done already, with nobody to tell this flush.
            if (state.Frozen.Count == 0) await _log.CutAsync(OnCut).ConfigureAwait(false);
            await flushed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Cuts the log and freezes the head exactly there; joins a cut that is under way.</summary>
    private Task FreezeHeadAsync()
    {
        lock (_gate)
        {
            return _cut.IsCompleted ? _cut = CutAsync() : _cut;
        }
    }

    private async Task CutAsync()
    {
        try
        {
            await _log.CutAsync(OnCut).ConfigureAwait(false);
            _cutProblem = null;
        }
        catch (IOException e)
        {
            _cutProblem = e.Message;
        }
    }

    private void OnCut(WalCut cut)
    {
        // Another cut may have come just before this one.
        if (_state.Active.SpanCount == 0) return;
        var frozen = new FrozenHead(_state.Active, cut.Segment);
        lock (_gate)
        {
            _state = _state with { Active = new Head(StoreRecovery.UnixNano(_time), _tables), Frozen = [.. _state.Frozen, frozen] };
            _sequence++;
            _snapshot = null;
        }
        _flusher.Enqueue(frozen);
    }

    private void OnFlushed(FrozenHead head, BlockReader block)
    {
        lock (_gate)
        {
            _state = _state with { Frozen = [.. _state.Frozen.Where(f => f != head)], Blocks = [.. _state.Blocks, block] };
            _sequence++;
            _snapshot = null;
        }
        // Snapshots do not tell when they are given up, so the memory of a head that was looked at is the collector's.
        if (!head.Head.WasViewed) head.Head.Release();
        DeleteLog(head.EndSegment);
        Interlocked.Exchange(ref _flushed, NewSignal()).SetResult();
        FlushWhenFull();
    }

    private void DeleteLog(long before)
    {
        try
        {
            _log.DeleteSegmentsBefore(before);
            _logProblem = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logProblem = $"log segments that are in blocks cannot be deleted, which the next block tries again: {e.Message}";
        }
    }

    private StoreSnapshot TakeSnapshot()
    {
        lock (_gate)
        {
            return _snapshot ??= new StoreSnapshot(_sequence, [.. _state.Blocks, .. _state.Frozen.Select(f => f.Head.View()), _state.Active.View()]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<SearchResult> SearchAsync(SearchPlan plan, CancellationToken cancellationToken) => RunAsync(() =>
    {
        if (plan.Limit < 1) throw new ArgumentOutOfRangeException(nameof(plan), plan.Limit, "A search asks for at least one trace.");
        var leased = plan.After is { } after ? _leases.Find(after.Snapshot) : null;
        var snapshot = leased ?? TakeSnapshot();
        var deadline = new Deadline(_time, _options.SearchTimeLimit);
        var (result, unreadable) = new SearchExecution(plan, snapshot.Segments, _split, deadline, cancellationToken).Run(snapshot.Sequence);
        Report(unreadable);
        if (result.Next is not null) _leases.Keep(snapshot);
        return plan.After is not null && leased is null ? result with { SnapshotExpired = true } : result;
    }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TraceView?> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken) => RunAsync(() =>
    {
        var unreadable = new List<string>();
        var table = TraceAssembly.Assemble(traceId, TakeSnapshot().Segments, unreadable);
        Report(unreadable);
        cancellationToken.ThrowIfCancellationRequested();
        return table.Spans.RowCount == 0 ? null : TraceAssembly.View(traceId, table);
    }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ServiceStat>> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) => RunAsync<IReadOnlyList<ServiceStat>>(() =>
    [
        .. Operations(fromUnixNano, toUnixNano, cancellationToken).GroupBy(o => o.Service)
            .Select(s => new ServiceStat(s.Key, s.Sum(o => o.Spans), s.Sum(o => o.Errors))),
    ], cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OperationStat>> GetOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        RunAsync<IReadOnlyList<OperationStat>>(() =>
            [.. Operations(fromUnixNano, toUnixNano, cancellationToken).Where(o => services.Count == 0 || services.Contains(o.Service))], cancellationToken);

    private IReadOnlyList<OperationStat> Operations(ulong? from, ulong? to, CancellationToken cancellationToken)
    {
        var execution = new StatExecution(TakeSnapshot().Segments, from, to, cancellationToken);
        var operations = execution.Operations();
        Report(execution.Unreadable);
        return operations;
    }

    private async ValueTask<T> RunAsync<T>(Func<T> query, CancellationToken cancellationToken)
    {
        await _queries.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return await Task.Run(query, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _queries.Release();
        }
    }

    private readonly HashSet<string> _reported = [];

    private void Report(IReadOnlyList<string> unreadable)
    {
        if (unreadable.Count == 0) return;
        lock (_reported)
        {
            foreach (var message in unreadable) _reported.Add(message);
        }
    }

    /// <summary>What is stored, and what could not be read.</summary>
    public StoreStatistics GetStatistics()
    {
        StoreState state;
        HeadSegment[] heads;
        lock (_gate)
        {
            state = _state;
            heads = [.. state.Frozen.Select(f => f.Head).Append(state.Active).Select(h => h.View())];
        }
        var parts = heads.SelectMany(h => h.Parts).ToArray();
        ulong? earliest = null, latest = null;
        foreach (var (min, max) in state.Blocks.Where(b => b.SpanCount > 0).Select(b => (b.MinStartUnixNano, b.MaxStartUnixNano)).Concat(parts.Select(p => (p.MinStartUnixNano, p.MaxStartUnixNano))))
        {
            earliest = Math.Min(earliest ?? min, min);
            latest = Math.Max(latest ?? max, max);
        }
        var headSpans = parts.Sum(p => (long)p.Rows);
        return new StoreStatistics(
            state.Blocks.Sum(b => b.SpanCount) + headSpans,
            state.Blocks.Sum(b => (long)b.TraceCount) + heads.Sum(h => (long)h.TraceCount),
            headSpans,
            state.Blocks.Count,
            state.Blocks.Sum(b => b.FileBytes),
            _log.SizeBytes,
            earliest,
            latest,
            Problems());
    }

    private List<string> Problems()
    {
        List<string> problems = [.. _recoveryProblems];
        lock (_reported)
        {
            problems.AddRange(_reported);
        }
        if (_flusher.Problem is { } flush) problems.Add(flush);
        if (_cutProblem is { } cut) problems.Add(cut);
        if (_logProblem is { } log) problems.Add(log);
        return problems;
    }

    /// <summary>Refuses new appends and queries, waits for those under way, and closes the files. Acknowledged spans are in the log; nothing needs flushing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposing, 1) == 1) return;
        await _ageTimer.DisposeAsync().ConfigureAwait(false);
        await _log.DisposeAsync().ConfigureAwait(false);
        await _flusher.DisposeAsync().ConfigureAwait(false);
        _closed = true;
        for (var i = 0; i < _options.MaxConcurrentQueries; i++) await _queries.WaitAsync().ConfigureAwait(false);
        foreach (var block in _state.Blocks) block.Dispose();
        _queries.Release(_options.MaxConcurrentQueries);
        _directoryLock.Dispose();
    }
}
