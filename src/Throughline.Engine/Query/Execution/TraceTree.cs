using Throughline.Engine.Model;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// The tree of a trace's spans. <see cref="Order"/> has the rows in tree order; <see cref="ParentRow"/> and <see cref="Warnings"/> are by place in that order. Whatever the
/// parents say, every row appears once: a cycle is broken at its earliest span.
/// </summary>
internal sealed class TraceTree
{
    private readonly SpanBatch _spans;
    private readonly int[] _sorted;
    private readonly int[] _parent;
    private readonly SpanWarnings[] _warnings;
    private readonly int[] _firstChild;
    private readonly int[] _nextSibling;

    private TraceTree(SpanBatch spans)
    {
        _spans = spans;
        var count = spans.RowCount;
        _sorted = new int[count];
        for (var i = 0; i < count; i++) _sorted[i] = i;
        Array.Sort(_sorted, (a, b) =>
        {
            var byStart = spans.StartUnixNano[a].CompareTo(spans.StartUnixNano[b]);
            if (byStart != 0) return byStart;
            var byId = spans.SpanId[a].CompareTo(spans.SpanId[b]);
            return byId != 0 ? byId : a.CompareTo(b);
        });
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
    public static TraceTree Of(SpanBatch spans)
    {
        var tree = new TraceTree(spans);
        tree.FindParents();
        tree.LinkChildren();
        tree.Walk();
        return tree;
    }

    private void FindParents()
    {
        var byId = new Dictionary<ulong, int>(_sorted.Length);
        var shared = new Dictionary<ulong, List<int>>();
        foreach (var row in _sorted)
        {
            var id = _spans.SpanId[row];
            if (byId.TryAdd(id, row)) continue;
            if (!shared.TryGetValue(id, out var rows)) shared.Add(id, rows = [byId[id]]);
            rows.Add(row);
        }
        foreach (var row in _sorted)
        {
            var parentId = _spans.ParentSpanId[row];
            _parent[row] = parentId == 0 ? TraceView.Root
                : shared.TryGetValue(parentId, out var rows) ? SharedParent(rows, row)
                : byId.GetValueOrDefault(parentId, TraceView.Orphan);
            _warnings[row] = OwnWarnings(row) | (shared.ContainsKey(_spans.SpanId[row]) ? SpanWarnings.SharedId : SpanWarnings.None);
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

    private SpanWarnings OwnWarnings(int row)
    {
        var warnings = SpanWarnings.None;
        if (_spans.EndUnixNano[row] < _spans.StartUnixNano[row]) warnings |= SpanWarnings.EndBeforeStart;
        if (_parent[row] == TraceView.Orphan) warnings |= SpanWarnings.ParentMissing;
        if (_parent[row] >= 0 && _spans.StartUnixNano[row] < _spans.StartUnixNano[_parent[row]]) warnings |= SpanWarnings.StartsBeforeParent;
        if ((_spans.Marks[row] & (byte)SpanMarks.InvalidUtf8) != 0) warnings |= SpanWarnings.InvalidUtf8;
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
        Array.Fill(placeOf, -1);
        var count = 0;
        var stack = new Stack<int>();
        foreach (var row in _sorted)
        {
            if (_parent[row] < 0) WalkFrom(row, _parent[row], placeOf, ref count, stack);
        }
        // What no root leads to hangs on a cycle.
        foreach (var row in _sorted)
        {
            if (placeOf[row] >= 0) continue;
            _warnings[row] |= SpanWarnings.Cycle;
            WalkFrom(row, TraceView.Root, placeOf, ref count, stack);
        }
    }

    private void WalkFrom(int root, int rootParent, int[] placeOf, ref int count, Stack<int> stack)
    {
        stack.Push(root);
        while (stack.TryPop(out var row))
        {
            if (row != root && _nextSibling[row] is var sibling and >= 0) stack.Push(sibling);
            if (placeOf[row] >= 0) continue;
            placeOf[row] = count;
            Order[count] = row;
            ParentRow[count] = row == root ? rootParent : placeOf[_parent[row]];
            Warnings[count] = _warnings[row];
            count++;
            if (_firstChild[row] is var child and >= 0) stack.Push(child);
        }
    }
}
