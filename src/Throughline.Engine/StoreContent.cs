using Throughline.Engine.Blocks;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Query;
using Throughline.Engine.Wal;

namespace Throughline.Engine;

/// <summary>
/// What the store has in memory, as one state that is swapped whole: the log's loop adds to the head, a flush makes a block of a head, compaction and retention replace blocks, queries take
/// snapshots. Owned by the store. Thread safe; no file is touched while its lock is held.
/// </summary>
internal sealed class StoreContent(StoreState initial, SpanTablePool tables) : IBlockSet
{
    private readonly Lock _gate = new();
    private volatile StoreState _state = initial;
    private StoreSnapshot? _snapshot;
    private ulong _sequence;

    /// <summary>The state as it is now. Its blocks may be gone soon: who reads them takes a snapshot.</summary>
    public StoreState State => _state;

    /// <summary>Called when blocks are no longer in the state, before the store lets go of them: who remembers something of them forgets it.</summary>
    public event Action? BlocksDropped;

    /// <inheritdoc/>
    public IReadOnlyList<StoredBlock> Blocks => _state.Blocks;

    /// <inheritdoc/>
    public TraceVisibility Visibility => _state.Visibility;

    /// <summary>Adds durable requests to the head, in log order; visible to snapshots that are taken afterwards.</summary>
    public void Add(IReadOnlyList<WalEntry<SpanBatch>> group)
    {
        StoreSnapshot? old;
        lock (_gate)
        {
            foreach (var entry in group) _state.Active.Add(entry.State, new RequestDigest(entry.Header.Digest, entry.Header.ReceiveUnixNano));
            old = Next();
        }
        old?.Release();
    }

    /// <summary>Ends the head at a cut of the log and begins another; null when it is empty, or one is still being written.</summary>
    public FrozenHead? Freeze(WalCut cut, ulong nowUnixNano, CarryLimits limits)
    {
        StoreSnapshot? old;
        FrozenHead frozen;
        lock (_gate)
        {
            if (_state.Active.SpanCount == 0 || _state.Frozen is not null) return null;
            frozen = new FrozenHead(_state.Active, cut.Segment, nowUnixNano, limits);
            _state = _state with { Active = new Head(nowUnixNano, tables, cut.Segment), Frozen = frozen };
            old = Next();
        }
        old?.Release();
        return frozen;
    }

    /// <summary>The frozen head is a block now (null: nothing of it is kept), but for the traces that it leaves, which go over to the active one: no snapshot has them in both, or in neither.</summary>
    public void Flushed(StoredBlock? block)
    {
        StoreSnapshot? old;
        FrozenHead? frozen;
        lock (_gate)
        {
            frozen = _state.Frozen;
            if (frozen is not null && frozen.Carried.Rows.Length > 0) _state.Active.Carry(frozen.Head, frozen.Carried);
            _state = _state with { Frozen = null, Blocks = block is null ? _state.Blocks : [.. _state.Blocks, block] };
            old = Next();
        }
        old?.Release();
        frozen?.Head.Release();
    }

    /// <inheritdoc/>
    public ulong[] HeadTraceStarts()
    {
        var snapshot = Take();
        try
        {
            var starts = new List<ulong>();
            foreach (var head in snapshot.HeadViews) starts.AddRange(BlockTraces.StartsOf(head));
            starts.Sort();
            return [.. starts];
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <inheritdoc/>
    public HashSet<TraceId> HeadTracesFrom(ulong unixNano)
    {
        var snapshot = Take();
        try
        {
            var traces = new HashSet<TraceId>();
            foreach (var head in snapshot.HeadViews)
            {
                var starts = BlockTraces.StartsOf(head);
                for (var trace = 0; trace < starts.Count; trace++)
                {
                    if (starts[trace] >= unixNano) traces.Add(head.TraceIds[trace]);
                }
            }
            return traces;
        }
        finally
        {
            snapshot.Release();
        }
    }

    /// <inheritdoc/>
    public void ForgetUnopened(IReadOnlyCollection<long> numbers)
    {
        StoreSnapshot? old;
        lock (_gate)
        {
            _state = _state with { Unopened = [.. _state.Unopened.Where(b => !numbers.Contains(b.Number))] };
            old = Next();
        }
        old?.Release();
    }

    /// <inheritdoc/>
    public void Replace(IReadOnlyList<StoredBlock> dropped, StoredBlock? added, TraceVisibility visibility)
    {
        StoreSnapshot? old;
        lock (_gate)
        {
            var blocks = _state.Blocks.ToList();
            var place = dropped.Count == 0 ? blocks.Count : blocks.IndexOf(dropped[0]);
            if (added is not null) blocks.Insert(place, added);
            blocks.RemoveAll(dropped.Contains);
            _state = _state with { Blocks = blocks, Visibility = visibility };
            old = Next();
        }
        old?.Release();
        if (dropped.Count > 0) BlocksDropped?.Invoke();
        foreach (var block in dropped) block.Drop();
    }

    /// <summary>The newest snapshot, held once for the caller.</summary>
    public StoreSnapshot Take()
    {
        lock (_gate)
        {
            _snapshot ??= new StoreSnapshot(_sequence, _state);
            _snapshot.Retain();
            return _snapshot;
        }
    }

    /// <summary>Gives idle memory of heads back.</summary>
    public void Trim() => tables.Trim();

    /// <summary>Lets go of all blocks; nothing may be asked of it afterwards.</summary>
    public void Close()
    {
        StoreSnapshot? old;
        lock (_gate)
        {
            old = Next();
        }
        old?.Release();
        foreach (var block in _state.Blocks) block.Release();
        foreach (var head in _state.Heads) head.Release();
    }

    /// <summary>Another snapshot begins here. The one before is answered, for its release outside of the lock: the last one to let go of a block closes files.</summary>
    private StoreSnapshot? Next()
    {
        _sequence++;
        var old = _snapshot;
        _snapshot = null;
        return old;
    }
}
