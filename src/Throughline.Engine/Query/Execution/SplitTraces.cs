using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>The values of a trace that searches order and filter by.</summary>
internal readonly record struct TraceValues(ulong Start, ulong Duration, int Spans, int Errors, ulong Waiting);

/// <summary>
/// Values of traces that lie in several segments, kept between searches: putting such a trace together reads all its spans, and a search without a filter meets every
/// one of them. An entry holds as long as the trace lies in the very same segments, which never change. Owned by the store; thread safe.
/// </summary>
internal sealed class SplitTraces
{
    /// <summary>Entries of about 150 bytes. When they are more, all are forgotten: that is rare, and needs no order of use.</summary>
    private const int Most = 200_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<TraceId, (ISpanSegment[] Segments, TraceValues Values)> _known = [];

    /// <summary>The values, when the trace was put together from just these segments before.</summary>
    public bool TryGet(TraceId id, ReadOnlySpan<ISpanSegment> segments, out TraceValues values)
    {
        lock (_gate)
        {
            values = default;
            if (!_known.TryGetValue(id, out var known) || !known.Segments.AsSpan().SequenceEqual(segments)) return false;
            values = known.Values;
            return true;
        }
    }

    /// <summary>Keeps the values, unless a segment is a view of the head.</summary>
    public void Put(TraceId id, ReadOnlySpan<ISpanSegment> segments, in TraceValues values)
    {
        foreach (var segment in segments)
        {
            if (!segment.IsLasting) return;
        }
        var kept = segments.ToArray();
        lock (_gate)
        {
            if (_known.Count >= Most) _known.Clear();
            _known[id] = (kept, values);
        }
    }
    /// <summary>Forgets everything: segments that are gone would be held by their entries.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _known.Clear();
        }
    }
}
