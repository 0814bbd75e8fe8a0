using System.Diagnostics;

namespace Throughline.Telemetry;

/// <summary>
/// Makes the spans of one part of a service. The name has to be the service's own or start with it and a dot, so that
/// <see cref="ThroughlineTelemetryExtensions.AddThroughline"/> records it. Every method answers null when nobody listens
/// or the trace isn't sampled. Thread-safe; one for the life of the process.
/// </summary>
public sealed class SpanSource(string name, string? version = null) : IDisposable
{
    private readonly ActivitySource _activities = new(name, version);

    /// <summary>Starts a span under the current one. Dispose it to end it.</summary>
    public Activity? Start(string name, ActivityKind kind = ActivityKind.Internal) => _activities.StartActivity(name, kind);

    /// <summary>
    /// Starts a span under a context that was kept, across a queue or a timer, whatever span is current. A start in the past is
    /// for what began before anybody knew that it would be a span.
    /// </summary>
    public Activity? StartUnder(
        ActivityContext parent, string name, ActivityKind kind = ActivityKind.Internal,
        IEnumerable<ActivityLink>? links = null, DateTimeOffset start = default)
    {
        // The SDK passes the context of an unsampled trace on only when its parent is remote; otherwise the next outgoing call
        // would begin a trace of its own. Of a sampled one the flag stays true to where the parent ran.
        if ((parent.TraceFlags & ActivityTraceFlags.Recorded) == 0 && !parent.IsRemote)
            parent = new(parent.TraceId, parent.SpanId, parent.TraceFlags, parent.TraceState, isRemote: true);
        return _activities.StartActivity(name, kind, parent, tags: null, links, start);
    }

    /// <summary>
    /// Records a wait that is over: a span from <paramref name="start"/> to <paramref name="end"/> whose <c>wait.kind</c> tells the
    /// store that this time went by without work. See <see cref="WaitKind"/>. Answers the span's context, to be linked to.
    /// </summary>
    public ActivityContext? RecordWait(
        ActivityContext parent, string name, string kind, DateTimeOffset start, DateTimeOffset end,
        IEnumerable<KeyValuePair<string, object?>>? tags = null, IEnumerable<ActivityLink>? links = null)
    {
        using var span = StartUnder(parent, name, ActivityKind.Internal, links, start);
        if (span is null) return null;
        span.SetTag(WaitKind.Key, kind);
        foreach (var (key, value) in tags ?? []) span.SetTag(key, value);
        span.SetEndTime(end.UtcDateTime);
        return span.Context;
    }

    public void Dispose() => _activities.Dispose();
}
