using System.Diagnostics;
using OpenTelemetry;

namespace Throughline.Telemetry;

/// <summary>
/// Writes chosen entries of the baggage on every span that starts below them, so that a detector's span can be found by the camera whose
/// image it looked at. Owned by the tracer provider; thread-safe.
/// </summary>
internal sealed class BaggageAttributes(string[] keys, bool accept) : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        var current = Baggage.Current;
        foreach (var key in keys)
        {
            // A server's span starts before the SDK has read the request's baggage; the runtime has by then, and put it on the span.
            if ((current.GetBaggage(key) ?? (accept ? data.GetBaggageItem(key) : null)) is { Length: > 0 } value) data.SetTag(key, value);
        }
    }
}
