using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>What one query sees: the segments of a snapshot, blocks first, and which traces show. Immutable; thread safe.</summary>
internal sealed class StoreView(IReadOnlyList<ISpanSegment> segments, TraceVisibility visibility, SplitTraces split, IReadOnlyList<UnopenedBlock> unopened)
{
    private readonly Lock _gate = new();
    private readonly List<string> _unreadable = [];
    private SplitSet? _split;

    /// <summary>The segments.</summary>
    public IReadOnlyList<ISpanSegment> Segments => segments;

    /// <summary>Which traces show.</summary>
    public TraceVisibility Visibility => visibility;

    /// <summary>Tells the blocks that are missing and may have spans that start in [from, to).</summary>
    public void TellUnopened(ulong? fromUnixNano, ulong? toUnixNano, List<string> unreadable)
    {
        foreach (var block in unopened)
        {
            if (block.MayHold(fromUnixNano, toUnixNano)) unreadable.Add(block.Message);
        }
    }

    /// <summary>The traces that lie in several segments. Those of a block that does not tell its traces count as whole where else they lie, and the problem is told.</summary>
    public SplitSet FindSplit(List<string> unreadable)
    {
        lock (_gate)
        {
            if (_split is null) _split = split.Of(segments, _unreadable);
            unreadable.AddRange(_unreadable);
            return _split;
        }
    }

    /// <summary>The hidden traces of a part, by number in it; null when all of them show.</summary>
    public ulong[]? HiddenIn(int segment, in OpenPart part, List<string> unreadable)
    {
        var (first, end) = (part.Facts.FirstTrace, part.Facts.FirstTrace + part.Facts.Traces);
        if (visibility.HiddenBeforeUnixNano == 0) return null;
        var set = FindSplit(unreadable);
        if (part.Facts.MinStartUnixNano >= visibility.HiddenBeforeUnixNano && !set.HasAny(segment, first, end)) return null;
        var hidden = new ulong[RowBits.Words(part.Facts.Traces)];
        var starts = part.Columns.Traces(TraceColumn.Start);
        var ids = segments[segment].TraceIds;
        for (var trace = first; trace < end; trace++)
        {
            var start = set.Has(segment, trace) ? set.Roughly(ids[trace], unreadable)?.Start ?? starts[trace - first] : starts[trace - first];
            if (visibility.Hides(ids[trace], start)) RowBits.Set(hidden, trace - first);
        }
        return RowBits.IsEmpty(hidden) ? null : hidden;
    }
}
