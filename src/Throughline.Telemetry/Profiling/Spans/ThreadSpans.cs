using System.Diagnostics;

namespace Throughline.Telemetry.Profiling.Spans;

/// <summary>
/// The current span of one thread, and during a window its last changes. Changed by that thread only; read by the profiler's.
/// </summary>
internal sealed class ThreadSpans(long osThreadId, long since, Thread thread)
{
    private Activity? _current;
    private SpanRing? _ring;

    public long OsThreadId => osThreadId;

    /// <summary>When the thread was first seen with a span: the system gives a dead thread's id to another one.</summary>
    public long Since => since;

    /// <summary>Whether it is among the threads that can be asked about. One above their limit remembers nothing: nobody would have it forget. Set before the first change.</summary>
    public bool IsFollowed { get; set; }

    public bool IsAlive => thread.IsAlive;

    /// <param name="window">The window that is open, 0 when none is: then nothing is remembered but the span.</param>
    public void Change(Activity? span, int window, int capacity)
    {
        if (window != 0)
        {
            var ring = _ring;
            if (ring?.Window != window)
            {
                ring = new(window, capacity);
                ring.Add(long.MinValue, _current);
            }
            ring.Add(Stopwatch.GetTimestamp(), span);
            Volatile.Write(ref _ring, ring);
        }
        // After the ring: who reads a new span here finds its ring too.
        Volatile.Write(ref _current, span);
    }

    /// <summary>The span at a time in the open window. False when that was forgotten already.</summary>
    public bool TryFind(long time, int window, out Activity? span)
    {
        span = Volatile.Read(ref _current);
        var ring = Volatile.Read(ref _ring);
        return ring?.Window != window || ring.TryFind(time, out span);
    }

    public void Forget() => Volatile.Write(ref _ring, null);
}
