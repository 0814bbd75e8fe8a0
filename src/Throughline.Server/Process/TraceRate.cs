using Throughline.Engine.Model;
using Throughline.Engine.Sampling;

namespace Throughline.Server.Process;

/// <summary>
/// Keeps a number of traces a second on the average, by a threshold that follows how many come (an exponentially decaying window, as OpenTelemetry's consistent rate-limiting sampler has it): so what is
/// kept still says how many it stands for. Each trace keeps the threshold that it met first, as long as it is among the last that came. Thread safe.
/// </summary>
internal sealed class TraceRate
{
    /// <summary>How long it takes to follow a change: a burst of this many seconds' traces is let through after a pause.</summary>
    private const double WindowSeconds = 2;

    private readonly Lock _lock = new();
    private readonly double _perSecond;
    private readonly TimeProvider _time;
    private readonly RecentTraces<ulong> _thresholds;
    private double _count;
    private double _seconds = WindowSeconds;
    private long _last;

    /// <param name="remembered">How many traces may be remembered now.</param>
    internal TraceRate(double perSecond, Func<int> remembered, TimeProvider time)
    {
        _thresholds = new RecentTraces<ulong>(remembered);
        _perSecond = perSecond;
        _time = time;
        _last = time.GetTimestamp();
    }

    /// <summary>The threshold that a trace has to reach which already passed <paramref name="passed"/>; at least that.</summary>
    internal ulong Threshold(TraceId id, ulong passed)
    {
        lock (_lock)
        {
            if (_thresholds.TryGet(id, out var known)) return Math.Max(known, passed);
            var now = _time.GetTimestamp();
            var elapsed = Math.Max(0, _time.GetElapsedTime(_last, now).TotalSeconds);
            _last = now;
            var decay = Math.Exp(-elapsed / WindowSeconds);
            _count = _count * decay + 1;
            _seconds = _seconds * decay + WindowSeconds * (1 - decay);
            var share = Math.Min(1, _perSecond * _seconds / _count);
            // Of those that passed, so many more are to go.
            var threshold = share >= 1 ? passed : Math.Min(SamplingThreshold.Range - 1, Math.Max(passed, SamplingThreshold.Of(share / SamplingThreshold.WeightOf(passed))));
            _thresholds.Set(id, threshold);
            return threshold;
        }
    }
}
