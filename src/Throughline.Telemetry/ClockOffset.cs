using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;

namespace Throughline.Telemetry;

/// <summary>
/// A service whose clock is wrong, by <c>Telemetry:ClockOffsetSeconds</c> (below zero: it is slow): its spans are moved when they end, and
/// the exceptions on them carry the wrong clock's time. For trying out what skewed clocks do to traces. Owned by the tracer provider; thread-safe.
/// </summary>
internal sealed class ClockOffset(TimeSpan offset) : BaseProcessor<Activity>
{
    private const string Property = "Throughline.ClockOffset";
    private const double LongestSeconds = 365 * 24 * 3600;

    /// <summary>Boxed once, since it is hung on every span.</summary>
    private readonly object _offset = offset;

    public static TimeSpan Read(IConfiguration configuration)
    {
        const string key = "Telemetry:ClockOffsetSeconds";
        if (configuration[key] is not { Length: > 0 } text) return TimeSpan.Zero;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) <= LongestSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw new InvalidOperationException($"{key} is '{text}'; it has to be a number of seconds, up to a year either way.");
    }

    /// <summary>What the service's clock says while this span is open.</summary>
    public static DateTimeOffset Now(Activity span) =>
        TimeProvider.System.GetUtcNow() + (span.GetCustomProperty(Property) is TimeSpan off ? off : TimeSpan.Zero);

    public override void OnStart(Activity data) => data.SetCustomProperty(Property, _offset);

    /// <summary>The duration is fixed by now, so the end moves with the start.</summary>
    public override void OnEnd(Activity data) => data.SetStartTime(data.StartTimeUtc + offset);
}
