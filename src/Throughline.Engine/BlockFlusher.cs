using System.Threading.Channels;
using Throughline.Engine.Blocks;
using Throughline.Engine.Lifecycle;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine;

/// <summary>
/// Turns frozen heads into blocks, one at a time, in the background: writes the block, then the manifest, then tells the store, which drops the head and the log
/// segments. Owned by <see cref="HeadTurnover"/>. When the disk refuses, the head stays where it is and the flush is tried again, at longer and longer intervals.
/// </summary>
internal sealed class BlockFlusher : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    /// <summary>Tries of a flush that fails otherwise than by the disk: what the code cannot do, it cannot do on the fourth try either.</summary>
    private const int MostInternalFailures = 3;

    private readonly BlockCatalog _catalog;
    private readonly TimeProvider _time;
    private readonly QuietGate _busy;
    private readonly TailStep _tail;
    private readonly Func<StoreSnapshot> _takeSnapshot;
    private readonly Action<FrozenHead, StoredBlock?> _swap;
    private readonly Action<FrozenHead?> _ended;
    private readonly Channel<FrozenHead> _queue = Channel.CreateUnbounded<FrozenHead>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    // Its buffers serve every flush: as much memory anew for each would be some 500 bytes a span.
    private readonly bool _compresses;
    private BlockWriter _writer;
    private volatile string? _problem;
    private volatile bool _hasGivenUp;

    /// <summary>
    /// Does nothing before <see cref="Begin"/>. <paramref name="swap"/> is called on it when a block (null: nothing is left for one) and its manifest are durable, before any other change of the manifest; <paramref name="ended"/>
    /// when that is over, or, with null, when the flusher has given up.
    /// </summary>
    public BlockFlusher(BlockCatalog catalog, bool compresses, TimeProvider time, QuietGate busy, TailStep tail, Func<StoreSnapshot> takeSnapshot, Action<FrozenHead, StoredBlock?> swap, Action<FrozenHead?> ended)
    {
        _catalog = catalog;
        _compresses = compresses;
        _writer = new BlockWriter(compresses);
        _time = time;
        _busy = busy;
        _tail = tail;
        _takeSnapshot = takeSnapshot;
        _swap = swap;
        _ended = ended;
    }

    /// <summary>Begins the loop; once.</summary>
    public void Begin() => _loop = Task.Run(RunAsync);

    /// <summary>Why the last flush failed; null when all is well.</summary>
    public string? Problem => _problem;

    /// <summary>No block will be written any more until the store is opened again; <see cref="Problem"/> says why.</summary>
    public bool HasGivenUp => _hasGivenUp;

    /// <summary>Takes a frozen head; heads are flushed in the order they come.</summary>
    public void Enqueue(FrozenHead head) => _queue.Writer.TryWrite(head);

    /// <summary>Stops between two steps; a block that is not in the manifest yet is given up, its spans are in the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.Complete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _writer.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var head in _queue.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false))
            {
                var isFlushed = await FlushAsync(head).ConfigureAwait(false);
                _ended(isFlushed ? head : null);
                if (!isFlushed) return;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The store is being closed: what is not flushed is in the log.
        }
    }

    private async Task<bool> FlushAsync(FrozenHead head)
    {
        var wait = FirstRetry;
        var internalFailures = 0;
        while (true)
        {
            try
            {
                using (_busy.Enter()) Flush(head);
                _problem = null;
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _problem = $"a block cannot be written, its spans stay in the log and in memory until that succeeds: {e.Message}";
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The host boundary of this loop: whatever it was, the spans are in the log and in memory, and the operator is told.
                var what = $"{e.GetType().Name}: {e.Message}";
                _hasGivenUp = ++internalFailures == MostInternalFailures;
                _problem = _hasGivenUp
                    ? $"a block cannot be written because of an internal error, and no more spans are taken in once the head is full; what was acknowledged is in the log and served. Report this, and start the server again: {what}"
                    : $"a block cannot be written because of an internal error, its spans stay in the log and in memory: {what}";
                if (_hasGivenUp) return false;
            }
            await Task.Delay(wait, _time, _stop.Token).ConfigureAwait(false);
            wait = wait * 2 < LongestRetry ? wait * 2 : LongestRetry;
        }
    }

    private NewBlock? Write(FrozenHead frozen)
    {
        var snapshot = _takeSnapshot();
        try
        {
            if (!frozen.Tail.IsDecided) frozen.Tail = (true, _tail.Decide(frozen, snapshot.Visibility.Pinned.Contains, id => IsInBlocks(snapshot, id, exactly: true)));
            var plan = frozen.Tail.Plan;
            if (plan is { KeepsAny: false }) return null;
            return _catalog.Write(file => frozen.Head.WriteBlock(_writer, file, id => IsInBlocks(snapshot, id, exactly: false), frozen.Carried, plan?.Dropped ?? [], plan?.TraceStates, _stop.Token));
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

    private void Flush(FrozenHead frozen)
    {
        // What the sampler is told of lies in the head, whose memory may be another's when it is swapped.
        frozen.Head.Retain();
        try
        {
            Commit(frozen, Write(frozen), frozen.Tail.Plan);
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
