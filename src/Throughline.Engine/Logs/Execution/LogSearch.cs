using System.Numerics;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Logs.Execution;

/// <summary>
/// Finds the records of a page: parts are looked at in the order of their bounds, so that a search for the newest ends where nothing older can belong to the page. One query's own; not thread safe.
/// </summary>
internal sealed class LogSearch(LogPlan plan, LogWalk walk)
{
    private readonly LogFilter _filter = new(plan, walk.Bounds);

    // One more than the page tells whether there is another page.
    private readonly TopLogs _top = new(plan.Limit == 0 ? 0 : plan.Limit + 1, plan.Descending, plan.After);
    private long _total;
    private bool _isExact = true;

    /// <summary>Runs the search.</summary>
    public LogPage Run()
    {
        var parts = walk.Parts.Where(_filter.CanMatchTimes).ToArray();
        Array.Sort(parts, plan.Descending ? (a, b) => b.LastAt.CompareTo(a.LastAt) : (a, b) => a.FirstAt.CompareTo(b.FirstAt));
        foreach (var part in parts)
        {
            if (walk.Try(part, Look)) continue;
            _isExact = false;
            break;
        }
        var found = _top.InOrder();
        var hasMore = found.Length > plan.Limit;
        var page = hasMore ? found.AsSpan(0, plan.Limit) : found;
        var (entries, cursor) = Read(page);
        var last = walk.Parts.Count == 0 ? 0 : walk.Parts.Max(p => p.LastSequence);
        return new LogPage(entries, new Total(_total, _isExact && walk.Truncated is null), hasMore ? cursor : null, last, walk.Truncated);
    }

    private void Look(LogPart part)
    {
        var admits = _top.Admits(part);
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
        if (_filter.Rows(part) is not { } rows) return;
        _total += RowBits.Count(rows);
        if (admits) Take(part, rows);
    }

    private void Take(LogPart part, ulong[] rows)
    {
        var (at, sequence) = (part.At, part.Sequence);
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

    private (IReadOnlyList<LogEntry> Entries, LogCursor? Last) Read(ReadOnlySpan<TopLogs.Found> page)
    {
        var reader = new LogEntryReader(walk.Bounds);
        var entries = new List<LogEntry>(page.Length);
        LogCursor? last = null;
        foreach (var found in page)
        {
            // Damage is met by whatever row is read first; the others of its part are left out, too.
            var isOver = !walk.Try(found.Part, part => entries.Add(reader.Read(part, found.Row, found.At, found.Sequence)));
            last = new LogCursor(found.At, found.Sequence);
            if (isOver) break;
        }
        return (entries, last);
    }
}
