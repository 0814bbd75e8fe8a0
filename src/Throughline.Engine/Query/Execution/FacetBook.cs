using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>Counts the matches of a search by the values of several keys, part by part. Used by all threads of a query; thread safe.</summary>
internal sealed class FacetBook(FacetRequest request, QueryBounds bounds, FacetCache cache)
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
        // What is counted of a whole part of a block is the same the next time.
        var isWhole = segment.IsLasting && split is null && RowBits.Count(rows) == part.Facts.Rows;
        var counted = default(FacetRows);
        foreach (var count in _counts)
        {
            if (isWhole && cache.Find(segment.Identity, part.Facts.FirstTrace, count.Key) is { } known)
            {
                bounds.Check();
                count.Add(known);
                continue;
            }
            var found = count.Count(segment, part, counted ??= FacetRows.Of(part, rows, split));
            if (isWhole && found is not null) cache.Keep(segment.Identity, part.Facts.FirstTrace, count.Key, found);
        }
    }

    /// <summary>A trace that lies in several segments matches. Called by one thread at a time.</summary>
    public void AddElsewhere(TraceId id) => _matchesElsewhere.Add(id);

    /// <summary>The counts.</summary>
    public IReadOnlyList<Facet> Result(bool exact) => [.. _counts.Select(c => c.Result(_matchesElsewhere, exact))];
}

/// <summary>The rows of a part that facets count.</summary>
/// <param name="Rows">The rows; null: all.</param>
/// <param name="TraceOf">By row: its trace.</param>
/// <param name="AreOrdered">Whether the rows of each trace follow one another.</param>
/// <param name="Split">The part's traces that have spans elsewhere; null when there are none.</param>
internal sealed record FacetRows(ulong[]? Rows, int[] TraceOf, bool AreOrdered, ulong[]? Split)
{
    /// <summary>These rows of an open part.</summary>
    public static FacetRows Of(in OpenPart part, ulong[] rows, ulong[]? split)
    {
        var traceOf = part.Columns.ReadTraces();
        return new FacetRows(RowBits.Count(rows) == part.Facts.Rows ? null : rows, traceOf, IsOrdered(traceOf.AsSpan(0, part.Facts.Rows)), split);
    }

    private static bool IsOrdered(ReadOnlySpan<int> traces)
    {
        for (var i = 1; i < traces.Length; i++)
        {
            if (traces[i] < traces[i - 1]) return false;
        }
        return true;
    }
}
