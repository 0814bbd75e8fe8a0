using Throughline.Engine.Model;
using Throughline.Engine.Wal;
using Throughline.Server.Configuration;

namespace Throughline.Server.Forward;

/// <summary>Why something that was stored did not get to the target.</summary>
public enum ForwardLoss
{
    /// <summary>The queue was full.</summary>
    QueueFull,
    /// <summary>The target will never take it.</summary>
    Refused,
    /// <summary>It is larger than the target takes.</summary>
    TooLarge,
    /// <summary>The target took the request, but not all of it (OTLP's partial success).</summary>
    RejectedInPart,
    /// <summary>The queue's disk did not take it.</summary>
    NotWritten,
    /// <summary>It was in the queue and cannot be read.</summary>
    Unreadable,
}

/// <summary>Items (spans, records, points) that were lost for one reason, and the last time with what was said.</summary>
public readonly record struct ForwardLossCount(ForwardLoss Reason, long Items, string LastMessage, ulong LastUnixNano);

/// <summary>How forwarding stands at one moment. Immutable.</summary>
/// <param name="QueuedItems">Spans, records and points that wait.</param>
/// <param name="QueuedBytes">Their bytes on disk.</param>
/// <param name="DeliveredRequests">Requests that the target took since the start.</param>
/// <param name="Retries">Attempts that have to be made again.</param>
/// <param name="LastError">Why the last attempt failed; null while the last one was taken.</param>
/// <param name="NextAttemptUnixNano">When it is made again; null while nothing failed.</param>
public sealed record ForwardStatus(ForwardOptions Options, long QueuedItems, long QueuedBytes, ulong? OldestUnixNano, long DeliveredRequests, long DeliveredItems, long DeliveredBytes, ulong? LastDeliveredUnixNano,
    long Retries, string? LastError, ulong? FailingSinceUnixNano, ulong? NextAttemptUnixNano, IReadOnlyList<ForwardLossCount> Lost)
{
    /// <summary>The items that the target took, by signal: those that are passed on.</summary>
    public required IReadOnlyList<ForwardSignalCount> DeliveredBySignal { get; init; }
}

/// <summary>Items of one signal that the target took since the start.</summary>
public readonly record struct ForwardSignalCount(SignalKind Signal, long Items);

/// <summary>Counts what was passed on and what was not. One per forwarder; thread safe.</summary>
internal sealed class ForwardCounters(TimeProvider time)
{
    /// <summary>Characters of a message that are kept; a target may say anything.</summary>
    private const int MaxMessageLength = 500;

    private readonly Lock _gate = new();
    private readonly ForwardLossCount[] _lost = new ForwardLossCount[Enum.GetValues<ForwardLoss>().Length];
    private readonly long[] _bySignal = new long[(int)WalSignal.Profiles + 1];
    private long _requests;
    private long _items;
    private long _bytes;
    private long _retries;
    private ulong? _lastDelivered;
    private string? _error;
    private ulong? _failingSince;
    private ulong? _next;

    public ulong UnixNano() => (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    public void Delivered(WalSignal signal, long items, long bytes)
    {
        lock (_gate)
        {
            _bySignal[(int)signal] += items;
            (_requests, _items, _bytes, _lastDelivered) = (_requests + 1, _items + items, _bytes + bytes, UnixNano());
            Clear();
        }
    }

    /// <summary>The target answered, whatever it said.</summary>
    public void Answered()
    {
        lock (_gate) Clear();
    }

    public void Lost(ForwardLoss reason, long items, string message)
    {
        lock (_gate) _lost[(int)reason] = new ForwardLossCount(reason, _lost[(int)reason].Items + items, Short(message), UnixNano());
    }

    public void Failed(string message, TimeSpan wait)
    {
        lock (_gate)
        {
            _retries++;
            _error = Short(message);
            _failingSince ??= UnixNano();
            _next = UnixNano() + (ulong)wait.Ticks * 100;
        }
    }

    public ForwardStatus Read(ForwardOptions options, long queuedItems, long queuedBytes, ulong? oldest)
    {
        lock (_gate)
        {
            return new ForwardStatus(options, queuedItems, queuedBytes, oldest, _requests, _items, _bytes, _lastDelivered, _retries, _error, _failingSince, _next, [.. _lost.Where(static l => l.LastUnixNano > 0)])
            {
                DeliveredBySignal = [.. options.Signals.Select(signal => new ForwardSignalCount(signal, _bySignal[(int)ForwardSignals.Of(signal)]))],
            };
        }
    }

    private void Clear() => (_error, _failingSince, _next) = (null, null, null);

    private static string Short(string message) => message.Length <= MaxMessageLength ? message : message[..MaxMessageLength] + "...";
}
