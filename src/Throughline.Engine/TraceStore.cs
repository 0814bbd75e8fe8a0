using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Encode;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;
using Throughline.Engine.Sampling;
using Throughline.Engine.Wal;

namespace Throughline.Engine;

/// <summary>
/// The embedded trace store: appends are durable and visible when they return, queries run at snapshots. Thread safe. One per directory;
/// several may live in one process. It joins the log and the blocks, which do not know each other: a head and its log segments become a block together.
/// </summary>
public sealed class TraceStore : ISpanSource, IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly IDisposable _held;
    private readonly RecentRequests _recent;
    private readonly IReadOnlyList<string> _recoveryProblems;
    private readonly BlockCatalog _catalog;
    private readonly StoreContent _content;
    private readonly StoreQueries _queries;
    private readonly WalWriter<SpanBatch> _log;
    private readonly TailStep _tail;
    private readonly HeadTurnover _turnover;
    private readonly MaintenanceSteps _steps;
    private readonly BlockMaintenance _maintenance;
    private readonly PinnedTraces _pins;
    private int _disposing;

    private TraceStore(TraceStoreOptions options, IFileSystem files, TimeProvider time, IDisposable held, StorePaths paths, WalOptions walOptions,
        PageCache cache, SpanTablePool tables, RecoveredStore recovered)
    {
        _time = time;
        _held = held;
        _recent = recovered.Recent;
        _recoveryProblems = recovered.Problems;
        OpeningNotes = recovered.Notes;
        _catalog = new BlockCatalog(files, paths, cache, recovered.Manifest);
        var blocks = recovered.Blocks.Select(b => new StoredBlock(b.Facts, b.Reader, _catalog.Delete)).ToArray();
        _content = new StoreContent(new StoreState(recovered.Head, null, blocks, Lifecycle.PinnedTraces.Visibility(recovered.Manifest)) { Unopened = recovered.Unopened }, tables);
        _queries = new StoreQueries(options, time, _content);
        _content.BlocksDropped += _queries.ForgetBlocks;
        _pins = new PinnedTraces(_catalog, _content, options.MaxPinnedTraces);
        _tail = new TailStep(options, files, paths);
        var flushing = new QuietGate();
        _steps = new MaintenanceSteps(_catalog, _content, options.Compaction, options.Retention, time, options.DuplicateWindow, flushing);
        _maintenance = new BlockMaintenance(_steps, time);
        // The only part that does something before Begin; when the disk refuses it, nothing is to be stopped.
        _log = WalWriter<SpanBatch>.Open(files, walOptions, recovered.LogEnd, OnCommitted);
        _turnover = new HeadTurnover(options, time, _content, _log, _catalog, flushing, _tail, _maintenance.Wake);
    }

    /// <summary>Begins what goes on in the background; a store of which that fails is to be disposed of.</summary>
    private void Begin()
    {
        _queries.Begin();
        _maintenance.Begin();
        _turnover.Begin();
        _turnover.DeleteLog(_catalog.Current.FirstSegment);
        _turnover.FlushWhenFull();
    }

    /// <summary>
    /// Opens or creates the store and recovers what was acknowledged. Throws <see cref="StoreOpenException"/> with one clear line when the
    /// directory cannot be used (in use by another process, not writable, a newer format).
    /// </summary>
    public static Task<TraceStore> OpenAsync(TraceStoreOptions options, IFileSystem files, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Run(() => RecoverAsync(options, files, time, () => DataDirectory.Take(options.Directory, files), cancellationToken), cancellationToken);

    /// <summary>The same in a directory that the process has already and other stores share; it stays the caller's, and outlives the store.</summary>
    public static Task<TraceStore> OpenAsync(TraceStoreOptions options, DataDirectory directory, IFileSystem files, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Run(() => RecoverAsync(options with { Directory = directory.Path }, files, time, () => directory.Claim("traces"), cancellationToken), cancellationToken);

    /// <summary>The same with the usual limits, on the disk and by the machine's clock.</summary>
    public static Task<TraceStore> OpenAsync(string directory, CancellationToken cancellationToken = default) =>
        OpenAsync(new TraceStoreOptions { Directory = directory }, new DiskFileSystem(), TimeProvider.System, cancellationToken);

    private static async Task<TraceStore> RecoverAsync(TraceStoreOptions options, IFileSystem files, TimeProvider time, Func<IDisposable> take, CancellationToken cancellationToken)
    {
        var paths = new StorePaths(options.Directory);
        IDisposable? held = null;
        RecoveredStore? recovered = null;
        TraceStore? store = null;
        try
        {
            held = take();
            files.CreateDirectory(paths.Root);
            files.CreateDirectory(paths.Blocks);
            files.CreateDirectory(paths.Log);
            var walOptions = new WalOptions { Directory = paths.Log, SegmentBytes = options.LogSegmentBytes, QueueBytes = options.LogQueueBytes };
            var cache = new PageCache(options.BlockCacheBytes);
            var tables = new SpanTablePool(2 * options.HeadMaxBytes);
            recovered = new StoreRecovery(options, files, time, cache, tables).Run(paths, walOptions, cancellationToken);
            store = new TraceStore(options, files, time, held, paths, walOptions, cache, tables, recovered);
            store.Begin();
            return store;
        }
        catch (Exception e)
        {
            if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
            else recovered?.CloseBlocks();
            held?.Dispose();
            if (e is IOException or UnauthorizedAccessException or InvalidDataException)
                throw new StoreOpenException($"The data directory {options.Directory} cannot be used: {e.Message}", e);
            throw;
        }
    }

    /// <summary>What opening the store did beside opening it, for an operator's log: that blocks of an older format were rewritten. What went wrong stands among the problems.</summary>
    public IReadOnlyList<string> OpeningNotes { get; }

    /// <summary>
    /// Stores the spans of one request. On <see cref="AppendStatus.Durable"/> they are fsynced and visible. <paramref name="payload"/> is the
    /// request in protobuf, saying exactly what <paramref name="batch"/> says; <paramref name="digest"/> identifies the request as the sender made it. Both
    /// buffers belong to the caller again when the task ends. An append that has begun is not cancelled.
    /// </summary>
    public ValueTask<AppendResult> AppendAsync(SpanBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived, CancellationToken cancellationToken) =>
        AppendAsync(batch, payload, digest, payloadIsAsReceived, 0, cancellationToken);

    /// <summary>The same for spans that were processed by rules: the log's record names their version.</summary>
    public ValueTask<AppendResult> AppendAsync(SpanBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived, uint policyVersion, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (batch.RowCount == 0) return new(AppendResult.Durable);
        return _turnover.Refusal is { } refusal ? new(refusal) : new(AppendNewAsync(batch, payload, digest, payloadIsAsReceived, policyVersion));
    }

    /// <summary>
    /// Stores spans that did not come as an OTLP request; otherwise as above. The same spans appended again within <see cref="TraceStoreOptions.DuplicateWindow"/> are recognised as a retry.
    /// </summary>
    public async ValueTask<AppendResult> AppendAsync(SpanBatch batch, CancellationToken cancellationToken = default)
    {
        var payload = new System.Buffers.ArrayBufferWriter<byte>();
        OtlpTraceEncoder.EncodeProcessed(batch, payload);
        var digest = System.IO.Hashing.XxHash128.HashToUInt128(payload.WrittenSpan);
        return await AppendAsync(batch, payload.WrittenMemory, digest, payloadIsAsReceived: false, cancellationToken).ConfigureAwait(false);
    }

    private async Task<AppendResult> AppendNewAsync(SpanBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest, bool payloadIsAsReceived, uint policyVersion)
    {
        var received = UnixTime.NowNano(_time);
        var outcome = new TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_recent.Register(digest, received, outcome.Task) is { } earlier)
        {
            var ended = await earlier.ConfigureAwait(false);
            return ended.Status == AppendStatus.Durable ? new AppendResult(AppendStatus.Duplicate, default, "") : ended;
        }
        try
        {
            var header = new WalRecordHeader(WalSignal.Traces, payloadIsAsReceived ? WalForm.Received : WalForm.Processed, 0, received, policyVersion, digest);
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
        catch (Exception e)
        {
            // A retry waits for how this ends.
            _recent.Forget(digest);
            outcome.TrySetResult(new AppendResult(AppendStatus.Failed, TimeSpan.FromSeconds(5), $"the spans cannot be stored because of an internal error: {e.GetType().Name}: {e.Message}"));
            throw;
        }
    }

    /// <summary>Runs on the log's loop, in log order: what is durable becomes visible.</summary>
    private void OnCommitted(IReadOnlyList<WalEntry<SpanBatch>> group)
    {
        _content.Add(group);
        _turnover.FlushWhenFull();
    }

    /// <summary>
    /// Makes the head a block now and waits until it is one; an <see cref="IOException"/> when the log cannot be cut or no block can be written. For tests, benchmarks and orderly shutdowns that want
    /// an empty log.
    /// </summary>
    public Task FlushAsync(CancellationToken cancellationToken) => _turnover.FlushAsync(cancellationToken);

    /// <summary>
    /// Merges small blocks as far as they go and applies retention, without waiting for more, and returns when nothing is left to do; an <see cref="IOException"/> when the disk refuses. For tests and
    /// benchmarks: the store does the same by itself, later.
    /// </summary>
    public Task CompactAsync(CancellationToken cancellationToken) => _maintenance.CompactAsync(cancellationToken);

    /// <summary>Keeps a trace from retention; durable on return. An <see cref="IOException"/> when the disk refuses.</summary>
    public async ValueTask<PinResult> PinAsync(TraceId traceId, CancellationToken cancellationToken) =>
        await GetTraceAsync(traceId, cancellationToken).ConfigureAwait(false) is null ? PinResult.NotFound : await Task.Run(() => _pins.Pin(traceId), cancellationToken).ConfigureAwait(false);

    /// <summary>Lets retention have a trace again; durable on return. False when it was not pinned. An <see cref="IOException"/> when the disk refuses.</summary>
    public async ValueTask<bool> UnpinAsync(TraceId traceId, CancellationToken cancellationToken)
    {
        var was = await Task.Run(() => _pins.Unpin(traceId), cancellationToken).ConfigureAwait(false);
        if (was) _maintenance.Wake();
        return was;
    }

    /// <summary>Decides which traces become part of blocks; null: all do. In force for the next block that is written.</summary>
    public ITailSampler? TailSampler
    {
        get => _tail.Sampler;
        set => _tail.Sampler = value;
    }

    /// <summary>The pinned traces, in the order in which they were pinned.</summary>
    public IReadOnlyList<TraceId> PinnedTraces => _pins.All;

    /// <inheritdoc/>
    public ValueTask<SearchResult> SearchAsync(SearchPlan plan, CancellationToken cancellationToken) => _queries.SearchAsync(plan, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TraceDistribution> GetDistributionAsync(SearchPlan plan, DistributionRequest request, CancellationToken cancellationToken) =>
        _queries.GetDistributionAsync(plan, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<FacetCounts> GetFacetsAsync(SearchPlan plan, FacetRequest request, CancellationToken cancellationToken) => _queries.GetFacetsAsync(plan, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AttributeKeys> GetKeysAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        _queries.GetKeysAsync(fromUnixNano, toUnixNano, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TraceView?> GetTraceAsync(TraceId traceId, CancellationToken cancellationToken) => _queries.GetTraceAsync(traceId, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TracePart?> GetTracePartAsync(TraceId traceId, TracePartRequest request, CancellationToken cancellationToken) => _queries.GetTracePartAsync(traceId, request, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<LinkedSpans?> GetLinksToAsync(TraceId traceId, ulong? fromUnixNano, ulong? toUnixNano, int limit, CancellationToken cancellationToken) =>
        _queries.GetLinksToAsync(traceId, fromUnixNano, toUnixNano, limit, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TraceShapes> GetShapesAsync(IReadOnlyList<TraceId> traceIds, int maxSpans, CancellationToken cancellationToken) => _queries.GetShapesAsync(traceIds, maxSpans, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ServiceStat>> GetServicesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        _queries.GetServicesAsync(fromUnixNano, toUnixNano, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OperationStat>> GetOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        _queries.GetOperationsAsync(services, fromUnixNano, toUnixNano, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RedOperations> GetRedOperationsAsync(IReadOnlyCollection<string> services, ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        _queries.GetRedOperationsAsync(services, fromUnixNano, toUnixNano, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<RedSeries> GetRedSeriesAsync(IReadOnlyCollection<string> services, ulong fromUnixNano, ulong toUnixNano, ulong stepNano, CancellationToken cancellationToken) =>
        _queries.GetRedSeriesAsync(services, fromUnixNano, toUnixNano, stepNano, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Dependencies> GetDependenciesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        _queries.GetDependenciesAsync(fromUnixNano, toUnixNano, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<OperationSeries> GetOperationSeriesAsync(
        IReadOnlyCollection<string> services, IReadOnlyCollection<string> names, ulong fromUnixNano, ulong toUnixNano, ulong stepNano, CancellationToken cancellationToken) =>
        _queries.GetOperationSeriesAsync(services, names, fromUnixNano, toUnixNano, stepNano, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<CallLatencies> GetCallLatenciesAsync(ulong? fromUnixNano, ulong? toUnixNano, CancellationToken cancellationToken) =>
        _queries.GetCallLatenciesAsync(fromUnixNano, toUnixNano, cancellationToken);

    /// <summary>What is stored, and what could not be read.</summary>
    public StoreStatistics GetStatistics()
    {
        var snapshot = _content.Take();
        try
        {
            return Statistics(snapshot);
        }
        finally
        {
            snapshot.Release();
        }
    }

    private StoreStatistics Statistics(StoreSnapshot snapshot)
    {
        var heads = snapshot.HeadViews;
        var parts = heads.SelectMany(h => h.Parts).ToArray();
        var blocks = snapshot.Blocks.Select(b => b.Facts).ToArray();
        ulong? earliest = null, latest = null;
        foreach (var (min, max) in blocks.Where(b => b.Spans > 0).Select(b => (b.MinStartUnixNano, b.MaxStartUnixNano)).Concat(parts.Select(p => (p.MinStartUnixNano, p.MaxStartUnixNano))))
        {
            earliest = Math.Min(earliest ?? min, min);
            latest = Math.Max(latest ?? max, max);
        }
        var headSpans = parts.Sum(p => (long)p.Rows);
        return new StoreStatistics(
            blocks.Sum(b => b.Spans) + headSpans,
            blocks.Sum(b => (long)b.Traces) + heads.Sum(h => (long)h.TraceCount),
            headSpans,
            blocks.Length,
            blocks.Sum(b => b.Bytes),
            _log.SizeBytes,
            earliest,
            latest,
            [.. _recoveryProblems.Concat(new[] { _tail.Problem }.OfType<string>()).Concat(_queries.Problems).Concat(_turnover.Problems).Concat(_maintenance.Problems).Distinct()])
        {
            Levels = [.. blocks.GroupBy(b => b.Level).OrderBy(l => l.Key).Select(l => new LevelStatistics(l.Key, l.Count(), l.Sum(b => b.Spans), l.Sum(b => b.Bytes)))],
            Compaction = new CompactionStatistics(_maintenance.IsIdle, _steps.Backlog.Count(), _steps.Backlog.Sum(b => b.Spans), _steps.Merges, _steps.MergedSpans),
            Retention = new RetentionStatistics(snapshot.Visibility.HiddenBeforeUnixNano, snapshot.Visibility.Pinned.Count, _steps.Dropped.Blocks, _steps.Dropped.Traces, _steps.Dropped.Bytes),
        };
    }

    /// <summary>Refuses new appends and queries, waits for those under way, and closes the files. Acknowledged spans are in the log; nothing needs flushing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposing, 1) == 1) return;
        await _log.DisposeAsync().ConfigureAwait(false);
        await _turnover.DisposeAsync().ConfigureAwait(false);
        await _maintenance.DisposeAsync().ConfigureAwait(false);
        await _queries.CloseAsync().ConfigureAwait(false);
        _content.Close();
        _held.Dispose();
    }
}
