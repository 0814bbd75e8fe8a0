using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// The traces of one snapshot that lie in more than one of its segments, and what they amount to over all of them. What a segment says of such a trace holds for its spans there only, so
/// searches ask here. Immutable; thread safe.
/// </summary>
internal sealed class SplitSet
{
    private readonly IReadOnlyList<ISpanSegment> _segments;
    private readonly Dictionary<TraceId, List<TraceHolder>> _holders;
    private readonly SplitTraces _known;
    private readonly ulong[]?[] _traces;
    private readonly Lazy<Dictionary<(int Segment, int Part), SplitBounds>> _bounds;

    /// <summary>The set of these traces.</summary>
    public SplitSet(IReadOnlyList<ISpanSegment> segments, Dictionary<TraceId, List<TraceHolder>> holders, SplitTraces known)
    {
        _segments = segments;
        _holders = holders;
        _known = known;
        _traces = new ulong[]?[segments.Count];
        foreach (var list in holders.Values)
        {
            foreach (var holder in list) RowBits.Set(_traces[holder.Segment] ??= new ulong[RowBits.Words(segments[holder.Segment].TraceCount)], holder.Trace);
        }
        _bounds = new(FindBounds);
    }

    /// <summary>Number of traces.</summary>
    public int Count => _holders.Count;

    /// <summary>Whether a trace of a segment is in the set.</summary>
    public bool Has(int segment, int trace) => _traces[segment] is { } bits && RowBits.Has(bits, trace);

    /// <summary>Whether any of the traces [first, end) of a segment is in the set.</summary>
    public bool HasAny(int segment, int first, int end) => _traces[segment] is { } bits && RowBits.AnyIn(bits, first, end);

    /// <summary>Where the spans of a trace of the set lie.</summary>
    public IReadOnlyList<TraceHolder> HoldersOf(TraceId id) => _holders[id];

    /// <summary>Bounds on the values that the set's traces in a part have over all segments; null when it has none.</summary>
    public SplitBounds? BoundsOf(int segment, int part) => _bounds.Value.TryGetValue((segment, part), out var bounds) ? bounds : null;

    /// <summary>
    /// Start, duration and whether there are errors, exactly; spans, errors and waiting as upper bounds: these need the trace's spans (<see cref="Exactly"/>). All of what can be read; what cannot
    /// is added to <paramref name="unreadable"/>. Null when nothing can.
    /// </summary>
    public TraceValues? Roughly(TraceId id, List<string> unreadable)
    {
        var (start, end, spans, errors) = (ulong.MaxValue, 0ul, 0L, 0L);
        foreach (var holder in _holders[id])
        {
            try
            {
                var (segment, facts, trace) = PartOf(holder);
                var part = segment.Open(facts);
                var (begin, length) = (part.Traces(TraceColumn.Start)[trace], part.Traces(TraceColumn.Duration)[trace]);
                var (more, failed) = ((long)part.Traces(TraceColumn.Spans)[trace], (long)part.Traces(TraceColumn.Errors)[trace]);
                (start, end, spans, errors) = (Math.Min(start, begin), Math.Max(end, begin + length), spans + more, errors + failed);
            }
            catch (UnreadableSegmentException e)
            {
                unreadable.Add(e.Message);
            }
        }
        return spans == 0 ? null : new TraceValues(start, end - start, (int)Math.Min(spans, int.MaxValue), (int)Math.Min(errors, int.MaxValue), end - start);
    }

    /// <summary>All values, from all the trace's spans, duplicates collapsed. What cannot be read is added to <paramref name="unreadable"/>. Null when nothing can.</summary>
    public TraceValues? Exactly(TraceId id, QueryBounds bounds, List<string> unreadable)
    {
        var list = _holders[id];
        object[] holders = [.. list.Select(h => _segments[h.Segment].Identity)];
        if (_known.TryGetValues(id, holders, out var values)) return values;
        bounds.Check();
        var problems = unreadable.Count;
        var table = TraceAssembly.Assemble(Places(id), unreadable, bounds);
        if (table.Spans.RowCount == 0) return Roughly(id, unreadable);
        var facts = TraceAssembly.FactsOf(table, bounds.CancellationToken);
        bounds.Charge(-table.MemoryBytes);
        values = new TraceValues(facts.StartUnixNano, facts.EndUnixNano - facts.StartUnixNano, facts.Spans, facts.Errors, facts.WaitingNano);
        if (unreadable.Count == problems && list.TrueForAll(h => _segments[h.Segment].IsLasting)) _known.KeepValues(id, holders, values);
        return values;
    }

    /// <summary>The segments that hold a trace of the set, with its number there.</summary>
    public IEnumerable<(ISpanSegment Segment, int Trace)> Places(TraceId id) => _holders[id].Select(h => (_segments[h.Segment], h.Trace));

    private (ISpanSegment Segment, int Part, int Trace) PartOf(TraceHolder holder)
    {
        var segment = _segments[holder.Segment];
        var part = PartOf(segment.Parts, holder.Trace);
        return (segment, part, holder.Trace - segment.Parts[part].FirstTrace);
    }

    /// <summary>The part that has a trace.</summary>
    internal static int PartOf(IReadOnlyList<SegmentPart> parts, int trace)
    {
        var (low, high) = (0, parts.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (parts[middle].FirstTrace <= trace) low = middle;
            else high = middle - 1;
        }
        return low;
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

    private Dictionary<(int Segment, int Part), SplitBounds> FindBounds()
    {
        var bounds = new Dictionary<(int, int), SplitBounds>();
        // Not told here, but by whoever comes to such a trace, or to such a segment: a search that need not look at either is exact.
        var unreadable = new List<string>();
        foreach (var (id, list) in _holders)
        {
            if (Roughly(id, unreadable) is not { } values) continue;
            foreach (var holder in list)
            {
                if (!TryReadParts(_segments[holder.Segment], out var parts)) continue;
                var key = (holder.Segment, PartOf(parts, holder.Trace));
                bounds[key] = bounds.TryGetValue(key, out var known) ? known.With(values) : SplitBounds.Of(values);
            }
        }
        return bounds;
    }
}

/// <summary>Bounds on the values of several traces.</summary>
internal readonly record struct SplitBounds(TraceValues Smallest, TraceValues Largest)
{
    /// <summary>Bounds for one trace, of which spans, errors and waiting are upper bounds.</summary>
    public static SplitBounds Of(in TraceValues values) => new(values with { Spans = 1, Errors = 0, Waiting = 0 }, values);

    /// <summary>Bounds that hold for one more.</summary>
    public SplitBounds With(in TraceValues values) => new(
        Smallest with { Start = Math.Min(Smallest.Start, values.Start), Duration = Math.Min(Smallest.Duration, values.Duration) },
        new TraceValues(
            Math.Max(Largest.Start, values.Start), Math.Max(Largest.Duration, values.Duration), Math.Max(Largest.Spans, values.Spans),
            Math.Max(Largest.Errors, values.Errors), Math.Max(Largest.Waiting, values.Waiting)));

    /// <summary>The bounds of one value.</summary>
    public (ulong Smallest, ulong Largest) Of(TraceOrder order) => (Smallest.Of(order), Largest.Of(order));
}
