namespace Throughline.Engine.Lifecycle;

/// <summary>Lets compaction wait while a flush is under way: a flush frees memory that senders wait for, compaction has time. Thread safe.</summary>
internal sealed class QuietGate
{
    // A monitor, since compaction waits in it; System.Threading.Lock has no wait.
    private readonly object _gate = new();
    private int _busy;

    /// <summary>Something urgent is under way until the answer is disposed.</summary>
    public IDisposable Enter()
    {
        lock (_gate)
        {
            _busy++;
        }
        return new Visit(this);
    }

    /// <summary>Returns when nothing urgent is under way, or at once after <paramref name="stop"/>.</summary>
    public void Wait(CancellationToken stop)
    {
        if (Volatile.Read(ref _busy) == 0) return;
        using var wake = stop.Register(Wake);
        lock (_gate)
        {
            while (_busy > 0 && !stop.IsCancellationRequested) Monitor.Wait(_gate);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_busy == 0) Monitor.PulseAll(_gate);
        }
    }

    private sealed class Visit(QuietGate gate) : IDisposable
    {
        private QuietGate? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave();
    }
}
