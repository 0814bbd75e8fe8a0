using System.Threading.Channels;

namespace Throughline.Engine.Lifecycle;

/// <summary>
/// Compaction and retention: one loop in the background that does one thing at a time, and nothing while there is nothing to do. Owned by the store. It reads blocks, writes new ones beside them, and
/// changes the manifest; it never waits for queries or appends, nor they for it. What fails is tried again later, with its reason shown; nothing is lost by it.
/// </summary>
internal sealed class BlockMaintenance : IAsyncDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    private readonly IMaintenanceSteps _steps;
    private readonly TimeProvider _time;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private Task _loop = Task.CompletedTask;
    private List<TaskCompletionSource> _waiting = [];
    private TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _problem;
    private volatile bool _isIdle;
    private bool _hasEnded;

    /// <summary>Does nothing before <see cref="Begin"/>.</summary>
    public BlockMaintenance(IMaintenanceSteps steps, TimeProvider time)
    {
        _steps = steps;
        _time = time;
    }

    /// <summary>Begins the loop; once. What was begun ends with <see cref="DisposeAsync"/>, when this throws too.</summary>
    public void Begin()
    {
        _timer = _time.CreateTimer(_ => Wake(), null, CheckInterval, CheckInterval);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Why the last step failed, and what cannot be compacted; empty when all is well.</summary>
    public IReadOnlyList<string> Problems => _problem is { } problem ? [problem, .. _steps.Excluded] : [.. _steps.Excluded];

    /// <summary>True while nothing is due.</summary>
    public bool IsIdle => _isIdle && !_wake.Reader.TryPeek(out _);

    /// <summary>Looks whether something is due now: blocks were added, or pins changed.</summary>
    public void Wake()
    {
        _isIdle = false;
        _wake.Writer.TryWrite(true);
    }

    /// <summary>Merges small blocks as far as they go, without waiting for more, and applies retention. Ends when nothing is left to do; an <see cref="IOException"/> when a step fails.</summary>
    public Task CompactAsync(CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            // A loop that has ended answers nobody any more, nor does one that was never begun.
            if (_hasEnded || _loop.IsCompleted) return Task.FromException(new IOException("the store is closed"));
            _waiting.Add(done);
            _asked.TrySetResult();
        }
        Wake();
        return done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Ends the loop between two steps, or in the middle of a merge, which is given up.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_timer is { } timer) await timer.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _steps.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var retry = FirstRetry;
        try
        {
            while (true)
            {
                if (await StepAsync().ConfigureAwait(false))
                {
                    retry = FirstRetry;
                    if (!_isIdle) continue;
                    await _wake.Reader.ReadAsync(_stop.Token).ConfigureAwait(false);
                    // Whoever woke it may have said so just before the last step said that nothing was due.
                    _isIdle = false;
                    continue;
                }
                await PauseAsync(retry).ConfigureAwait(false);
                retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The store is being closed; a merge that was under way is given up, its inputs are all there.
        }
        finally
        {
            List<TaskCompletionSource> waiting;
            lock (_gate) (_hasEnded, waiting, _waiting) = (true, _waiting, []);
            Answer(waiting, new IOException("the store was closed before its blocks were compacted"));
        }
    }

    /// <summary>Waits after a failure, unless someone asks meanwhile.</summary>
    private async Task PauseAsync(TimeSpan time)
    {
        Task asked;
        lock (_gate)
        {
            if (_asked.Task.IsCompleted) _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            asked = _waiting.Count > 0 ? Task.CompletedTask : _asked.Task;
        }
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAny(Task.Delay(time, _time, over.Token), asked).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        _stop.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Does what is due next; false when that failed.</summary>
    private async Task<bool> StepAsync()
    {
        List<TaskCompletionSource> waiting;
        lock (_gate)
        {
            waiting = [.. _waiting];
        }
        try
        {
            // A merge works for seconds, and waits for flushes: not on a thread that others wait for.
            var didSomething = await Task.Factory.StartNew(() => _steps.Next(waiting.Count > 0, _stop.Token), _stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            _problem = null;
            if (didSomething) return true;
            _isIdle = !_wake.Reader.TryRead(out _);
            if (_isIdle) Answer(Remove(waiting), null);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(waiting, e, e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException || !_stop.IsCancellationRequested)
        {
            // The boundary of this loop: a mistake of ours in one step must not end compaction and retention for good.
            return Failed(waiting, e, $"internal error: {e.GetType().Name}: {e.Message}");
        }
    }

    private bool Failed(List<TaskCompletionSource> waiting, Exception e, string why)
    {
        _problem = $"blocks cannot be compacted for now, which is tried again; they are served as they are: {why}";
        Answer(Remove(waiting), new IOException(_problem, e));
        return false;
    }

    private List<TaskCompletionSource> Remove(List<TaskCompletionSource> waiting)
    {
        lock (_gate)
        {
            _waiting.RemoveAll(waiting.Contains);
        }
        return waiting;
    }

    private static void Answer(List<TaskCompletionSource> waiting, Exception? failure)
    {
        foreach (var one in waiting)
        {
            if (failure is null) one.TrySetResult();
            else one.TrySetException(failure);
        }
    }
}
