using System.Diagnostics;
using Throughline.Telemetry;

namespace Throughline.Pipeline;

/// <summary>Telling that something waited in a queue. Compiled into each service that has one.</summary>
internal static class QueueWait
{
    /// <summary>Waiting for less than this is not worth a span of its own.</summary>
    private static readonly TimeSpan s_worthTelling = TimeSpan.FromMilliseconds(1);

    /// <summary>Records a <c>queue_wait</c> under <paramref name="trace"/>, if it was long enough.</summary>
    public static void RecordQueueWait(
        this SpanSource spans, ActivityContext trace, DateTimeOffset from, DateTimeOffset to, params KeyValuePair<string, object?>[] tags)
    {
        if (to - from >= s_worthTelling) spans.RecordWait(trace, "queue_wait", WaitKind.Queue, from, to, tags);
    }
}
