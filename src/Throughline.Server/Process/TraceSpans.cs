using Throughline.Engine.Model;

namespace Throughline.Server.Process;

/// <summary>Counts the spans of the traces that came last, so that none gets more than a limit. Thread safe.</summary>
internal sealed class TraceSpans(int most)
{
    /// <summary>Traces that are counted: about 10 MB. One that is forgotten begins anew.</summary>
    private const int MaxTraces = 200_000;

    private readonly Lock _lock = new();
    private readonly RecentTraces<int> _counts = new(MaxTraces);

    internal int Most => most;

    /// <summary>Takes one more span of a trace: its number from 1 on, or 0 when the trace has as many as it may.</summary>
    internal int Take(TraceId id)
    {
        lock (_lock)
        {
            _counts.TryGet(id, out var count);
            if (count >= most) return 0;
            _counts.Set(id, count + 1);
            return count + 1;
        }
    }

    /// <summary>Gives back spans that were taken and not stored.</summary>
    internal void GiveBack(TraceId id, int spans)
    {
        lock (_lock)
        {
            if (_counts.TryGet(id, out var count)) _counts.Set(id, Math.Max(0, count - spans));
        }
    }
}
