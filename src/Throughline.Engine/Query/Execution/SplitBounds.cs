using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>Bounds on the values of several traces.</summary>
internal readonly record struct SplitBounds(TraceValues Smallest, TraceValues Largest)
{
    /// <summary>Bounds for one trace, of which spans, errors and waiting are upper bounds.</summary>
    public static SplitBounds Of(in TraceValues values) => new(values with { Spans = 1, Errors = 0, Waiting = 0 }, values);

    /// <summary>Bounds that hold for others too.</summary>
    public SplitBounds With(in SplitBounds others) => new(
        Smallest with { Start = Math.Min(Smallest.Start, others.Smallest.Start), Duration = Math.Min(Smallest.Duration, others.Smallest.Duration) },
        new TraceValues(
            Math.Max(Largest.Start, others.Largest.Start), Math.Max(Largest.Duration, others.Largest.Duration), Math.Max(Largest.Spans, others.Largest.Spans),
            Math.Max(Largest.Errors, others.Largest.Errors), Math.Max(Largest.Waiting, others.Largest.Waiting)));

    /// <summary>The bounds of one value.</summary>
    public (ulong Smallest, ulong Largest) Of(TraceOrder order) => (Smallest.Of(order), Largest.Of(order));

    /// <summary>
    /// By part of a segment: bounds on the values that some traces, which have spans in it, have over all of their segments. <paramref name="isWhole"/> is false when something could not be read.
    /// </summary>
    public static Dictionary<(ISpanSegment Segment, int Part), SplitBounds> Find(IEnumerable<SplitTrace> traces, out bool isWhole)
    {
        isWhole = true;
        var bounds = new Dictionary<(ISpanSegment, int), SplitBounds>();
        // Not told here, but by whoever comes to such a trace, or to such a segment: a search that need not look at either is exact.
        var unreadable = new List<string>();
        foreach (var trace in traces)
        {
            if (trace.FindRough(unreadable) is not { } values) continue;
            foreach (var holder in trace.Holders)
            {
                if (!TryReadParts(holder.Segment, out var parts))
                {
                    isWhole = false;
                    continue;
                }
                var key = (holder.Segment, SplitSet.PartOf(parts, holder.Trace));
                bounds[key] = bounds.TryGetValue(key, out var known) ? known.With(Of(values)) : Of(values);
            }
        }
        isWhole &= unreadable.Count == 0;
        return bounds;
    }

    private static bool TryReadParts(ISpanSegment segment, out IReadOnlyList<SegmentPart> parts)
    {
        try
        {
            parts = segment.Parts;
            return true;
        }
        catch (UnreadableSegmentException)
        {
            // Its parts are not searched either, which is told there.
            parts = [];
            return false;
        }
    }
}
