using Throughline.Engine.Blocks;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Wal;

namespace Throughline.Engine;

/// <summary>
/// Turns the head over when it is full or old: cuts the log, freezes the head exactly there, has it written as a block, and deletes the log segments that are not needed any more. One head is
/// written at a time. Owned by the store. Thread safe.
/// </summary>
internal sealed class HeadTurnover : IAsyncDisposable
{
    /// <summary>How often the age of the head is looked at.</summary>
    private static readonly TimeSpan AgeCheckInterval = TimeSpan.FromSeconds(30);

    private readonly TraceStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly CarryLimits _carry;
    private readonly TailStep _tail;
    private readonly StoreContent _content;
    private readonly WalWriter<SpanBatch> _log;
    private readonly BlockFlusher _flusher;
    private readonly Action _flushedBlock;
    private readonly Lock _gate = new();
    private ITimer? _ageTimer;
    private bool _isCutting;
    private TaskCompletionSource _flushed = NewSignal();
    private long _cuts;
    private volatile string? _cutProblem;
    private volatile string? _logProblem;

    /// <summary>Does nothing before <see cref="Begin"/>. <paramref name="flushedBlock"/> is called after every flush.</summary>
    public HeadTurnover(TraceStoreOptions options, TimeProvider time, StoreContent content, WalWriter<SpanBatch> log, BlockCatalog catalog, QuietGate busy, TailStep tail, Action flushedBlock)
    {
        _options = options;
        _time = time;
        _carry = new CarryLimits((ulong)options.CarryOver.Ticks * 100, (ulong)options.CarryOverMaxAge.Ticks * 100, options.CarryOverMaxSpans);
        _tail = tail;
        _content = content;
        _log = log;
        _flushedBlock = flushedBlock;
        _flusher = new BlockFlusher(catalog, compresses: !options.Compaction.IsOn, time, busy, tail, content.Take, (_, block) => content.Flushed(block), OnFlushEnded);
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

    /// <summary>
    /// Why no more spans may be taken in for now; null while there is room. While one head is being written, the next may grow to twice its size; beyond that memory has no bound but this answer.
    /// </summary>
    public AppendResult? Refusal
    {
        get
        {
            var state = _content.State;
            if (state.Frozen is null) return null;
            var growth = _flusher.HasGivenUp ? 1 : 2;
            if (state.Active.SpanCount <= (long)growth * _options.HeadMaxSpans && state.Active.MemoryBytes <= growth * _options.HeadMaxBytes) return null;
            return _flusher.HasGivenUp
                ? new AppendResult(AppendStatus.Failed, TimeSpan.FromMinutes(1), _flusher.Problem ?? "")
                : new AppendResult(AppendStatus.Overloaded, TimeSpan.FromSeconds(1), _flusher.Problem ?? "Blocks are being written slower than spans arrive; try again.");
        }
    }

    /// <summary>Begins a flush when the head is full and no other is being written.</summary>
    public void FlushWhenFull()
    {
        var state = _content.State;
        if (state.Frozen is null && (state.Active.SpanCount >= _options.HeadMaxSpans || state.Active.MemoryBytes >= _options.HeadMaxBytes)) FreezeHead();
    }

    private void FlushWhenOld()
    {
        var state = _content.State;
        var isOld = UnixTime.NowNano(_time) > state.Active.BeganUnixNano + (ulong)_tail.HeadMaxAge.Ticks * 100;
        if (!isOld) return;
        _content.Trim();
        if (state.Frozen is null && state.Active.SpanCount > 0) FreezeHead();
    }

    /// <summary>Makes the head a block now, with nothing carried over, and waits until it is one; an <see cref="IOException"/> when the log cannot be cut, or no block can be written any more.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var flushed = _flushed.Task;
            var state = _content.State;
            if (state.Active.SpanCount == 0 && state.Frozen is null) return;
            if (_flusher.HasGivenUp) throw new IOException(_flusher.Problem);
            // A cut of its own: one that is under way may have been done already, with nobody to tell this flush.
            if (state.Frozen is null) await _log.CutAsync(cut => OnCut(cut, default)).ConfigureAwait(false);
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
        OnCut(cut, _tail.Limits(_carry));
        // Here and not where its task ends, which is later: the next head may be full by then, and nobody would cut for it.
        lock (_gate)
        {
            _isCutting = false;
        }
    }

    private void OnCut(WalCut cut, CarryLimits limits)
    {
        lock (_gate)
        {
            _cuts++;
            _cutProblem = null;
        }
        // Another cut may have come just before this one.
        if (_content.Freeze(cut, UnixTime.NowNano(_time), limits) is { } frozen) _flusher.Enqueue(frozen);
    }

    private void OnFlushEnded(FrozenHead? head)
    {
        if (head is not null) DeleteLog(head.FirstNeededSegment);
        Interlocked.Exchange(ref _flushed, NewSignal()).SetResult();
        if (head is null) return;
        FlushWhenFull();
        _flushedBlock();
    }
}
