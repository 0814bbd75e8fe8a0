using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>
/// Attributes as pages: each owner has the number of a shape (its keys and types in order), and each key and type
/// has a page with its values in the owners' order.
/// </summary>
internal static class AttributePages
{
    /// <summary>Reads the attributes of all owners, and where those of each begin.</summary>
    public static (AttributeColumns Attributes, Column<int> Offsets) Read(PageCursor pages)
    {
        var shapeOf = pages.Ints();
        var shapeOffsets = pages.Offsets();
        var members = pages.Numbers();
        var offsets = new int[shapeOf.Count + 1];
        for (var owner = 0; owner < shapeOf.Count; owner++)
        {
            var shape = shapeOf[owner];
            offsets[owner + 1] = offsets[owner] + (shapeOffsets[shape + 1] - shapeOffsets[shape]);
        }
        var keys = new int[offsets[^1]];
        var types = new byte[offsets[^1]];
        var values = new long[offsets[^1]];
        // Columns stand in the order in which their first value comes; each is read when that value is met.
        var columns = new Dictionary<long, ValueColumn>();
        var memberColumns = new ValueColumn?[members.Length / 2];
        for (int owner = 0, i = 0; owner < shapeOf.Count; owner++)
        {
            var shape = shapeOf[owner];
            for (var member = shapeOffsets[shape]; member < shapeOffsets[shape + 1]; member++, i++)
            {
                keys[i] = (int)members[2 * member];
                types[i] = (byte)members[2 * member + 1];
                var column = memberColumns[member] ??= Column(columns, keys[i], types[i], pages);
                values[i] = column.Values[column.Next++];
            }
        }
        var attributes = new AttributeColumns { Key = new(keys), Type = new(types), Value = new(values) };
        return (attributes, new Column<int>(offsets));
    }

    private static bool HasDistinctIds(AttributeType type) => type is AttributeType.String or AttributeType.Array or AttributeType.KvList or AttributeType.Bytes;

    private sealed class ValueColumn(long[] values)
    {
        public readonly long[] Values = values;
        public int Next;
    }

    private static ValueColumn Column(Dictionary<long, ValueColumn> columns, int key, byte type, PageCursor pages)
    {
        var id = ((long)key << 8) | type;
        if (columns.TryGetValue(id, out var column)) return column;
        column = new ValueColumn(ReadColumn((AttributeType)type, pages));
        columns.Add(id, column);
        return column;
    }

    /// <summary>
    /// Of texts and blobs, a page of the distinct ids may stand in front, and the values are places in it; where that page is empty they are the ids.
    /// </summary>
    private static long[] ReadColumn(AttributeType type, PageCursor pages)
    {
        if (!HasDistinctIds(type)) return pages.Numbers();
        var ids = pages.Numbers();
        var values = pages.Numbers();
        if (ids.Length == 0) return values;
        for (var i = 0; i < values.Length; i++) values[i] = ids[values[i]];
        return values;
    }
}
