using System.Numerics;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Logs.Execution;

/// <summary>
/// Finds the records of a page: parts are looked at in the order of their bounds, so that a search for the newest ends where nothing older can belong to the page. What is found does not depend on
/// which of the query's threads looks at which part, and when. One query's own.
/// </summary>
internal sealed class LogSearch(LogPlan plan, LogWalk walk)
{
    private readonly LogFilter _filter = new(plan, walk.Bounds);

    // One more than the page tells whether there is another page.
    private readonly TopLogs _top = new(plan.Limit == 0 ? 0 : Math.Min(plan.Limit, int.MaxValue - 1) + 1, plan.Descending, plan.After);
    private readonly Lock _gate = new();
    private long _total;
    private bool _isExact = true;

    /// <summary>Runs the search.</summary>
    public LogPage Run()
    {
        var parts = Candidates();
        parts.Sort(plan.Descending ? (a, b) => b.LastAt.CompareTo(a.LastAt) : (a, b) => a.FirstAt.CompareTo(b.FirstAt));
        walk.Each(parts, part => walk.Try(part, Look), firstAlone: plan.Total != TotalWanted.Exact && plan.Trace is null);
        var found = _top.InOrder();
        var (entries, read) = new LogPageReader(walk).Read(found.AsSpan(0, Math.Min(found.Length, plan.Limit)).ToArray());
        // A bound may have been hit before the page's end: the next page begins with what was not read.
        LogCursor? next = read > 0 && read < found.Length ? new LogCursor(found[read - 1].At, found[read - 1].Sequence) : null;
        var last = walk.Parts.Count == 0 ? 0 : walk.Parts.Max(p => p.LastSequence);
        return new LogPage(entries, new Total(_total, _isExact && walk.Truncated is null), next, last, walk.Truncated);
    }

    /// <summary>The parts that are not ruled out by what is known of them: only these are work that threads can share.</summary>
    private List<LogPart> Candidates()
    {
        List<LogPart> parts = [];
        foreach (var candidate in walk.Parts)
        {
            var isOver = !walk.Try(candidate, part =>
            {
                if (_filter.CanMatch(part)) parts.Add(part);
            });
            if (isOver) break;
        }
        return parts;
    }

    private void Look(LogPart part)
    {
        bool admits;
        lock (_gate)
        {
            admits = _top.Admits(part);
            if (!admits && plan.Total != TotalWanted.Exact && plan.Limit > 0)
            {
                // What no page of this order can still need is not looked at, and so not counted.
                _isExact = false;
                return;
            }
            if (!admits && _filter.IsTimeAndLevel && !_filter.HasLevels && _filter.IsInRange(part))
            {
                _total += part.Rows;
                return;
            }
        }
        if (_filter.Rows(part) is not { } rows) return;
        var count = RowBits.Count(rows);
        // Read before the others are made to wait.
        (NumberVector At, NumberVector Sequence)? order = admits ? (part.At, part.Sequence) : null;
        lock (_gate)
        {
            _total += count;
            if (order is { } known) Take(part, rows, known.At, known.Sequence);
        }
    }

    private void Take(LogPart part, ulong[] rows, NumberVector at, NumberVector sequence)
    {
        var backwards = plan.Descending;
        for (var i = 0; i < rows.Length; i++)
        {
            var word = backwards ? rows.Length - 1 - i : i;
            for (var left = rows[word]; left != 0;)
            {
                var bit = backwards ? 63 - BitOperations.LeadingZeroCount(left) : BitOperations.TrailingZeroCount(left);
                left &= ~(1ul << bit);
                var row = (word << 6) + bit;
                if (_top.Admits(at[row])) _top.Add(at[row], sequence[row], part, row);
                else if (part.IsSorted && _top.IsBeyond(at[row])) return;
            }
        }
    }
}
