using Throughline.Engine.Blocks.Write;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks;

/// <summary>
/// Finds the parents of a head's rows as a block would say them (docs/format/block.md, column 7): where several spans have the id that is named, the first in the order of a block's
/// rows. Keeps its buffers; not thread safe.
/// </summary>
internal sealed class ParentRule(SpanBatch spans)
{
    private readonly Dictionary<ulong, int> _first = [];
    private readonly RowOrder _order = new(spans);

    /// <summary>Fills in the parents of a trace's rows by row, -1 where there is none among them.</summary>
    public void FindParents(ReadOnlySpan<int> rows, int[] parents)
    {
        _first.Clear();
        foreach (var row in rows)
        {
            var id = spans.SpanId[row];
            if (!_first.TryAdd(id, row) && _order.Compare(row, _first[id]) < 0) _first[id] = row;
        }
        foreach (var row in rows) parents[row] = spans.ParentSpanId[row] is var parent and not 0 ? _first.GetValueOrDefault(parent, -1) : -1;
    }
}
