using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>A trace that was read, with the order in which its rows are worth drawing, which is found once. Immutable; thread safe.</summary>
internal sealed class ReadTrace(TraceView view)
{
    private readonly Lock _gate = new();
    private int[]? _ranked;

    /// <summary>The trace.</summary>
    public TraceView View => view;

    /// <summary>Memory held, the order of the rows included.</summary>
    public long MemoryBytes => view.Spans.MemoryBytes + (13L * view.Spans.RowCount);

    /// <summary>The part that is asked for.</summary>
    public TracePart Part(TracePartRequest request, CancellationToken cancellationToken)
    {
        var start = view.Summary.StartUnixNano;
        var from = request.FromUnixNano is { } f && f > start ? f - start : 0;
        var to = request.ToUnixNano is not { } t ? ulong.MaxValue : t > start ? t - start : 0;
        return from == 0 && to == ulong.MaxValue && view.Spans.RowCount <= request.Limit
            ? new TracePart(view, null)
            : new TracePart(view, TraceExcerpt.Of(view, Ranked(cancellationToken), request.Limit, from, to, request.Wanted, cancellationToken));
    }

    private int[] Ranked(CancellationToken cancellationToken)
    {
        lock (_gate) return _ranked ??= TraceExcerpt.Rank(view, cancellationToken);
    }
}

/// <summary>Reads one trace of a snapshot, or takes it from the cache when nothing was added to it. One thread; not reused.</summary>
internal sealed class TraceReading(IReadOnlyList<ISpanSegment> segments, TraceVisibility visibility, TraceCache cache, long maxBytes)
{
    private readonly List<string> _unreadable = [];

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <summary>The trace; null when there is none, or none that shows.</summary>
    public ReadTrace? Read(TraceId id, QueryBounds bounds)
    {
        var places = TraceAssembly.Find(id, segments, _unreadable);
        var version = _unreadable.Count == 0 ? Version(places) : null;
        var trace = (version is null ? null : cache.Find(id, version)) ?? Assemble(id, places, bounds);
        if (trace is null) return null;
        if (version is not null && _unreadable.Count == 0) cache.Keep(id, version, trace);
        return trace.View.Spans.RowCount > 0 && visibility.Hides(id, trace.View.Summary.StartUnixNano) ? null : trace;
    }

    private ReadTrace? Assemble(TraceId id, List<(ISpanSegment Segment, int Trace)> places, QueryBounds bounds)
    {
        var table = new SpanTable();
        var truncated = default(Truncation);
        try
        {
            TraceAssembly.Assemble(places, table, _unreadable, bounds);
        }
        catch (BoundHitException)
        {
            truncated = new Truncation("memory",
                $"The trace is shown in part: of its spans {table.Spans.RowCount} were read, since all of them need more than the {maxBytes >> 20} MB that one trace may take (TraceMaxBytes).");
        }
        if (table.Spans.RowCount == 0 && truncated is null) return null;
        if (_unreadable.Count > 0) truncated ??= new Truncation("unreadable", $"Some of the trace cannot be read: {_unreadable[0]}");
        return new ReadTrace(TraceAssembly.View(id, table, truncated, bounds.CancellationToken));
    }

    /// <summary>Where the trace lies, and how many of its spans lie in heads, which grow; null when that cannot be read.</summary>
    private TracePlace[]? Version(List<(ISpanSegment Segment, int Trace)> places)
    {
        try
        {
            return [.. places.Select(static place => new TracePlace(place.Segment.Identity, place.Trace, place.Segment.IsLasting ? 0 : SpansIn(place.Segment, place.Trace)))];
        }
        catch (UnreadableSegmentException e)
        {
            _unreadable.Add(e.Message);
            return null;
        }
    }

    private static long SpansIn(ISpanSegment segment, int trace)
    {
        var part = SplitSet.PartOf(segment.Parts, trace);
        return (long)segment.Open(part).Traces(TraceColumn.Spans)[trace - segment.Parts[part].FirstTrace];
    }
}
