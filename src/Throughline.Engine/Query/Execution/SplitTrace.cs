using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>A segment of a snapshot that has spans of a trace, and the trace's number there.</summary>
internal readonly record struct TraceHolder(ISpanSegment Segment, int Trace);

/// <summary>
/// A trace that lies in several segments, and where. What is worked out of one that lies in blocks only holds for as long as these blocks do, and is remembered here. Thread safe.
/// </summary>
internal sealed class SplitTrace(TraceHolder[] holders)
{
    private readonly bool _isLasting = Array.TrueForAll(holders, static h => h.Segment.IsLasting);

    // Boxed, so that they are read and written whole.
    private volatile object? _rough;
    private volatile object? _exact;

    /// <summary>Where it lies, in the order of the segments.</summary>
    public TraceHolder[] Holders => holders;

    /// <summary>What was worked out from its spans. Null when nothing was.</summary>
    public TraceValues? Exact => (TraceValues?)_exact;

    /// <summary>Remembers what was worked out from its spans, all of which could be read.</summary>
    public void KeepExact(in TraceValues values)
    {
        if (_isLasting) _exact = values;
    }

    /// <summary>The same with another place, where the order of the segments has it.</summary>
    public SplitTrace With(TraceHolder holder, Func<ISpanSegment, int> placeOf)
    {
        if (holders.Contains(holder)) return this;
        var at = 0;
        while (at < holders.Length && placeOf(holders[at].Segment) < placeOf(holder.Segment)) at++;
        return new SplitTrace([.. holders[..at], holder, .. holders[at..]]);
    }

    /// <summary>What it amounts to by what its segments say of it: spans, errors and waiting are upper bounds. Null when none of them can be read; what cannot is told.</summary>
    public TraceValues? FindRough(List<string> unreadable)
    {
        if (_rough is TraceValues known) return known;
        var problems = unreadable.Count;
        var (start, end, spans, errors) = (ulong.MaxValue, 0ul, 0L, 0L);
        foreach (var holder in holders)
        {
            try
            {
                var (facts, trace) = SplitSet.PlaceOf(holder);
                var part = holder.Segment.Open(facts);
                var (begin, length) = (part.Traces(TraceColumn.Start)[trace], part.Traces(TraceColumn.Duration)[trace]);
                var (more, failed) = ((long)part.Traces(TraceColumn.Spans)[trace], (long)part.Traces(TraceColumn.Errors)[trace]);
                (start, end, spans, errors) = (Math.Min(start, begin), Math.Max(end, begin + length), spans + more, errors + failed);
            }
            catch (UnreadableSegmentException e)
            {
                unreadable.Add(e.Message);
            }
        }
        if (spans == 0) return null;
        var values = new TraceValues(start, end - start, (int)Math.Min(spans, int.MaxValue), (int)Math.Min(errors, int.MaxValue), end - start);
        if (_isLasting && unreadable.Count == problems) _rough = values;
        return values;
    }
}
