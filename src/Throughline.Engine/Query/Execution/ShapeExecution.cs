using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Reads some traces of a snapshot, one after the other, and finds their shapes. One thread; not reused.</summary>
internal sealed class ShapeExecution(IReadOnlyList<ISpanSegment> segments, TraceVisibility visibility, QueryBounds bounds)
{
    private readonly List<string> _unreadable = [];

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <summary>The shapes of the traces that are there.</summary>
    public TraceShapes Run(IReadOnlyList<TraceId> ids, int maxSpans)
    {
        var shapes = new List<TraceShape>(ids.Count);
        var truncated = default(Truncation);
        try
        {
            foreach (var id in ids.Distinct())
            {
                bounds.Check();
                if (Shape(id, maxSpans) is { } shape) shapes.Add(shape);
            }
        }
        catch (BoundHitException e)
        {
            truncated = e.Truncation;
        }
        if (_unreadable.Count > 0) truncated ??= new Truncation("unreadable", $"Some stored data cannot be read: {_unreadable[0]}");
        return new TraceShapes(shapes, truncated);
    }

    private TraceShape? Shape(TraceId id, int maxSpans)
    {
        var places = TraceAssembly.Find(id, segments, _unreadable);
        var (spans, start) = Facts(places);
        if (spans == 0 || visibility.Hides(id, start)) return null;
        if (spans > maxSpans) return new TraceShape(id, spans, null);
        var table = TraceAssembly.Assemble(places, _unreadable, bounds);
        bounds.Charge(-table.MemoryBytes);
        return table.Spans.RowCount == 0 ? null : new TraceShape(id, table.Spans.RowCount, ShapeBuilder.Segments(table.Spans, bounds.CancellationToken));
    }

    /// <summary>Spans of a trace in all its places, duplicates among them counted in each, and its start.</summary>
    private (long Spans, ulong Start) Facts(List<(ISpanSegment Segment, int Trace)> places)
    {
        var (spans, start) = (0L, ulong.MaxValue);
        foreach (var (segment, trace) in places)
        {
            try
            {
                var part = SplitSet.PartOf(segment.Parts, trace);
                var columns = segment.Open(part);
                spans += (long)columns.Traces(TraceColumn.Spans)[trace - segment.Parts[part].FirstTrace];
                start = Math.Min(start, columns.Traces(TraceColumn.Start)[trace - segment.Parts[part].FirstTrace]);
            }
            catch (UnreadableSegmentException e)
            {
                _unreadable.Add(e.Message);
            }
        }
        return (spans, start);
    }
}
