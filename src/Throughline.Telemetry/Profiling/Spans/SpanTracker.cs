using System.Diagnostics;

namespace Throughline.Telemetry.Profiling.Spans;

/// <summary>
/// Follows which span is current on which thread, so that samples of a thread can be told by span. A span is current where
/// <see cref="Activity.Current"/> is, and moves from thread to thread with the execution context. Owned by <see cref="ProfileService"/>;
/// one for a process. Thread-safe, but windows are opened, asked and closed by one caller.
/// </summary>
/// <remarks>
/// The runtime says when the current span is set, but not when another thread takes a context up; an async local with a handler,
/// which is set together with it, says both. Outside a window a change costs that handler and one write.
/// </remarks>
internal sealed class SpanTracker : IDisposable
{
    private readonly int _changeLimit;
    private readonly int _threadLimit;
    private readonly AsyncLocal<Activity?> _span;
    private readonly ThreadLocal<ThreadSpans?> _thread = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<long, List<ThreadSpans>> _threads = [];
    private int _threadCount;
    private int _lastWindow;
    private int _window;
    private long _untracked;

    public SpanTracker(int changeLimit, int threadLimit)
    {
        (_changeLimit, _threadLimit) = (changeLimit, threadLimit);
        _span = new(Follow);
        Activity.CurrentChanged += Take;
    }

    /// <summary>Threads that had a span but were above the limit.</summary>
    public long UntrackedThreads => Interlocked.Read(ref _untracked);

    /// <summary>From now on threads remember their changes.</summary>
    public void OpenWindow() => Volatile.Write(ref _window, _lastWindow = _lastWindow == int.MaxValue ? 1 : _lastWindow + 1);

    /// <summary>Threads forget their changes, and the dead ones are forgotten.</summary>
    public void CloseWindow()
    {
        Volatile.Write(ref _window, 0);
        lock (_gate)
        {
            ForgetTheDead();
            foreach (var thread in _threads.Values.SelectMany(sameId => sameId)) thread.Forget();
        }
    }

    /// <summary>
    /// The span that was current on a thread at a time (in <see cref="Stopwatch"/> ticks) of the open window, null when none was.
    /// False when the thread changed so often since then that it is forgotten.
    /// </summary>
    public bool TryFind(long osThreadId, long time, out Activity? span)
    {
        span = null;
        ThreadSpans? thread = null;
        lock (_gate)
        {
            if (!_threads.TryGetValue(osThreadId, out var sameId)) return true;
            foreach (var candidate in sameId)
                if (candidate.Since <= time) thread = candidate;
        }
        return thread is null || thread.TryFind(time, _window, out span);
    }

    public void Dispose()
    {
        // Contexts that carry the local go on calling its handler, so nothing that it needs is disposed.
        Activity.CurrentChanged -= Take;
        Volatile.Write(ref _window, 0);
    }

    private void Take(object? sender, ActivityChangedEventArgs change) => _span.Value = change.Current;

    private void Follow(AsyncLocalValueChangedArgs<Activity?> change)
    {
        var thread = _thread.Value;
        if (thread is null)
        {
            if (change.CurrentValue is null) return;
            _thread.Value = thread = Register();
        }
        if (thread.IsFollowed) thread.Change(change.CurrentValue, Volatile.Read(ref _window), _changeLimit);
    }

    private ThreadSpans Register()
    {
        var since = Stopwatch.GetTimestamp();
        var thread = new ThreadSpans(OsThread.Id, since, Thread.CurrentThread);
        lock (_gate)
        {
            if (_threadCount >= _threadLimit) ForgetTheDead();
            if (_threadCount >= _threadLimit)
            {
                Interlocked.Increment(ref _untracked);
                return thread;
            }
            if (!_threads.TryGetValue(thread.OsThreadId, out var sameId)) _threads.Add(thread.OsThreadId, sameId = []);
            sameId.Add(thread);
            _threadCount++;
            thread.IsFollowed = true;
        }
        return thread;
    }

    private void ForgetTheDead()
    {
        foreach (var (id, sameId) in _threads)
        {
            _threadCount -= sameId.RemoveAll(thread => !thread.IsAlive);
            if (sameId.Count == 0) _threads.Remove(id);
        }
    }
}
