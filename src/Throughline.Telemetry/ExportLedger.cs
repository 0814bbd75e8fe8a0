using Microsoft.Extensions.Logging;

namespace Throughline.Telemetry;

/// <summary>Counts spans from the moment they end until they are delivered or lost, and says in the log what was lost. Thread-safe.</summary>
internal sealed class ExportLedger(int limit, Uri target, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long _pending;
    private long _overflowed;
    private long _undelivered;
    private DateTimeOffset _nextReport = DateTimeOffset.MinValue;

    /// <summary>Spans that ended and are neither delivered nor lost.</summary>
    public long Pending => Interlocked.Read(ref _pending);

    /// <summary>Spans lost because the queue was full.</summary>
    public long Overflowed => Interlocked.Read(ref _overflowed);

    /// <summary>Spans lost because the receiver didn't take them in time.</summary>
    public long Undelivered => Interlocked.Read(ref _undelivered);

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _pending) <= limit) return true;
        Interlocked.Decrement(ref _pending);
        Interlocked.Increment(ref _overflowed);
        Report(reason: null);
        return false;
    }

    public void Delivered(int count) => Interlocked.Add(ref _pending, -count);

    public void GivenUp(int count, string? reason)
    {
        Interlocked.Add(ref _pending, -count);
        Interlocked.Add(ref _undelivered, count);
        Report(reason);
    }

    public void Close()
    {
        var left = Pending;
        if (left > 0) logger.LogWarning("{Count} spans were not sent to {Target} before the end.", left, target);
    }

    /// <summary>At most one line in ten seconds, with totals: a lost receiver must not fill the service's log.</summary>
    private void Report(string? reason)
    {
        lock (_gate)
        {
            if (time.GetUtcNow() < _nextReport) return;
            _nextReport = time.GetUtcNow() + s_between;
        }
        logger.LogWarning(
            "Spans are being lost: {Overflowed} dropped since the queue of {Limit} was full, {Undelivered} not taken by {Target}. {Reason}",
            Overflowed, limit, Undelivered, target, reason ?? "Is the receiver running and reachable?");
    }
}
