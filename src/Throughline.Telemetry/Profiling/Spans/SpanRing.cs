using System.Diagnostics;

namespace Throughline.Telemetry.Profiling.Spans;

/// <summary>
/// The last changes of one thread's current span during one window, by time. Written by that thread only, read by the profiler's
/// while it goes on being written: what was overwritten meanwhile is noticed. Times are <see cref="Stopwatch"/> ticks.
/// </summary>
internal sealed class SpanRing(int window, int capacity)
{
    private readonly (long Time, Activity? Span)[] _changes = new (long, Activity?)[capacity];
    private long _count;

    public int Window => window;

    public void Add(long time, Activity? span)
    {
        var count = _count;
        _changes[count % _changes.Length] = (time, span);
        Volatile.Write(ref _count, count + 1);
        // The next entry must not be seen before this count: the reader tells by it what may have been overwritten.
        Volatile.WriteBarrier();
    }

    /// <summary>The span that was current at <paramref name="time"/>. False when that was forgotten already.</summary>
    public bool TryFind(long time, out Activity? span)
    {
        var count = Volatile.Read(ref _count);
        // The slot that comes next may be in the middle of being written, so the oldest entry is not asked.
        var (low, high) = (Math.Max(0, count - _changes.Length + 1), count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_changes[middle % _changes.Length].Time <= time) low = middle;
            else high = middle - 1;
        }
        var found = _changes[low % _changes.Length];
        Volatile.ReadBarrier();
        var overwritten = Volatile.Read(ref _count) - low >= _changes.Length;
        span = overwritten ? null : found.Span;
        return !overwritten && found.Time <= time;
    }
}
