using Throughline.Engine.Model;
using Throughline.Engine.Sampling;

namespace Throughline.Tests.Sampling;

/// <summary>A tail sampler whose decisions depend on nothing but the trace: an error keeps it, else a share does. Remembers what it was told.</summary>
internal sealed class RuledSampler(double rate, double quietSeconds = 10) : ITailSampler
{
    private readonly Dictionary<TraceId, bool> _told = [];

    public TimeSpan Quiet => TimeSpan.FromSeconds(quietSeconds);

    /// <summary>Traces that were decided while they were active.</summary>
    public int Early { get; private set; }

    public int Observed { get; private set; }

    /// <summary>By trace, whether it was kept.</summary>
    public IReadOnlyDictionary<TraceId, bool> Told => _told;

    public void Observe(SpanBatch spans, ReadOnlySpan<int> rows) => Observed++;

    public TailDecision Decide(SpanBatch spans, ReadOnlySpan<int> rows)
    {
        foreach (var row in rows)
        {
            if ((spans.Marks[row] & (byte)SpanMarks.Error) != 0) return new TailDecision(0, 0);
        }
        var threshold = SamplingThreshold.Of(rate);
        return SamplingThreshold.RandomnessOf(spans.TraceId[rows[0]], []) < threshold ? TailDecision.Drop(1) : new TailDecision(1, threshold);
    }

    public void Decided(TailOutcome outcome)
    {
        foreach (var trace in outcome.Traces)
        {
            if (trace.WasActive) Early++;
            foreach (var row in trace.Rows) Assert.Equal(trace.Id, outcome.Spans.TraceId[row]);
            _told.TryAdd(trace.Id, trace.Decision.IsKept);
            Assert.Equal(_told[trace.Id], trace.Decision.IsKept);
        }
    }
}
