using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>The values of a trace that searches order and filter by.</summary>
internal readonly record struct TraceValues(ulong Start, ulong Duration, int Spans, int Errors, ulong Waiting)
{
    /// <summary>One of them.</summary>
    public ulong Of(TraceOrder order) => order switch
    {
        TraceOrder.Duration => Duration,
        TraceOrder.Spans => (ulong)Spans,
        TraceOrder.Errors => (ulong)Errors,
        TraceOrder.Waiting => Waiting,
        _ => Start,
    };
}
