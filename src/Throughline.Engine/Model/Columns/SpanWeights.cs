namespace Throughline.Engine.Model.Columns;

/// <summary>How many spans each trace state of a segment says that its spans stand for. Immutable.</summary>
/// <param name="byState">By the segment's number of the trace state: 1 or more.</param>
internal sealed class SpanWeights(float[] byState)
{
    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => byState.LongLength * sizeof(float);

    /// <summary>Whether any is more than 1.</summary>
    public bool Any { get; } = Array.Exists(byState, static weight => weight > 1);

    /// <summary>What a span with this trace state stands for.</summary>
    public double Of(ulong state) => byState[state];
}
