namespace Throughline.Engine.Model;

/// <summary>
/// Which span is the parent where several have the id that a span names: the server's side of a shared span, since the work under it was done there, else the earliest
/// (docs/format/block.md, column 7). Keeps its buffers; not thread safe.
/// </summary>
internal sealed class ParentRule(SpanBatch spans)
{
    private readonly Dictionary<ulong, int> _first = [];
    private readonly Dictionary<ulong, List<int>> _shared = [];

    /// <summary>Fills in the parents of a trace's rows by row, -1 where there is none among them.</summary>
    public void FindParents(ReadOnlySpan<int> rows, int[] parents)
    {
        _first.Clear();
        _shared.Clear();
        foreach (var row in rows) Register(row);
        foreach (var row in rows) parents[row] = ParentOf(row);
    }

    private void Register(int row)
    {
        var id = spans.SpanId[row];
        if (_first.TryAdd(id, row)) return;
        if (!_shared.TryGetValue(id, out var sharing)) _shared.Add(id, sharing = [_first[id]]);
        sharing.Add(row);
    }

    private int ParentOf(int row)
    {
        var id = spans.ParentSpanId[row];
        if (id == 0 || !_first.TryGetValue(id, out var parent)) return -1;
        if (!_shared.TryGetValue(id, out var sharing)) return parent == row ? -1 : parent;
        var best = -1;
        foreach (var other in sharing)
        {
            if (other != row && (best < 0 || IsBetter(other, best))) best = other;
        }
        return best;
    }

    private bool IsBetter(int row, int other)
    {
        var (isServer, otherIsServer) = (spans.Kind[row] == (int)SpanKind.Server, spans.Kind[other] == (int)SpanKind.Server);
        return isServer != otherIsServer ? isServer : spans.StartUnixNano[row] < spans.StartUnixNano[other];
    }
}
