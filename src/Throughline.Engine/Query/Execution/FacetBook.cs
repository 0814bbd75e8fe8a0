using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>Counts the matches of a search by the values of several keys, part by part. Used by all threads of a query; thread safe.</summary>
internal sealed class FacetBook(FacetRequest request, QueryBounds bounds)
{
    private readonly FacetCount[] _counts = [.. request.Keys.Select(key => new FacetCount(key, request, bounds))];
    private readonly HashSet<TraceId> _matchesElsewhere = [];

    /// <summary>Counts a part.</summary>
    /// <param name="rows">The rows that match; those of other traces are taken out.</param>
    /// <param name="matching">The part's matching traces that lie in it alone.</param>
    /// <param name="split">The part's traces that lie in several segments; null when there are none.</param>
    public void Count(ISpanSegment segment, in OpenPart part, ulong[] rows, ulong[] matching, ulong[]? split)
    {
        var others = RowBits.All(part.Facts.Traces);
        RowBits.AndNot(others, matching);
        if (split is not null) RowBits.AndNot(others, split);
        if (!RowBits.IsEmpty(others)) part.Columns.ClearRowsOf(others, rows);
        if (RowBits.IsEmpty(rows)) return;
        var traceOf = part.Columns.ReadTraces();
        foreach (var count in _counts) count.Count(segment, part, rows, traceOf, split);
    }

    /// <summary>A trace that lies in several segments matches. Called by one thread at a time.</summary>
    public void AddElsewhere(TraceId id) => _matchesElsewhere.Add(id);

    /// <summary>The counts.</summary>
    public IReadOnlyList<Facet> Result(bool exact) => [.. _counts.Select(c => c.Result(_matchesElsewhere, exact))];
}
