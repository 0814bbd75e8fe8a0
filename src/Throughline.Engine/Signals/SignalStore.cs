using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Signals;

/// <summary>
/// The store of a signal beside the traces: what is appended is durable and visible when that returns, queries run at snapshots. It has its own log, head, blocks and manifest below <c>DIRECTORY/0/{name}/</c>, by
/// the same rules as <see cref="TraceStore"/>: a head and the log segments behind it become a block together. Thread safe.
/// </summary>
/// <remarks>The three signals wrap one each, with their queries over <see cref="TakeSnapshot"/>.</remarks>
internal sealed class SignalStore<TBatch, THead, TView, TBlock> : ISignalStore
    where TBatch : class
    where THead : class
    where TView : class
    where TBlock : class, IDisposable
{
    private readonly ISignalFormat<TBatch, THead, TView, TBlock> _format;
    private readonly TimeProvider _time;
    private readonly IDisposable _claim;
    private readonly RecentRequests _recent;
    private readonly IReadOnlyList<string> _recoveryProblems;
    private readonly SignalCatalog<TBatch, THead, TView, TBlock> _catalog;
    private readonly SignalContent<TBatch, THead, TView, TBlock> _content;
    private readonly WalWriter<TBatch> _log;
    private readonly SignalTurnover<TBatch, THead, TView, TBlock> _turnover;
    private readonly SignalSteps<TBatch, THead, TView, TBlock> _steps;
    private readonly BlockMaintenance _maintenance;
    private int _disposing;

    private SignalStore(ISignalFormat<TBatch, THead, TView, TBlock> format, SignalStoreOptions options, IFileSystem files, TimeProvider time, IDisposable claim, SignalPaths paths, WalOptions walOptions,
        PageCache cache, RecoveredSignal<THead, TBlock> recovered)
    {
        _format = format;
        _time = time;
        _claim = claim;
        _recent = recovered.Recent;
        _recoveryProblems = recovered.Problems;
        _catalog = new SignalCatalog<TBatch, THead, TView, TBlock>(format, files, paths, cache, recovered.Manifest);
        var blocks = recovered.Blocks.Select(b => new HeldBlock<TBlock>(b.Facts, b.File, b.Reader, _catalog.Delete)).ToArray();
        _content = new SignalContent<TBatch, THead, TView, TBlock>(format, new SignalState<THead, TBlock>(recovered.Head, null, blocks));
        var flushing = new QuietGate();
        _steps = new SignalSteps<TBatch, THead, TView, TBlock>(format, options, _catalog, _content, time, flushing);
        _maintenance = new BlockMaintenance(_steps, time);
        // The only part that does something before Begin; when the disk refuses it, nothing is to be stopped.
        _log = WalWriter<TBatch>.Open(files, walOptions, recovered.LogEnd, OnCommitted);
        _turnover = new SignalTurnover<TBatch, THead, TView, TBlock>(format, options, time, _content, _catalog, _log, flushing, _maintenance.Wake);
    }

    /// <inheritdoc/>
    public string Name => _format.Name;

    /// <summary>
    /// Opens or creates the store in a directory that the process has, and recovers what was acknowledged. The directory stays the caller's, and outlives the store.
    /// </summary>
    /// <exception cref="StoreOpenException">The store cannot be used (its manifest is damaged, a newer release wrote it, the disk refuses); one clear line.</exception>
    public static Task<SignalStore<TBatch, THead, TView, TBlock>> OpenAsync(DataDirectory directory, ISignalFormat<TBatch, THead, TView, TBlock> format, SignalStoreOptions options, IFileSystem files,
        TimeProvider time, CancellationToken cancellationToken) =>
        Task.Run(() => RecoverAsync(directory, format, options, files, time, cancellationToken), cancellationToken);

    private static async Task<SignalStore<TBatch, THead, TView, TBlock>> RecoverAsync(DataDirectory directory, ISignalFormat<TBatch, THead, TView, TBlock> format, SignalStoreOptions options, IFileSystem files,
        TimeProvider time, CancellationToken cancellationToken)
    {
        var paths = new SignalPaths(directory.Path, format.Name);
        var claim = directory.Claim(format.Name);
        RecoveredSignal<THead, TBlock>? recovered = null;
        SignalStore<TBatch, THead, TView, TBlock>? store = null;
        try
        {
            files.CreateDirectory(paths.Root);
            files.CreateDirectory(paths.Blocks);
            files.CreateDirectory(paths.Log);
            var walOptions = new WalOptions { Directory = paths.Log, SegmentBytes = options.LogSegmentBytes, QueueBytes = options.LogQueueBytes };
            var cache = new PageCache(options.BlockCacheBytes);
            recovered = new SignalRecovery<TBatch, THead, TView, TBlock>(format, options, files, time, cache).Run(paths, walOptions, cancellationToken);
            store = new SignalStore<TBatch, THead, TView, TBlock>(format, options, files, time, claim, paths, walOptions, cache, recovered);
            store.Begin();
            return store;
        }
        catch (Exception e)
        {
            if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
            else if (recovered is not null) foreach (var block in recovered.Blocks) block.Reader.Dispose();
            claim.Dispose();
            if (e is IOException or UnauthorizedAccessException or InvalidDataException) throw new StoreOpenException($"The {format.Name} in {directory.Path} cannot be used: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Begins what goes on in the background; a store of which that fails is to be disposed of.</summary>
    private void Begin()
    {
        _maintenance.Begin();
        _turnover.Begin();
        _turnover.DeleteLog(_catalog.Current.FirstSegment);
        _turnover.FlushWhenFull();
    }

    /// <summary>
    /// Stores the items of one request. On <see cref="AppendStatus.Durable"/> they are fsynced and visible. <paramref name="payload"/> says in <paramref name="form"/> exactly what <paramref name="batch"/> says, for
    /// <see cref="ISignalFormat{TBatch, THead, TView, TBlock}.TryDecode"/>; <paramref name="digest"/> identifies the request as the sender made it: an equal one within the duplicate window answers
    /// <see cref="AppendStatus.Duplicate"/>. Batch and payload belong to the caller again when the task ends. An append that has begun is not cancelled. A batch without items is not to be appended.
    /// </summary>
    public async ValueTask<AppendResult> AppendAsync(TBatch batch, ReadOnlyMemory<byte> payload, UInt128 digest, WalForm form)
    {
        if (_turnover.Refusal is { } refusal) return refusal;
        var received = UnixTime.NowNano(_time);
        var outcome = new TaskCompletionSource<AppendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_recent.Register(digest, received, outcome.Task) is { } earlier)
        {
            var ended = await earlier.ConfigureAwait(false);
            return ended.Status == AppendStatus.Durable ? new AppendResult(AppendStatus.Duplicate, default, "") : ended;
        }
        try
        {
            var appended = await _log.AppendAsync(new WalRecordHeader(_format.Signal, form, 0, received, 0, digest), payload, batch).ConfigureAwait(false);
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
            outcome.TrySetResult(new AppendResult(AppendStatus.Failed, TimeSpan.FromSeconds(5), $"the items cannot be stored because of an internal error: {e.GetType().Name}: {e.Message}"));
            throw;
        }
    }

    /// <summary>Runs on the log's loop, in log order: what is durable becomes visible.</summary>
    private void OnCommitted(IReadOnlyList<WalEntry<TBatch>> group)
    {
        _content.Add(group);
        _turnover.FlushWhenFull();
    }

    /// <summary>What a query sees: everything that was acknowledged so far. To be disposed of, soon.</summary>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public SignalSnapshot<TView, TBlock> TakeSnapshot() => _content.Take();

    /// <inheritdoc/>
    public Task FlushAsync(CancellationToken cancellationToken) => _turnover.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken) => _maintenance.CompactAsync(cancellationToken);

    /// <inheritdoc/>
    public SignalStatistics GetStatistics()
    {
        var state = _content.State;
        SignalHeadSize[] heads = state.Frozen is { } frozen ? [frozen.Head.Size, state.Active.Size] : [state.Active.Size];
        var blocks = state.Blocks.Select(b => b.Facts).ToArray();
        ulong? earliest = null, latest = null;
        foreach (var (items, first, last) in blocks.Select(b => (b.Items, b.FirstUnixNano, b.LastUnixNano)).Concat(heads.Select(h => (h.Items, h.FirstUnixNano, h.LastUnixNano))))
        {
            if (items == 0) continue;
            earliest = Math.Min(earliest ?? first, first);
            latest = Math.Max(latest ?? last, last);
        }
        var headItems = heads.Sum(h => h.Items);
        var (merges, mergedBytes) = _steps.Merges;
        var dropped = _steps.Dropped;
        return new SignalStatistics(Name, blocks.Sum(b => b.Items) + headItems, headItems, heads.Sum(h => h.Bytes), blocks.Length, blocks.Sum(b => b.Bytes), _log.SizeBytes, earliest, latest,
            [.. _recoveryProblems.Concat(_content.Unreadable).Concat(_turnover.Problems).Concat(_maintenance.Problems).Select(p => $"{Name}: {p}")])
        {
            Levels = [.. blocks.GroupBy(b => b.Level).OrderBy(l => l.Key).Select(l => new SignalLevel(l.Key, l.Count(), l.Sum(b => b.Items), l.Sum(b => b.Bytes)))],
            IsIdle = _maintenance.IsIdle,
            FlushedBytes = _turnover.FlushedBytes,
            Merges = merges,
            MergedBytes = mergedBytes,
            DroppedBlocks = dropped.Blocks,
            DroppedItems = dropped.Items,
            DroppedBytes = dropped.Bytes,
        };
    }

    /// <summary>Refuses new appends and snapshots, and closes the files; what a snapshot holds stays readable until it ends. Acknowledged items are in the log; nothing needs flushing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposing, 1) == 1) return;
        await _log.DisposeAsync().ConfigureAwait(false);
        await _turnover.DisposeAsync().ConfigureAwait(false);
        await _maintenance.DisposeAsync().ConfigureAwait(false);
        _content.Close();
        _claim.Dispose();
    }
}
