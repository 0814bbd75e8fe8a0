using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Throughline.Telemetry;

/// <summary>
/// Counts spans (or log records, or metrics) from the moment they end until they are delivered or lost, and says in the log and in the counter
/// <c>throughline.export.lost</c> what was lost. Thread-safe.
/// </summary>
/// <param name="what">What is counted, in the plural: <c>spans</c>.</param>
/// <param name="limit">How many may be pending.</param>
/// <param name="target">Where they go.</param>
/// <param name="logger">Where losses are said.</param>
/// <param name="time">The clock.</param>
internal sealed class ExportLedger(string what, int limit, Uri target, ILogger logger, TimeProvider time)
{
    /// <summary>The name of the meter of this library's own figures, and of its logger.</summary>
    public const string MeterName = "Throughline.Telemetry";

    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(10);
    private static readonly Meter s_meter = new(MeterName);
    private static readonly Counter<long> s_lost = s_meter.CreateCounter<long>("throughline.export.lost", "{item}", "Spans, log records and metrics that were not delivered.");

    private readonly Lock _gate = new();
    private long _pending;
    private long _overflowed;
    private long _undelivered;
    private long _told;
    private DateTimeOffset _nextReport = DateTimeOffset.MinValue;

    /// <summary>What ended and is neither delivered nor lost.</summary>
    public long Pending => Interlocked.Read(ref _pending);

    /// <summary>Lost because the queue was full.</summary>
    public long Overflowed => Interlocked.Read(ref _overflowed);

    /// <summary>Lost because the receiver didn't take it in time.</summary>
    public long Undelivered => Interlocked.Read(ref _undelivered);

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _pending) <= limit) return true;
        Interlocked.Decrement(ref _pending);
        Interlocked.Increment(ref _overflowed);
        s_lost.Add(1, new("item", what), new("reason", "queue_full"));
        Report(reason: null);
        return false;
    }

    public void Delivered(int count) => Interlocked.Add(ref _pending, -count);

    /// <summary>Delivered, but for what the receiver says that it refused.</summary>
    public void Delivered(int count, ReceiverAnswer? answer)
    {
        Delivered(count);
        if (answer is { Rejected: > 0 }) Refused(Math.Min(answer.Rejected, count), answer.Reason);
    }

    public void GivenUp(int count, string? reason)
    {
        Interlocked.Add(ref _pending, -count);
        Refused(count, reason);
    }

    /// <summary>Lost, and never pending.</summary>
    public void Refused(int count, string? reason)
    {
        Interlocked.Add(ref _undelivered, count);
        s_lost.Add(count, new("item", what), new("reason", "undelivered"));
        Report(reason);
    }

    /// <summary>The end: says what was lost since the last line about it, and what is still pending.</summary>
    public void Close()
    {
        if (Overflowed + Undelivered > Interlocked.Read(ref _told)) Tell(reason: null);
        var left = Pending;
        if (left > 0) logger.LogWarning("{Count} {What} were not sent to {Target} before the end.", left, what, target);
    }

    /// <summary>At most one line in ten seconds, with totals: a lost receiver must not fill the service's log.</summary>
    private void Report(string? reason)
    {
        lock (_gate)
        {
            if (time.GetUtcNow() < _nextReport) return;
            _nextReport = time.GetUtcNow() + s_between;
        }
        Tell(reason);
    }

    private void Tell(string? reason)
    {
        Interlocked.Exchange(ref _told, Overflowed + Undelivered);
        logger.LogWarning(
            "Some {What} are being lost: {Overflowed} dropped since the queue of {Limit} was full, {Undelivered} not taken by {Target}. {Reason}",
            what, Overflowed, limit, Undelivered, target, reason ?? "Is the receiver running and reachable?");
    }
}
