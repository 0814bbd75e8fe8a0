namespace Throughline.Server.SelfTelemetry;

/// <summary>
/// What was received and refused since the start, for the status endpoint: "why do I see nothing?" answered with facts. One per server,
/// written by the receivers. Thread safe.
/// </summary>
public sealed class IngestCounters
{
    /// <summary>Characters of a last message that are kept; messages quote what senders sent.</summary>
    private const int MaxMessageLength = 500;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Refusal[] _refusals = new Refusal[Enum.GetValues<RefusalReason>().Length];
    private long _requests;
    private long _spans;
    private long _lastReceived;
    private long _redacted;

    /// <summary>Begins to count.</summary>
    public IngestCounters(TimeProvider time)
    {
        _time = time;
        StartedUnixNano = UnixNano();
    }

    /// <summary>When the counting began.</summary>
    public ulong StartedUnixNano { get; }

    /// <summary>The time now, by the same clock.</summary>
    public ulong UnixNano() => (ulong)(_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>A request was stored, with this many spans and redacted values.</summary>
    public void CountReceived(int spans, int redactedValues)
    {
        Interlocked.Increment(ref _requests);
        Interlocked.Add(ref _spans, spans);
        if (redactedValues > 0) Interlocked.Add(ref _redacted, redactedValues);
        Interlocked.Exchange(ref _lastReceived, (long)UnixNano());
    }

    /// <summary>Something was refused; <paramref name="message"/> is what the sender was told.</summary>
    public void CountRefused(RefusalReason reason, string message, int count = 1)
    {
        var kept = message.Length <= MaxMessageLength ? message : message[..MaxMessageLength] + "...";
        lock (_lock)
        {
            ref var refusal = ref _refusals[(int)reason];
            refusal = new Refusal(reason, refusal.Count + count, kept, UnixNano());
        }
    }

    /// <summary>The counts at one moment.</summary>
    public IngestCounts Read()
    {
        var last = (ulong)Interlocked.Read(ref _lastReceived);
        lock (_lock)
        {
            return new IngestCounts(Interlocked.Read(ref _requests), Interlocked.Read(ref _spans), last == 0 ? null : last,
                Interlocked.Read(ref _redacted), [.. _refusals.Where(static r => r.Count > 0)]);
        }
    }
}

/// <summary>What <see cref="IngestCounters"/> had counted at one moment. Immutable.</summary>
/// <param name="RedactedValues">Attribute values replaced by <c>[redacted]</c>.</param>
public sealed record IngestCounts(long Requests, long Spans, ulong? LastUnixNano, long RedactedValues, IReadOnlyList<Refusal> Refusals);

/// <summary>What was refused for one reason: how often, and the last time with the message that the sender got.</summary>
public readonly record struct Refusal(RefusalReason Reason, long Count, string LastMessage, ulong LastUnixNano);
