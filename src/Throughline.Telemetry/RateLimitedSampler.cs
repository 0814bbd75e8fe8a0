using OpenTelemetry.Trace;

namespace Throughline.Telemetry;

/// <summary>
/// Keeps a number of traces a second on the average, by a share that follows how many begin: so what is kept still says how many it stands for (<see cref="ConsistentSampler"/>). The share is found by an
/// exponentially decaying window, as OpenTelemetry's consistent rate-limiting sampler has it. Thread-safe.
/// </summary>
internal sealed class RateLimitedSampler : Sampler
{
    /// <summary>How long it takes to follow a change: after a pause so many seconds' traces are kept at once.</summary>
    private const double WindowSeconds = 2;

    private readonly Lock _lock = new();
    private readonly double _perSecond;
    private readonly TimeProvider _time;
    private double _count;
    private double _seconds = WindowSeconds;
    private long _last;

    public RateLimitedSampler(double perSecond, TimeProvider time)
    {
        (_perSecond, _time, _last) = (perSecond, time, time.GetTimestamp());
        Description = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"RateLimitedSampler{{{perSecond}}}");
    }

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) => ConsistentSampler.Sample(samplingParameters, Share());

    private double Share()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            var decay = Math.Exp(-Math.Max(0, _time.GetElapsedTime(_last, now).TotalSeconds) / WindowSeconds);
            _last = now;
            _count = _count * decay + 1;
            _seconds = _seconds * decay + WindowSeconds * (1 - decay);
            return Math.Min(1, _perSecond * _seconds / _count);
        }
    }
}
