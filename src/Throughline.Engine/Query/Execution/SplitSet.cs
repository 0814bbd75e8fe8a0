using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>The traces that lie in more than one of some blocks. Immutable; thread safe; the same for all snapshots that have these blocks.</summary>
internal sealed class SplitInBlocks
{
    private readonly Dictionary<ISpanSegment, ulong[]> _bits = [];
    private volatile Dictionary<(ISpanSegment Segment, int Part), SplitBounds>? _bounds;

    /// <summary>These traces.</summary>
    public SplitInBlocks(Dictionary<TraceId, SplitTrace> traces)
    {
        Traces = traces;
        foreach (var trace in traces.Values)
        {
            foreach (var holder in trace.Holders) RowBits.Set(BitsOf(_bits, holder.Segment), holder.Trace);
        }
    }

    /// <summary>The traces.</summary>
    public Dictionary<TraceId, SplitTrace> Traces { get; }

    /// <summary>The numbers of those of a segment; null when it has none.</summary>
    public ulong[]? Of(ISpanSegment segment) => _bits.GetValueOrDefault(segment);

    /// <summary>Bounds on their values by part; remembered when all of it could be read.</summary>
    public Dictionary<(ISpanSegment Segment, int Part), SplitBounds> FindBounds()
    {
        if (_bounds is { } known) return known;
        var found = SplitBounds.Find(Traces.Values, out var isWhole);
        if (isWhole) _bounds = found;
        return found;
    }

    /// <summary>The set of numbers of a segment's traces, made when there is none yet.</summary>
    internal static ulong[] BitsOf(Dictionary<ISpanSegment, ulong[]> all, ISpanSegment segment)
    {
        if (!all.TryGetValue(segment, out var bits)) all.Add(segment, bits = new ulong[RowBits.Words(segment.TraceCount)]);
        return bits;
    }
}

/// <summary>
/// The traces of one snapshot that lie in more than one of its segments, and what they amount to over all of them. What a segment says of such a trace holds for its spans there only, so
/// searches ask here. Immutable; thread safe.
/// </summary>
internal sealed class SplitSet
{
    private readonly IReadOnlyList<ISpanSegment> _segments;
    private readonly SplitInBlocks _inBlocks;
    private readonly Dictionary<TraceId, SplitTrace> _withHeads;
    private readonly ulong[]?[] _traces;
    private readonly Lazy<Dictionary<(ISpanSegment Segment, int Part), SplitBounds>> _boundsInBlocks;
    private readonly Lazy<Dictionary<(ISpanSegment Segment, int Part), SplitBounds>> _bounds;

    /// <summary>The traces that lie in several blocks, and those (<paramref name="withHeads"/>, which stand for the former) that lie in a head and elsewhere.</summary>
    public SplitSet(IReadOnlyList<ISpanSegment> segments, SplitInBlocks inBlocks, Dictionary<TraceId, SplitTrace> withHeads)
    {
        (_segments, _inBlocks, _withHeads) = (segments, inBlocks, withHeads);
        var bits = new Dictionary<ISpanSegment, ulong[]>();
        foreach (var trace in withHeads.Values)
        {
            foreach (var holder in trace.Holders) RowBits.Set(SplitInBlocks.BitsOf(bits, holder.Segment), holder.Trace);
        }
        _traces = new ulong[]?[segments.Count];
        for (var i = 0; i < _traces.Length; i++)
        {
            var (own, shared) = (bits.GetValueOrDefault(segments[i]), inBlocks.Of(segments[i]));
            if (own is not null && shared is not null) RowBits.Or(own, shared);
            _traces[i] = own ?? shared;
        }
        _boundsInBlocks = new(inBlocks.FindBounds);
        _bounds = new(() => SplitBounds.Find(withHeads.Values, out _));
    }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _withHeads.Count == 0 && _inBlocks.Traces.Count == 0;

    /// <summary>Whether a trace of a segment is in the set.</summary>
    public bool Has(int segment, int trace) => _traces[segment] is { } bits && RowBits.Has(bits, trace);

    /// <summary>Whether any of the traces [first, end) of a segment is in the set.</summary>
    public bool HasAny(int segment, int first, int end) => _traces[segment] is { } bits && RowBits.AnyIn(bits, first, end);

    /// <summary>Bounds on the values that the set's traces in a part have over all segments; null when it has none.</summary>
    public SplitBounds? BoundsOf(int segment, int part)
    {
        var key = (_segments[segment], part);
        var isInBlocks = _boundsInBlocks.Value.TryGetValue(key, out var inBlocks);
        if (!_bounds.Value.TryGetValue(key, out var withHeads)) return isInBlocks ? inBlocks : null;
        return isInBlocks ? withHeads.With(inBlocks) : withHeads;
    }

    /// <summary>
    /// Start, duration and whether there are errors, exactly; spans, errors and waiting as upper bounds: these need the trace's spans (<see cref="Exactly"/>). All of what can be read; what cannot
    /// is added to <paramref name="unreadable"/>. Null when nothing can.
    /// </summary>
    public TraceValues? Roughly(TraceId id, List<string> unreadable) => Find(id).FindRough(unreadable);

    /// <summary>All values, from all the trace's spans, duplicates collapsed. What cannot be read is added to <paramref name="unreadable"/>. Null when nothing can.</summary>
    public TraceValues? Exactly(TraceId id, QueryBounds bounds, List<string> unreadable)
    {
        var trace = Find(id);
        if (trace.Exact is { } known) return known;
        bounds.Check();
        var problems = unreadable.Count;
        var table = TraceAssembly.Assemble(Places(id), unreadable, bounds);
        if (table.Spans.RowCount == 0) return Roughly(id, unreadable);
        var facts = TraceAssembly.FactsOf(table, bounds.CancellationToken);
        bounds.Charge(-table.MemoryBytes);
        var values = new TraceValues(facts.StartUnixNano, facts.EndUnixNano - facts.StartUnixNano, facts.Spans, facts.Errors, facts.WaitingNano);
        if (unreadable.Count == problems) trace.KeepExact(values);
        return values;
    }

    /// <summary>The segments that hold a trace of the set, with its number there.</summary>
    public IEnumerable<(ISpanSegment Segment, int Trace)> Places(TraceId id) => Find(id).Holders.Select(h => (h.Segment, h.Trace));

    private SplitTrace Find(TraceId id) => _withHeads.TryGetValue(id, out var trace) ? trace : _inBlocks.Traces[id];

    /// <summary>The part that has a trace, and its number there.</summary>
    internal static (int Part, int Trace) PlaceOf(in TraceHolder holder)
    {
        var parts = holder.Segment.Parts;
        var part = PartOf(parts, holder.Trace);
        return (part, holder.Trace - parts[part].FirstTrace);
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
}
