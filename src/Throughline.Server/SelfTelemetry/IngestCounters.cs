using Throughline.Engine.Model;

namespace Throughline.Server.SelfTelemetry;

/// <summary>
/// What was received and refused since the start, by signal, for the status endpoint: "why do I see nothing?" answered with facts. One per server,
/// written by the receivers. Thread safe.
/// </summary>
public sealed class IngestCounters
{
    /// <summary>Characters of a last message that are kept; messages quote what senders sent.</summary>
    private const int MaxMessageLength = 500;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Dictionary<(SignalKind? Signal, RefusalReason Reason), Refusal> _refusals = [];
    private readonly Received[] _received = [.. Enum.GetValues<SignalKind>().Select(static _ => new Received())];
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

    /// <summary>A request was stored, with this many items and redacted values.</summary>
    public void CountReceived(SignalKind signal, int items, int redactedValues)
    {
        var received = _received[(int)signal];
        Interlocked.Increment(ref received.Requests);
        Interlocked.Add(ref received.Items, items);
        if (redactedValues > 0) Interlocked.Add(ref _redacted, redactedValues);
        Interlocked.Exchange(ref received.Last, (long)UnixNano());
    }

    /// <summary>Something was refused; <paramref name="message"/> is what the sender was told, <paramref name="signal"/> null where it is not known.</summary>
    public void CountRefused(SignalKind? signal, RefusalReason reason, string message, int count = 1)
    {
        var kept = message.Length <= MaxMessageLength ? message : message[..MaxMessageLength] + "...";
        lock (_lock)
        {
            var before = _refusals.GetValueOrDefault((signal, reason)).Count;
            _refusals[(signal, reason)] = new Refusal(signal, reason, before + count, kept, UnixNano());
        }
    }

    /// <summary>The counts at one moment.</summary>
    public IngestCounts Read()
    {
        var signals = _received.Select(static (r, i) => r.Read((SignalKind)i)).ToArray();
        lock (_lock)
        {
            return new IngestCounts(signals, Interlocked.Read(ref _redacted), [.. _refusals.Values.OrderBy(static r => r.Signal).ThenBy(static r => r.Reason)]);
        }
    }

    private sealed class Received
    {
        internal long Requests;
        internal long Items;
        internal long Last;

        internal SignalCounts Read(SignalKind kind)
        {
            var last = (ulong)Interlocked.Read(ref Last);
            return new SignalCounts(kind, Interlocked.Read(ref Requests), Interlocked.Read(ref Items), last == 0 ? null : last);
        }
    }
}

/// <summary>What <see cref="IngestCounters"/> had counted at one moment. Immutable.</summary>
/// <param name="Signals">By <see cref="SignalKind"/>.</param>
/// <param name="RedactedValues">Attribute values replaced by <c>[redacted]</c>.</param>
/// <param name="Refusals">What was refused at all, by signal and reason.</param>
public sealed record IngestCounts(IReadOnlyList<SignalCounts> Signals, long RedactedValues, IReadOnlyList<Refusal> Refusals)
{
    /// <summary>The counts of one signal.</summary>
    public SignalCounts Of(SignalKind signal) => Signals[(int)signal];
}

/// <summary>What was received of one signal.</summary>
public readonly record struct SignalCounts(SignalKind Kind, long Requests, long Items, ulong? LastUnixNano);

/// <summary>What was refused for one reason: how often, and the last time with the message that the sender got. No signal: it was not known.</summary>
public readonly record struct Refusal(SignalKind? Signal, RefusalReason Reason, long Count, string LastMessage, ulong LastUnixNano);
