using System.Threading.Channels;

namespace Throughline.Engine.Lifecycle;

/// <summary>
/// Writes frozen heads as blocks, one at a time, in the background. When the disk refuses, the head stays where it is and the flush is tried again, at longer and longer intervals. Owned by who turns the
/// heads over. Thread safe.
/// </summary>
internal sealed class FlushLoop<THead> : IAsyncDisposable
    where THead : class
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    /// <summary>Tries of a flush that fails otherwise than by the disk: what the code cannot do, it cannot do on the fourth try either.</summary>
    private const int MostInternalFailures = 3;

    private readonly string _items;
    private readonly TimeProvider _time;
    private readonly QuietGate _busy;
    private readonly Action<THead, CancellationToken> _flush;
    private readonly Action<THead?> _ended;
    private readonly Channel<THead> _queue = Channel.CreateUnbounded<THead>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private volatile string? _problem;
    private volatile bool _hasGivenUp;

    /// <summary>
    /// Does nothing before <see cref="Begin"/>. <paramref name="flush"/> makes a head a block, durable on return; <paramref name="ended"/> is called when that is over, or, with null, when the loop has
    /// given up. <paramref name="items"/> is what messages call the head's rows.
    /// </summary>
    public FlushLoop(string items, TimeProvider time, QuietGate busy, Action<THead, CancellationToken> flush, Action<THead?> ended)
    {
        _items = items;
        _time = time;
        _busy = busy;
        _flush = flush;
        _ended = ended;
    }

    /// <summary>Begins the loop; once.</summary>
    public void Begin() => _loop = Task.Run(RunAsync);

    /// <summary>Why the last flush failed; null when all is well.</summary>
    public string? Problem => _problem;

    /// <summary>No block will be written any more until the store is opened again; <see cref="Problem"/> says why.</summary>
    public bool HasGivenUp => _hasGivenUp;

    /// <summary>Takes a frozen head; heads are flushed in the order they come.</summary>
    public void Enqueue(THead head) => _queue.Writer.TryWrite(head);

    /// <summary>Stops between two steps; a block that is not in the manifest yet is given up, its rows are in the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.Complete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
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
        finally
        {
            // However it has ended: who waits for a flush is told that none will come.
            if (!_hasGivenUp)
            {
                _problem ??= $"no block is written any more, the store was closed; its {_items} are in the log";
                _hasGivenUp = true;
                _ended(null);
            }
        }
    }

    private async Task<bool> FlushAsync(THead head)
    {
        var wait = FirstRetry;
        var internalFailures = 0;
        while (true)
        {
            try
            {
                using (_busy.Enter()) _flush(head, _stop.Token);
                _problem = null;
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _problem = $"a block cannot be written, its {_items} stay in the log and in memory until that succeeds: {e.Message}";
            }
            catch (Exception e) when (e is not OperationCanceledException || !_stop.IsCancellationRequested)
            {
                // The host boundary of this loop: whatever it was, the rows are in the log and in memory, and the operator is told.
                var what = $"{e.GetType().Name}: {e.Message}";
                _hasGivenUp = ++internalFailures == MostInternalFailures;
                _problem = _hasGivenUp
                    ? $"a block cannot be written because of an internal error, and no more {_items} are taken in once the head is full; what was acknowledged is in the log and served. Report this, and start the server again: {what}"
                    : $"a block cannot be written because of an internal error, its {_items} stay in the log and in memory: {what}";
                if (_hasGivenUp) return false;
            }
            await Task.Delay(wait, _time, _stop.Token).ConfigureAwait(false);
            wait = wait * 2 < LongestRetry ? wait * 2 : LongestRetry;
        }
    }
}
