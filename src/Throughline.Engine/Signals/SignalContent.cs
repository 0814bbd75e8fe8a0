using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Wal;

namespace Throughline.Engine.Signals;

/// <summary>What the store of a signal has in memory: the head that takes items, the head that is becoming a block, the blocks. Immutable, swapped whole.</summary>
internal sealed record SignalState<THead, TBlock>(SignalHead<THead> Active, FrozenSignalHead<THead>? Frozen, IReadOnlyList<HeldBlock<TBlock>> Blocks)
    where THead : class
    where TBlock : class, IDisposable;

/// <summary>
/// The state of a store as it changes: the log's loop adds to the head, a flush makes a block of a head, merges and retention replace blocks, queries take snapshots. Owned by the store. Thread safe; no
/// file is touched while its lock is held.
/// </summary>
internal sealed class SignalContent<TBatch, THead, TView, TBlock>(ISignalFormat<TBatch, THead, TView, TBlock> format, SignalState<THead, TBlock> initial)
    where TBatch : class
    where THead : class
    where TView : class
    where TBlock : class, IDisposable
{
    /// <summary>Messages about unreadable places that are kept; more of them say nothing new.</summary>
    private const int MostUnreadable = 100;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _unreadable = [];
    private volatile SignalState<THead, TBlock> _state = initial;
    private IReadOnlyList<TView>? _views;
    private ulong _sequence;
    private bool _isClosed;

    /// <summary>The state as it is now. Its blocks may be gone soon: who reads them takes a snapshot.</summary>
    public SignalState<THead, TBlock> State => _state;

    /// <summary>What queries could not read so far.</summary>
    public IReadOnlyList<string> Unreadable
    {
        get
        {
            lock (_unreadable)
            {
                return [.. _unreadable];
            }
        }
    }

    /// <summary>Adds durable requests to the head, in log order; visible to snapshots that are taken afterwards.</summary>
    public void Add(IReadOnlyList<WalEntry<TBatch>> group)
    {
        lock (_gate)
        {
            var head = _state.Active;
            foreach (var entry in group)
            {
                format.Add(head.Content, entry.State, entry.Header.ReceiveUnixNano);
                head.Remember(new RequestDigest(entry.Header.Digest, entry.Header.ReceiveUnixNano));
            }
            head.Size = format.Measure(head.Content);
            Next();
        }
    }

    /// <summary>Ends the head at a cut of the log and begins another; null when it is empty, or one is still being written.</summary>
    public FrozenSignalHead<THead>? Freeze(WalCut cut, ulong nowUnixNano)
    {
        lock (_gate)
        {
            if (_state.Active.IsEmpty || _state.Frozen is not null) return null;
            var frozen = new FrozenSignalHead<THead>(_state.Active, cut.Segment);
            _state = _state with { Active = new SignalHead<THead>(format.NewHead(), nowUnixNano), Frozen = frozen };
            Next();
            return frozen;
        }
    }

    /// <summary>The frozen head is a block now: no snapshot has both, or neither.</summary>
    public void Flushed(HeldBlock<TBlock> block)
    {
        lock (_gate)
        {
            _state = _state with { Frozen = null, Blocks = [.. _state.Blocks, block] };
            Next();
        }
    }

    /// <summary>Puts a block, or nothing, in the place of others, whose names no durable manifest has any more.</summary>
    public void Replace(IReadOnlyList<HeldBlock<TBlock>> dropped, HeldBlock<TBlock>? added)
    {
        lock (_gate)
        {
            var blocks = _state.Blocks.ToList();
            var place = dropped.Count == 0 ? blocks.Count : blocks.IndexOf(dropped[0]);
            if (added is not null) blocks.Insert(place, added);
            blocks.RemoveAll(dropped.Contains);
            _state = _state with { Blocks = blocks };
            Next();
        }
        foreach (var block in dropped) block.Drop();
    }

    /// <summary>A snapshot of the state as it is now.</summary>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public SignalSnapshot<TView, TBlock> Take()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(ISignalStore));
            _views ??= _state.Frozen is { } frozen ? [format.View(frozen.Head.Content), format.View(_state.Active.Content)] : [format.View(_state.Active.Content)];
            return new SignalSnapshot<TView, TBlock>(_sequence, _views, _state.Blocks, Report);
        }
    }

    /// <summary>Lets go of all blocks; no snapshot is given any more, and those that are held stay readable.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            Next();
        }
        foreach (var block in _state.Blocks) block.Release();
    }

    private void Next()
    {
        _sequence++;
        _views = null;
    }

    private void Report(string message)
    {
        lock (_unreadable)
        {
            if (_unreadable.Count < MostUnreadable) _unreadable.Add(message);
        }
    }
}
