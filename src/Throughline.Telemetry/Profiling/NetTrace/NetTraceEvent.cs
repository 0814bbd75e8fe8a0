namespace Throughline.Telemetry.Profiling.NetTrace;

/// <summary>
/// One event of a trace, in the reader's buffers: valid until the handler returns. Times are ticks of the trace's clock, addresses of the stack
/// lead from the innermost frame outwards.
/// </summary>
internal readonly ref struct NetTraceEvent
{
    public required EventKind Kind { get; init; }

    /// <summary>The operating system's id of the thread that the event is about.</summary>
    public required long ThreadId { get; init; }

    public required long Time { get; init; }

    public required ulong[] Stack { get; init; }

    public required ReadOnlySpan<byte> Payload { get; init; }
}

/// <summary>What kind of event it is: its provider and the number that this gave it.</summary>
internal sealed record EventKind(string Provider, int Id);

/// <summary>Takes one event.</summary>
internal delegate void NetTraceHandler(in NetTraceEvent traceEvent);
