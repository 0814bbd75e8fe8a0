using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>The bounds on a span's start that a predicate implies: [From, To). <see cref="IsWhole"/> when the predicate says nothing else. Immutable.</summary>
internal sealed record StartRange(ulong From, ulong? To, bool IsWhole)
{
    /// <summary>The bounds that every matching span keeps.</summary>
    public static StartRange Of(SpanPredicate predicate)
    {
        switch (predicate)
        {
            case SpanPredicate.StartsIn range:
                return new StartRange(range.From ?? 0, range.To, true);
            case SpanPredicate.And and:
                var from = 0ul;
                ulong? to = null;
                var whole = true;
                foreach (var term in and.Terms)
                {
                    var inner = Of(term);
                    from = Math.Max(from, inner.From);
                    if (inner.To is { } end) to = Math.Min(end, to ?? ulong.MaxValue);
                    whole &= inner.IsWhole;
                }
                return new StartRange(from, to, whole);
            default:
                return new StartRange(0, null, false);
        }
    }

    /// <summary>False when no row of the part can start within the bounds.</summary>
    public bool Overlaps(SegmentPart part) => part.MaxStartUnixNano >= From && (To is not { } to || part.MinStartUnixNano < to);

    /// <summary>
    /// Decides by the traces' own bounds, without looking at spans, which of them have a span that starts in the range. False when some
    /// trace begins before the range and ends in it or behind: then only its spans tell.
    /// </summary>
    public bool TryDecide(ISpanSegment segment, bool[] marks)
    {
        var starts = segment.TraceStart;
        var ends = segment.TraceEnd;
        for (var t = 0; t < marks.Length; t++)
        {
            var start = starts[t];
            if (start >= From) marks[t] = To is not { } to || start < to;
            else if (ends[t] >= From) return false;
        }
        return true;
    }
}
