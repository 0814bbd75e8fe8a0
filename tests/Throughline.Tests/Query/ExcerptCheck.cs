using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Tests.Query;

/// <summary>What an excerpt of a trace must be, worked out the plain way: one row after the other, by its rank, with all of its ancestors, as long as they fit.</summary>
internal static class ExcerptCheck
{
    public static void Check(TraceView view, TraceExcerpt excerpt, int limit, ulong fromNano, ulong toNano, SpanId? wantedSpan)
    {
        var wanted = new HashSet<int>();
        var ranked = Enumerable.Range(0, view.Spans.RowCount).Where(r => IsWanted(r) || Overlaps(r)).OrderByDescending(IsWanted).ThenByDescending(r => !IsWanted(r) && view.IsError[r])
            .ThenByDescending(r => IsWanted(r) ? 0 : Math.Min(view.Spans.DurationNano(r), long.MaxValue - 1)).ThenBy(r => r);
        foreach (var row in ranked)
        {
            var chain = Chain(row).Where(r => !wanted.Contains(r)).ToList();
            if (wanted.Count + chain.Count <= limit) wanted.UnionWith(chain);
        }
        Assert.Equal(wanted.Order(), excerpt.Rows);
        // Who is left out counts with the nearest of its ancestors that is in.
        var above = Enumerable.Range(0, view.Spans.RowCount).Except(wanted).Select(r => Chain(r).FirstOrDefault(wanted.Contains, -1)).ToList();
        Assert.Equal(above.Count(a => a < 0), excerpt.OmittedRoots);
        for (var place = 0; place < excerpt.Rows.Length; place++)
        {
            var (row, parent) = (excerpt.Rows[place], view.ParentRow[excerpt.Rows[place]]);
            Assert.Equal(parent < 0 ? parent : Array.IndexOf(excerpt.Rows, parent), excerpt.ParentRow[place]);
            Assert.Equal(above.Count(a => a == row), excerpt.Omitted[place]);
        }

        IEnumerable<int> Chain(int row)
        {
            for (; row >= 0; row = view.ParentRow[row]) yield return row;
        }
        bool IsWanted(int row) => view.Spans.SpanId[row] == wantedSpan?.Value;
        bool Overlaps(int row)
        {
            var begin = view.Spans.StartUnixNano[row] - view.Summary.StartUnixNano;
            return begin < toNano && (begin >= fromNano || begin + view.Spans.DurationNano(row) > fromNano);
        }
    }
}
