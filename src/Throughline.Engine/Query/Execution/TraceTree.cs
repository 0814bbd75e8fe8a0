using Throughline.Engine.Model;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// The tree of a trace's spans. <see cref="Order"/> has the rows in tree order; <see cref="ParentRow"/> and <see cref="Warnings"/> are by place in that order. Whatever the
/// parents say, every row appears once: a cycle is broken at its earliest span.
/// </summary>
internal sealed class TraceTree
{
    /// <summary>Rows that take less than a millisecond: between them a caller that has gone is noticed.</summary>
    private const int LookedAtOnce = 4_096;

    private readonly SpanBatch _spans;
    private readonly CancellationToken _cancellationToken;
    private readonly int[] _sorted;
    private readonly int[] _parent;
    private readonly SpanWarnings[] _warnings;
    private readonly int[] _firstChild;
    private readonly int[] _nextSibling;

    private TraceTree(SpanBatch spans, CancellationToken cancellationToken)
    {
        (_spans, _cancellationToken) = (spans, cancellationToken);
        var count = spans.RowCount;
        _sorted = new int[count];
        for (var i = 0; i < count; i++) _sorted[i] = i;
        RunSort.Sort(_sorted, CompareStarts, cancellationToken);
        _parent = new int[count];
        _warnings = new SpanWarnings[count];
        _firstChild = new int[count];
        _nextSibling = new int[count];
        Array.Fill(_firstChild, -1);
        Order = new int[count];
        ParentRow = new int[count];
        Warnings = new SpanWarnings[count];
    }

    /// <summary>Rows of the batch, in tree order.</summary>
    public int[] Order { get; }

    /// <summary>Place of the parent in <see cref="Order"/>, <see cref="TraceView.Root"/> or <see cref="TraceView.Orphan"/>.</summary>
    public int[] ParentRow { get; }

    /// <summary>By place in <see cref="Order"/>.</summary>
    public SpanWarnings[] Warnings { get; }

    /// <summary>The tree of all rows of a batch, which are of one trace.</summary>
    public static TraceTree Of(SpanBatch spans, CancellationToken cancellationToken)
    {
        var tree = new TraceTree(spans, cancellationToken);
        tree.FindParents();
        tree.BreakCycles();
        tree.Warn();
        tree.LinkChildren();
        tree.Walk();
        return tree;
    }

    private int CompareStarts(int a, int b)
    {
        var byStart = _spans.StartUnixNano[a].CompareTo(_spans.StartUnixNano[b]);
        if (byStart != 0) return byStart;
        var byId = _spans.SpanId[a].CompareTo(_spans.SpanId[b]);
        return byId != 0 ? byId : a.CompareTo(b);
    }

    /// <summary>The rows by start; now and then a caller that has gone ends the walk.</summary>
    private IEnumerable<int> Rows()
    {
        for (var i = 0; i < _sorted.Length; i++)
        {
            if (i % LookedAtOnce == 0) _cancellationToken.ThrowIfCancellationRequested();
            yield return _sorted[i];
        }
    }

    private void FindParents()
    {
        var byId = new Dictionary<ulong, int>(_sorted.Length);
        var shared = new Dictionary<ulong, List<int>>();
        foreach (var row in Rows())
        {
            var id = _spans.SpanId[row];
            if (byId.TryAdd(id, row)) continue;
            if (!shared.TryGetValue(id, out var rows)) shared.Add(id, rows = [byId[id]]);
            rows.Add(row);
        }
        foreach (var row in Rows())
        {
            var parentId = _spans.ParentSpanId[row];
            _parent[row] = parentId == 0 ? TraceView.Root
                : shared.TryGetValue(parentId, out var rows) ? SharedParent(rows, row)
                : byId.GetValueOrDefault(parentId, TraceView.Orphan);
            if (shared.ContainsKey(_spans.SpanId[row])) _warnings[row] = SpanWarnings.SharedId;
        }
    }

    /// <summary>Of spans that share an id (Zipkin's client and server), the server's side is where the work under it was done.</summary>
    private int SharedParent(List<int> rows, int child)
    {
        foreach (var row in rows)
        {
            if (row != child && _spans.Kind[row] == (int)SpanKind.Server) return row;
        }
        foreach (var row in rows)
        {
            if (row != child) return row;
        }
        return child;
    }

    /// <summary>Follows parents from every row; where that comes back to its own path, the earliest row of the cycle becomes a root.</summary>
    private void BreakCycles()
    {
        var rank = new int[_sorted.Length];
        for (var i = 0; i < rank.Length; i++) rank[_sorted[i]] = i;
        // The path on which each row was met first, counted from 1.
        var metOn = new int[_sorted.Length];
        foreach (var start in Rows())
        {
            var path = rank[start] + 1;
            var row = start;
            while (row >= 0 && metOn[row] == 0)
            {
                metOn[row] = path;
                row = _parent[row];
            }
            if (row < 0 || metOn[row] != path) continue;
            var earliest = row;
            for (var other = _parent[row]; other != row; other = _parent[other])
            {
                if (rank[other] < rank[earliest]) earliest = other;
            }
            _parent[earliest] = TraceView.Root;
            _warnings[earliest] |= SpanWarnings.Cycle;
        }
    }

    private void Warn()
    {
        foreach (var row in Rows()) _warnings[row] |= OwnWarnings(row);
    }

    private SpanWarnings OwnWarnings(int row)
    {
        var warnings = SpanWarnings.None;
        if (_spans.EndUnixNano[row] < _spans.StartUnixNano[row]) warnings |= SpanWarnings.EndBeforeStart;
        if (_parent[row] == TraceView.Orphan) warnings |= SpanWarnings.ParentMissing;
        if (_parent[row] >= 0 && _spans.StartUnixNano[row] < _spans.StartUnixNano[_parent[row]]) warnings |= SpanWarnings.StartsBeforeParent;
        if ((_spans.Marks[row] & (byte)SpanMarks.InvalidUtf8) != 0) warnings |= SpanWarnings.InvalidUtf8;
        if ((_spans.Marks[row] & (byte)SpanMarks.Cut) != 0) warnings |= SpanWarnings.Cut;
        if ((_spans.Marks[row] & (byte)SpanMarks.TraceFull) != 0) warnings |= SpanWarnings.TraceFull;
        return warnings;
    }

    private void LinkChildren()
    {
        for (var i = _sorted.Length - 1; i >= 0; i--)
        {
            var row = _sorted[i];
            var parent = _parent[row];
            if (parent < 0) continue;
            _nextSibling[row] = _firstChild[parent];
            _firstChild[parent] = row;
        }
    }

    private void Walk()
    {
        var placeOf = new int[_sorted.Length];
        var count = 0;
        var stack = new Stack<int>();
        foreach (var root in Rows())
        {
            if (_parent[root] >= 0) continue;
            stack.Push(root);
            while (stack.TryPop(out var row))
            {
                if (_parent[row] >= 0 && _nextSibling[row] is var sibling and >= 0) stack.Push(sibling);
                if (count % LookedAtOnce == 0) _cancellationToken.ThrowIfCancellationRequested();
                placeOf[row] = count;
                Order[count] = row;
                ParentRow[count] = _parent[row] < 0 ? _parent[row] : placeOf[_parent[row]];
                Warnings[count] = _warnings[row];
                count++;
                if (_firstChild[row] is var child and >= 0) stack.Push(child);
            }
        }
    }
}
