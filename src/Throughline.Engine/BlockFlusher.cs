using Throughline.Engine.Blocks;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine;

/// <summary>
/// Turns frozen heads into blocks, one at a time, in the background: writes the block, then the manifest, then tells the store, which drops the head and the log
/// segments. Owned by <see cref="HeadTurnover"/>. When the disk refuses, the head stays where it is and the flush is tried again.
/// </summary>
internal sealed class BlockFlusher : IAsyncDisposable
{
    private readonly BlockCatalog _catalog;
    private readonly TailStep _tail;
    private readonly Func<StoreSnapshot> _takeSnapshot;
    private readonly Action<FrozenHead, StoredBlock?> _swap;
    private readonly FlushLoop<FrozenHead> _loop;

    // Its buffers serve every flush: as much memory anew for each would be some 500 bytes a span.
    private readonly bool _compresses;
    private BlockWriter _writer;

    /// <summary>
    /// Does nothing before <see cref="Begin"/>. <paramref name="swap"/> is called on it when a block (null: nothing is left for one) and its manifest are durable, before any other change of the manifest; <paramref name="ended"/>
    /// when that is over, or, with null, when the flusher has given up.
    /// </summary>
    public BlockFlusher(BlockCatalog catalog, bool compresses, TimeProvider time, QuietGate busy, TailStep tail, Func<StoreSnapshot> takeSnapshot, Action<FrozenHead, StoredBlock?> swap, Action<FrozenHead?> ended)
    {
        _catalog = catalog;
        _compresses = compresses;
        _writer = new BlockWriter(compresses);
        _tail = tail;
        _takeSnapshot = takeSnapshot;
        _swap = swap;
        _loop = new FlushLoop<FrozenHead>("spans", time, busy, Flush, ended);
    }

    /// <summary>Begins the loop; once.</summary>
    public void Begin() => _loop.Begin();

    /// <summary>Why the last flush failed; null when all is well.</summary>
    public string? Problem => _loop.Problem;

    /// <summary>No block will be written any more until the store is opened again; <see cref="Problem"/> says why.</summary>
    public bool HasGivenUp => _loop.HasGivenUp;

    /// <summary>Takes a frozen head; heads are flushed in the order they come.</summary>
    public void Enqueue(FrozenHead head) => _loop.Enqueue(head);

    /// <summary>Stops between two steps; a block that is not in the manifest yet is given up, its spans are in the log.</summary>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);
        _writer.Dispose();
    }

    private NewBlock? Write(FrozenHead frozen, CancellationToken stop)
    {
        var snapshot = _takeSnapshot();
        try
        {
            if (!frozen.Tail.IsDecided) frozen.Tail = (true, _tail.Decide(frozen, snapshot.Visibility.Pinned.Contains, id => IsInBlocks(snapshot, id, exactly: true)));
            var plan = frozen.Tail.Plan;
            if (plan is { KeepsAny: false }) return null;
            return _catalog.Write(file => frozen.Head.WriteBlock(_writer, file, id => IsInBlocks(snapshot, id, exactly: false), frozen.Carried, plan?.Dropped ?? [], plan?.TraceStates, stop));
        }
        catch
        {
            // It may have stopped anywhere; the next try does not build on that.
            _writer.Dispose();
            _writer = new BlockWriter(_compresses);
            throw;
        }
        finally
        {
            snapshot.Release();
        }
    }

    private static bool IsInBlocks(StoreSnapshot snapshot, TraceId id, bool exactly)
    {
        foreach (var block in snapshot.Blocks)
        {
            try
            {
                if (block.Reader.MayHold(id) && (!exactly || block.Reader.FindTrace(id) >= 0)) return true;
            }
            catch (UnreadableSegmentException)
            {
                // A block that does not tell may hold it; queries look closer, and say what cannot be read.
                return true;
            }
        }
        return false;
    }

    private void Flush(FrozenHead frozen, CancellationToken stop)
    {
        // What the sampler is told of lies in the head, whose memory may be another's when it is swapped.
        frozen.Head.Retain();
        try
        {
            Commit(frozen, Write(frozen, stop), frozen.Tail.Plan);
            frozen.Tail.Plan?.Tell(frozen.Head.TableView().Spans);
        }
        finally
        {
            frozen.Head.Release();
        }
    }

    private void Commit(FrozenHead frozen, NewBlock? written, TailPlan? plan)
    {
        try
        {
            if (plan is not null) _tail.Remember(plan);
            var facts = written is null ? null : BlockFacts.Of(written, frozen.Head.FirstReceivedUnixNano, frozen.Head.LastReceivedUnixNano, level: 0);
            var block = facts is null || written is null ? null : new StoredBlock(facts, written.Reader, _catalog.Delete);
            _catalog.Commit(
                m => m with { FirstSegment = frozen.FirstNeededSegment, CutSegment = frozen.EndSegment, Carried = frozen.Carried.Traces, Blocks = facts is null ? m.Blocks : [.. m.Blocks, facts] },
                _ => _swap(frozen, block));
        }
        catch
        {
            if (written is not null) _catalog.GiveUp(written);
            throw;
        }
    }
}
