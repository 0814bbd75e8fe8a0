using Throughline.Engine.Model;

namespace Throughline.Engine.Sampling;

/// <summary>
/// Decides which traces are stored for good, when they are quiet: between the log and the block. Called by one thread at a time, the one that makes a block of a head: first every trace is shown, then
/// each is asked for, then, when the block is durable, what became of them is told.
/// </summary>
public interface ITailSampler
{
    /// <summary>A trace that received spans so shortly before waits for the next block.</summary>
    TimeSpan Quiet { get; }

    /// <summary>Sees a trace that will be decided: what is rare or slow is known when all were seen. The rows are those of the trace, in the order of their arrival.</summary>
    void Observe(SpanBatch spans, ReadOnlySpan<int> rows);

    /// <summary>Decides about a trace.</summary>
    TailDecision Decide(SpanBatch spans, ReadOnlySpan<int> rows);

    /// <summary>What was decided is durable. <see cref="TailOutcome.Spans"/> are valid during the call.</summary>
    void Decided(TailOutcome outcome);
}

/// <summary>What becomes of a trace.</summary>
/// <param name="Rule">The sampler's own number of the rule that decided; <see cref="Late"/> or <see cref="Pinned"/> when none did.</param>
/// <param name="Threshold">The threshold that it was kept by, 0 for one that was sure to be kept; <see cref="SamplingThreshold.Range"/> when it is dropped.</param>
public readonly record struct TailDecision(int Rule, ulong Threshold)
{
    /// <summary>In place of a rule: spans of a trace that was decided before.</summary>
    public const int Late = -1;

    /// <summary>In place of a rule: the trace is pinned.</summary>
    public const int Pinned = -2;

    /// <summary>Whether it is kept.</summary>
    public bool IsKept => Threshold < SamplingThreshold.Range;

    /// <summary>Drops it.</summary>
    public static TailDecision Drop(int rule) => new(rule, SamplingThreshold.Range);
}

/// <summary>One trace that was decided.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="WasActive">It was still receiving spans, and was decided since no more could wait.</param>
public readonly record struct DecidedTrace(TraceId Id, TailDecision Decision, int[] Rows, bool WasActive);

/// <summary>What was decided when one head became a block. Immutable.</summary>
public sealed record TailOutcome(SpanBatch Spans, IReadOnlyList<DecidedTrace> Traces);
