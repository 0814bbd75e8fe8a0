using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Brings values of attributes of a run, which lie by column, in the order of their owners. Keeps its buffers; not thread safe.</summary>
internal sealed class OwnerValues(RowGroupColumns columns)
{
    private readonly BlockTables _tables = columns.Tables;
    private readonly Next[] _next = new Next[columns.Tables.Columns.Length];

    private struct Next
    {
        public long[]? Items;
        public int Index;
    }

    /// <summary>Begins with a run. Spans, events and links have columns of their own, and come in any order.</summary>
    public void Begin(RowRun run)
    {
        foreach (var range in run.Values) _next[range.Column] = new Next { Items = columns.Attribute(range), Index = range.First };
    }

    /// <summary>Appends the values of owners of these shapes, and where each owner's begin.</summary>
    public void Add(ReadOnlySpan<long> shapes, ref Column<long> values, ref Column<int> firstValues)
    {
        var firsts = firstValues.Append(shapes.Length);
        var (offsets, members) = (_tables.ShapeOffsets, _tables.ShapeMembers);
        for (var i = 0; i < firsts.Length; i++)
        {
            firsts[i] = values.Count;
            var shape = (int)shapes[i];
            var added = values.Append(offsets[shape + 1] - offsets[shape]);
            for (var m = 0; m < added.Length; m++)
            {
                ref var next = ref _next[members[offsets[shape] + m] - BlockColumn.FirstAttribute];
                added[m] = next.Items is null ? 0 : next.Items[next.Index++];
            }
        }
    }
}
