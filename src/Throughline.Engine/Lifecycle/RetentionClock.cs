using Throughline.Engine.Model;

namespace Throughline.Engine.Lifecycle;

/// <summary>
/// The time by which retention judges ages. A clock that is suddenly set ahead, by a mistake that somebody mends an hour later, must not cost what was stored: it is believed when it has stayed
/// ahead for <see cref="Doubt"/>. One thread.
/// </summary>
internal sealed class RetentionClock(TimeProvider time)
{
    /// <summary>How long a clock that was set ahead is doubted.</summary>
    public static readonly TimeSpan Doubt = TimeSpan.FromHours(1);

    /// <summary>A clock may be set ahead by so much and is believed at once.</summary>
    private static readonly TimeSpan s_tolerance = TimeSpan.FromMinutes(10);

    private ulong? _believed;
    private long _lookedAt;
    private long? _aheadSince;

    /// <summary>Now, as far as it is believed.</summary>
    public ulong NowNano()
    {
        var (clock, timestamp) = (UnixTime.NowNano(time), time.GetTimestamp());
        var expected = _believed is { } before ? before + (ulong)time.GetElapsedTime(_lookedAt, timestamp).Ticks * 100 : clock;
        _lookedAt = timestamp;
        if (clock <= expected + (ulong)s_tolerance.Ticks * 100) _aheadSince = null;
        else
        {
            _aheadSince ??= timestamp;
            if (time.GetElapsedTime(_aheadSince.Value, timestamp) < Doubt) return (_believed = expected).Value;
            _aheadSince = null;
        }
        _believed = clock;
        return clock;
    }
}
