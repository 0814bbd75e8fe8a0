using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>A part that a search may have to look at, with bounds on the order values of its traces over all segments.</summary>
internal readonly record struct SearchPart(int Segment, int Part, ulong Smallest, ulong Largest)
{
    /// <summary>Bounds on one value of the traces of a part.</summary>
    public static (ulong Smallest, ulong Largest) BoundsOf(TraceOrder value, in SegmentPart facts, SplitBounds? split)
    {
        var (smallest, largest) = value switch
        {
            TraceOrder.Duration => (0ul, facts.LongestTraceNano),
            TraceOrder.Spans => (1ul, (ulong)facts.Rows),
            TraceOrder.Errors => (0ul, (ulong)facts.Rows),
            TraceOrder.Waiting => (0ul, facts.LongestTraceNano),
            _ => (facts.MinStartUnixNano, facts.MaxTraceStartUnixNano),
        };
        if (split is not { } others) return (smallest, largest);
        var (least, most) = others.Of(value);
        return (Math.Min(smallest, least), Math.Max(largest, most));
    }
}
