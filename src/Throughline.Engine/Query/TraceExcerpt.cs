using Throughline.Engine.Model;

namespace Throughline.Engine.Query;

/// <summary>
/// The rows of a trace that are worth drawing when there are too many of them: what failed, then what took longest, each with all of its ancestors, so that what is left is a tree still. Immutable.
/// </summary>
/// <param name="Rows">The rows that are in, ascending, hence in tree order.</param>
/// <param name="ParentRow">For each of <paramref name="Rows"/> the place of its parent among them, or what <see cref="TraceView.ParentRow"/> says when it has none.</param>
/// <param name="Omitted">For each of <paramref name="Rows"/> how many of its descendants are left out that have no nearer ancestor among them. Spans outside of the time that was asked for count too.</param>
/// <param name="OmittedRoots">Rows left out that have no ancestor which is in.</param>
public sealed record TraceExcerpt(int[] Rows, int[] ParentRow, int[] Omitted, int OmittedRoots)
{
    private const int LookedAtOnce = 1 << 16;

    /// <summary>Ancestors that are gone through for each row of the trace, on average, before what is in has to do.</summary>
    private const int StepsPerRow = 16;

    /// <summary>
    /// At most <paramref name="limit"/> rows of a trace, of those that overlap [<paramref name="fromNano"/>, <paramref name="toNano"/>) in nanoseconds since the trace's start, and before them the rows of the span
    /// <paramref name="wanted"/>, wherever it lies. A span that does not fit with its ancestors is
    /// left out, and a shorter one that does is taken in its place, until very many such were tried. Rows of equal rank are taken in tree order. Takes O(n log n) time for n rows.
    /// </summary>
    public static TraceExcerpt Of(TraceView trace, int limit, ulong fromNano, ulong toNano, SpanId? wanted, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var candidates = Candidates(trace, fromNano, toNano, wanted, cancellationToken);
        var isIn = new bool[trace.Spans.RowCount];
        var chain = new List<int>();
        var left = limit;
        // Of a chain that does not fit nothing is kept: a trace that is one chain would be walked again and again.
        var (steps, mostSteps) = (0L, Math.Max(LookedAtOnce, (long)StepsPerRow * isIn.Length));
        for (var i = 0; i < candidates.Length && left > 0 && steps < mostSteps; i++)
        {
            if (i % LookedAtOnce == 0) cancellationToken.ThrowIfCancellationRequested();
            chain.Clear();
            // The chain to the nearest ancestor that is in: longer than what is left of the limit, it need not be followed.
            for (var row = candidates[i]; row >= 0 && !isIn[row] && chain.Count <= left; row = trace.ParentRow[row])
            {
                if (++steps % LookedAtOnce == 0) cancellationToken.ThrowIfCancellationRequested();
                chain.Add(row);
            }
            if (chain.Count > left) continue;
            foreach (var row in chain) isIn[row] = true;
            left -= chain.Count;
        }
        return Gather(trace, isIn, limit - left);
    }

    /// <summary>The rows that overlap the time, the most interesting first.</summary>
    private static int[] Candidates(TraceView trace, ulong fromNano, ulong toNano, SpanId? wanted, CancellationToken cancellationToken)
    {
        var (spans, start) = (trace.Spans, trace.Summary.StartUnixNano);
        var rows = new int[spans.RowCount];
        var rank = new ulong[spans.RowCount];
        var count = 0;
        for (var row = 0; row < spans.RowCount; row++)
        {
            var begin = spans.StartUnixNano[row] - start;
            var duration = spans.DurationNano(row);
            // A span without length is seen where it begins.
            var isWanted = wanted is { } id && spans.SpanId[row] == id.Value;
            if (!isWanted && (begin >= toNano || (begin < fromNano && begin + duration <= fromNano))) continue;
            // Ascending: what is wanted by its id, then failed spans before all others, then the longest. Durations of more than 292 years are all alike.
            rank[count] = isWanted ? 0 : 1 + (long.MaxValue - 1 - Math.Min(duration, long.MaxValue - 1)) + (trace.IsError[row] ? 0UL : 1UL << 63);
            rows[count++] = row;
        }
        cancellationToken.ThrowIfCancellationRequested();
        var ranked = rank.AsSpan(0, count);
        var found = rows.AsSpan(0, count);
        ranked.Sort(found);
        cancellationToken.ThrowIfCancellationRequested();
        for (var from = 0; from < count;)
        {
            var to = from + 1;
            while (to < count && ranked[to] == ranked[from]) to++;
            found[from..to].Sort();
            from = to;
        }
        return found.ToArray();
    }

    private static TraceExcerpt Gather(TraceView trace, bool[] isIn, int count)
    {
        var (rows, parents, omitted) = (new int[count], new int[count], new int[count]);
        // By row of the trace: its place among those that are in, or that of its nearest ancestor that is; -1 when there is none. Parents stand before their children.
        var place = new int[isIn.Length];
        var (next, omittedRoots) = (0, 0);
        for (var row = 0; row < isIn.Length; row++)
        {
            var parent = trace.ParentRow[row];
            var above = parent >= 0 ? place[parent] : -1;
            if (isIn[row])
            {
                rows[next] = row;
                parents[next] = parent >= 0 ? above : parent;
                place[row] = next++;
                continue;
            }
            place[row] = above;
            if (above >= 0) omitted[above]++;
            else omittedRoots++;
        }
        return new(rows, parents, omitted, omittedRoots);
    }
}
