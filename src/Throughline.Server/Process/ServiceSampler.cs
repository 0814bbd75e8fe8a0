using Throughline.Engine.Model;
using Throughline.Engine.Sampling;

namespace Throughline.Server.Process;

/// <summary>Decides about the spans of one service when they arrive: by its rate, then by its limit of traces a second. Thread safe.</summary>
internal sealed class ServiceSampler(ServiceRate keep, Func<int> remembered, TimeProvider time)
{
    private readonly ulong _threshold = keep.IsRemote ? 0 : SamplingThreshold.Of(keep.Rate);
    private readonly TraceRate? _limit = keep.TracesPerSecond is { } most ? new TraceRate(most, remembered, time) : null;

    /// <summary>Whether nothing of it is ever dropped.</summary>
    internal bool KeepsAll => _threshold == 0 && _limit is null;

    /// <summary>
    /// Decides about a trace; the same for all its spans, as far as they are remembered where there is a limit. <paramref name="threshold"/> is what a kept span is to say it was sampled by: never less
    /// than what its sender says.
    /// </summary>
    internal HeadDecision Decide(TraceId id, ReadOnlySpan<byte> traceState, out ulong threshold)
    {
        threshold = SamplingThreshold.Read(traceState);
        var randomness = SamplingThreshold.RandomnessOf(id, traceState);
        // What was sampled more strictly before belongs to this share too.
        if (_threshold > threshold)
        {
            if (randomness < _threshold) return HeadDecision.DroppedByRate;
            threshold = _threshold;
        }
        if (_limit is null) return HeadDecision.Kept;
        threshold = _limit.Threshold(id, threshold);
        return randomness < threshold ? HeadDecision.DroppedByLimit : HeadDecision.Kept;
    }
}

/// <summary>What became of a span when it arrived.</summary>
internal enum HeadDecision
{
    /// <summary>It is stored.</summary>
    Kept,
    /// <summary>Its trace is not in the share that its service keeps.</summary>
    DroppedByRate,
    /// <summary>Its service has more traces a second than are kept.</summary>
    DroppedByLimit,
}
