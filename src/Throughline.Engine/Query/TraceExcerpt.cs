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
    public static TraceExcerpt Of(TraceView trace, int limit, ulong fromNano, ulong toNano, SpanId? wanted, CancellationToken cancellationToken) =>
        Of(trace, Rank(trace, cancellationToken), limit, fromNano, toNano, wanted, cancellationToken);

    /// <summary>The same of a trace whose rows are ranked already: takes O(n) time.</summary>
    internal static TraceExcerpt Of(TraceView trace, int[] ranked, int limit, ulong fromNano, ulong toNano, SpanId? wanted, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var spans = trace.Spans;
        var start = trace.Summary.StartUnixNano;
        var picked = new Picked(trace, limit, cancellationToken);
        if (wanted is { } id)
        {
            var ids = spans.SpanId.Span[..spans.RowCount];
            for (var row = ids.IndexOf(id.Value); row >= 0;)
            {
                picked.Add(row);
                var next = ids[(row + 1)..].IndexOf(id.Value);
                row = next < 0 ? -1 : row + 1 + next;
            }
        }
        for (var i = 0; i < ranked.Length && !picked.IsOver; i++)
        {
            if (i % LookedAtOnce == 0) cancellationToken.ThrowIfCancellationRequested();
            var row = ranked[i];
            var begin = spans.StartUnixNano[row] - start;
            // A span without length is seen where it begins.
            if (begin >= toNano || (begin < fromNano && begin + spans.DurationNano(row) <= fromNano)) continue;
            picked.Add(row);
        }
        return Gather(trace, picked.IsIn, picked.Count);
    }

    /// <summary>The rows of a trace, those most worth drawing first: what failed, then what took longest; of equal rank in tree order.</summary>
    internal static int[] Rank(TraceView trace, CancellationToken cancellationToken)
    {
        var spans = trace.Spans;
        var (rows, rank) = (new int[spans.RowCount], new ulong[spans.RowCount]);
        for (var row = 0; row < rows.Length; row++)
        {
            // Ascending. Durations of more than 292 years are all alike.
            rank[row] = long.MaxValue - 1 - Math.Min(spans.DurationNano(row), long.MaxValue - 1) + (trace.IsError[row] ? 0UL : 1UL << 63);
            rows[row] = row;
        }
        cancellationToken.ThrowIfCancellationRequested();
        rank.AsSpan().Sort(rows.AsSpan());
        cancellationToken.ThrowIfCancellationRequested();
        for (var from = 0; from < rows.Length;)
        {
            var to = from + 1;
            while (to < rows.Length && rank[to] == rank[from]) to++;
            rows.AsSpan(from..to).Sort();
            from = to;
        }
        return rows;
    }

    /// <summary>The rows that are in so far.</summary>
    private sealed class Picked(TraceView trace, int limit, CancellationToken cancellationToken)
    {
        private readonly List<int> _chain = [];
        // Of a chain that does not fit nothing is kept: a trace that is one chain would be walked again and again.
        private readonly long _mostSteps = Math.Max(LookedAtOnce, (long)StepsPerRow * trace.Spans.RowCount);
        private long _steps;

        public bool[] IsIn { get; } = new bool[trace.Spans.RowCount];

        public int Count { get; private set; }

        public bool IsOver => Count >= limit || _steps >= _mostSteps;

        /// <summary>Adds a row with all of its ancestors, when they fit.</summary>
        public void Add(int candidate)
        {
            if (IsOver) return;
            _chain.Clear();
            // The chain to the nearest ancestor that is in: longer than what is left of the limit, it need not be followed.
            for (var row = candidate; row >= 0 && !IsIn[row] && _chain.Count <= limit - Count; row = trace.ParentRow[row])
            {
                if (++_steps % LookedAtOnce == 0) cancellationToken.ThrowIfCancellationRequested();
                _chain.Add(row);
            }
            if (_chain.Count > limit - Count) return;
            foreach (var row in _chain) IsIn[row] = true;
            Count += _chain.Count;
        }
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
