using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Signals;

/// <summary>
/// Turns the head over when it is full or old: cuts the log, freezes the head exactly there, has it written as a block, and deletes the log segments that are not needed any more. One head is
/// written at a time. Owned by the store. Thread safe.
/// </summary>
internal sealed class SignalTurnover<TBatch, THead, TView, TBlock> : IAsyncDisposable
    where TBatch : class
    where THead : class
    where TView : class
    where TBlock : class, IDisposable
{
    /// <summary>How often the age of the head is looked at.</summary>
    private static readonly TimeSpan AgeCheckInterval = TimeSpan.FromSeconds(30);

    private readonly ISignalFormat<TBatch, THead, TView, TBlock> _format;
    private readonly SignalStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly SignalContent<TBatch, THead, TView, TBlock> _content;
    private readonly SignalCatalog<TBatch, THead, TView, TBlock> _catalog;
    private readonly WalWriter<TBatch> _log;
    private readonly FlushLoop<FrozenSignalHead<THead>> _flusher;
    private readonly Action _flushedBlock;
    private readonly Lock _gate = new();
    private ITimer? _ageTimer;
    private bool _isCutting;
    private TaskCompletionSource _flushed = NewSignal();
    private long _cuts;
    private long _flushedBytes;
    private volatile string? _cutProblem;
    private volatile string? _logProblem;

    /// <summary>Does nothing before <see cref="Begin"/>. <paramref name="flushedBlock"/> is called after every flush.</summary>
    public SignalTurnover(ISignalFormat<TBatch, THead, TView, TBlock> format, SignalStoreOptions options, TimeProvider time, SignalContent<TBatch, THead, TView, TBlock> content,
        SignalCatalog<TBatch, THead, TView, TBlock> catalog, WalWriter<TBatch> log, QuietGate busy, Action flushedBlock)
    {
        _format = format;
        _options = options;
        _time = time;
        _content = content;
        _catalog = catalog;
        _log = log;
        _flushedBlock = flushedBlock;
        _flusher = new FlushLoop<FrozenSignalHead<THead>>(format.Items, time, busy, Flush, OnFlushEnded);
    }

    /// <summary>Begins to write heads as blocks and to look at the head's age. What was begun ends with <see cref="DisposeAsync"/>, when this throws too.</summary>
    public void Begin()
    {
        _flusher.Begin();
        _ageTimer = _time.CreateTimer(_ => FlushWhenOld(), null, AgeCheckInterval, AgeCheckInterval);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What does not work; empty when all is well.</summary>
    public IEnumerable<string> Problems => new[] { _flusher.Problem, _cutProblem, _logProblem }.OfType<string>();

    /// <summary>Bytes of the blocks that were flushed.</summary>
    public long FlushedBytes => Interlocked.Read(ref _flushedBytes);

    /// <summary>
    /// Why no more items may be taken in for now; null while there is room. While one head is being written, the next may grow to twice its size; beyond that memory has no bound but this answer.
    /// </summary>
    public AppendResult? Refusal
    {
        get
        {
            var state = _content.State;
            if (state.Frozen is null) return null;
            var growth = _flusher.HasGivenUp ? 1 : 2;
            var size = state.Active.Size;
            if (size.Items <= growth * _options.HeadMaxItems && size.Bytes <= growth * _options.HeadMaxBytes) return null;
            return _flusher.HasGivenUp
                ? new AppendResult(AppendStatus.Failed, TimeSpan.FromMinutes(1), _flusher.Problem ?? "")
                : new AppendResult(AppendStatus.Overloaded, TimeSpan.FromSeconds(1), _flusher.Problem ?? $"Blocks are being written slower than {_format.Items} arrive; try again.");
        }
    }

    /// <summary>Begins a flush when the head is full and no other is being written.</summary>
    public void FlushWhenFull()
    {
        var state = _content.State;
        var size = state.Active.Size;
        if (state.Frozen is null && (size.Items >= _options.HeadMaxItems || size.Bytes >= _options.HeadMaxBytes)) FreezeHead();
    }

    private void FlushWhenOld()
    {
        var state = _content.State;
        var isOld = UnixTime.NowNano(_time) > state.Active.BeganUnixNano + (ulong)_options.HeadMaxAge.Ticks * 100;
        if (isOld && state.Frozen is null && !state.Active.IsEmpty) FreezeHead();
    }

    /// <summary>Makes the head a block now and waits until it is one; an <see cref="IOException"/> when the log cannot be cut, or no block can be written any more.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var flushed = _flushed.Task;
            var state = _content.State;
            if (state.Active.IsEmpty && state.Frozen is null) return;
            if (_flusher.HasGivenUp) throw new IOException(_flusher.Problem);
            // A cut of its own: one that is under way may have been done already, with nobody to tell this flush.
            if (state.Frozen is null) await _log.CutAsync(OnCut).ConfigureAwait(false);
            await flushed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes the segments that recovery does not need. What the disk refuses to delete is deleted next time.</summary>
    public void DeleteLog(long before)
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

    /// <summary>Begins no more flushes, and ends the one under way between two steps.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_ageTimer is { } timer) await timer.DisposeAsync().ConfigureAwait(false);
        await _flusher.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Cuts the log and freezes the head exactly there; nothing when that is asked for already and has not been done yet.</summary>
    private void FreezeHead()
    {
        lock (_gate)
        {
            if (_isCutting) return;
            _isCutting = true;
        }
        _ = CutAsync();
    }

    private async Task CutAsync()
    {
        var cuts = Interlocked.Read(ref _cuts);
        try
        {
            await _log.CutAsync(OnAskedCut).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            lock (_gate)
            {
                _isCutting = false;
                // Told late, when another cut has been possible since.
                if (cuts == _cuts) _cutProblem = e.Message;
            }
        }
    }

    private void OnAskedCut(WalCut cut)
    {
        OnCut(cut);
        // Here and not where its task ends, which is later: the next head may be full by then, and nobody would cut for it.
        lock (_gate)
        {
            _isCutting = false;
        }
    }

    private void OnCut(WalCut cut)
    {
        lock (_gate)
        {
            _cuts++;
            _cutProblem = null;
        }
        // Another cut may have come just before this one.
        if (_content.Freeze(cut, UnixTime.NowNano(_time)) is { } frozen) _flusher.Enqueue(frozen);
    }

    private void Flush(FrozenSignalHead<THead> frozen, CancellationToken stop)
    {
        var head = frozen.Head;
        var written = _catalog.Write(file => _format.Write(head.Content, file, stop), head.Digests);
        try
        {
            var entry = written.Entry(head.FirstReceivedUnixNano, head.LastReceivedUnixNano, level: 0);
            var block = new HeldBlock<TBlock>(entry, written.File, written.Reader, _catalog.Delete);
            _catalog.Commit(m => m with { FirstSegment = frozen.EndSegment, Blocks = [.. m.Blocks, entry] }, () => _content.Flushed(block));
            Interlocked.Add(ref _flushedBytes, entry.Bytes);
        }
        catch
        {
            _catalog.GiveUp(written);
            throw;
        }
    }

    private void OnFlushEnded(FrozenSignalHead<THead>? head)
    {
        if (head is not null) DeleteLog(head.EndSegment);
        Interlocked.Exchange(ref _flushed, NewSignal()).SetResult();
        if (head is null) return;
        FlushWhenFull();
        _flushedBlock();
    }
}
