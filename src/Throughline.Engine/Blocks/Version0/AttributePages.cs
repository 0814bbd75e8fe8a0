using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>
/// Attributes as pages (docs/format/block.md, "Attributes"): each owner has the number of a shape (its keys and types in order), and each key and type
/// has a page with its values in the owners' order.
/// </summary>
internal static class AttributePages
{
    /// <summary>Writes the attributes of all owners; owner i has [offsets i, offsets i + 1).</summary>
    public static void Write(AttributeColumns attributes, ReadOnlySpan<int> offsets, OldPageWriter pages)
    {
        var shapes = new ByteDictionary();
        var shapeOf = new int[offsets.Length - 1];
        var key = new List<int>();
        for (var owner = 0; owner < shapeOf.Length; owner++)
        {
            key.Clear();
            for (var i = offsets[owner]; i < offsets[owner + 1]; i++)
            {
                key.Add(attributes.Key[i]);
                key.Add(attributes.Type[i]);
            }
            shapeOf[owner] = shapes.GetOrAdd(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(key)));
        }
        pages.Numbers(shapeOf);
        WriteShapes(shapes, pages);
        WriteValues(attributes, offsets, pages);
    }

    private static void WriteShapes(ByteDictionary shapes, OldPageWriter pages)
    {
        var lengths = new long[shapes.Count];
        var members = new List<long>();
        for (var shape = 0; shape < shapes.Count; shape++)
        {
            var pairs = MemoryMarshal.Cast<byte, int>(shapes[shape]);
            lengths[shape] = pairs.Length / 2;
            foreach (var member in pairs) members.Add(member);
        }
        pages.Numbers(lengths);
        pages.Numbers(CollectionsMarshal.AsSpan(members));
    }

    private static void WriteValues(AttributeColumns attributes, ReadOnlySpan<int> offsets, OldPageWriter pages)
    {
        var columns = new Dictionary<(int Key, byte Type), int>();
        var values = new List<(AttributeType Type, List<long> Values)>();
        for (var i = offsets[0]; i < offsets[^1]; i++)
        {
            var key = (attributes.Key[i], attributes.Type[i]);
            ref var column = ref CollectionsMarshal.GetValueRefOrAddDefault(columns, key, out var exists);
            if (!exists)
            {
                column = values.Count;
                values.Add(((AttributeType)key.Item2, []));
            }
            values[column].Values.Add(attributes.Value[i]);
        }
        foreach (var (type, column) in values) WriteColumn(CollectionsMarshal.AsSpan(column), type, pages);
    }

    /// <summary>
    /// Ids of texts and blobs are numbers of the whole block's dictionary, wide apart though one key has few: where it pays, a page of the distinct ids stands in
    /// front and the values are places in it. An empty first page says that they stand as they are.
    /// </summary>
    private static void WriteColumn(Span<long> values, AttributeType type, OldPageWriter pages)
    {
        if (!HasDistinctIds(type))
        {
            pages.Numbers(values);
            return;
        }
        var distinct = new SortedSet<long>();
        foreach (var value in values) distinct.Add(value);
        if (distinct.Count * 2 > values.Length)
        {
            pages.Numbers(ReadOnlySpan<long>.Empty);
            pages.Numbers(values);
            return;
        }
        long[] ids = [.. distinct];
        pages.Numbers(ids);
        for (var i = 0; i < values.Length; i++) values[i] = Array.BinarySearch(ids, values[i]);
        pages.Numbers(values);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the offsets are answered beside the attributes.</summary>
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

    /// <summary>Reads the attributes of one key and passes over the pages of all others; owners without it have none.</summary>
    public static (AttributeColumns Attributes, Column<int> Offsets) ReadKey(PageCursor pages, int key)
    {
        var shapeOf = pages.Ints();
        var shapeOffsets = pages.Offsets();
        var members = pages.Numbers();
        // Columns stand in the order in which members first name them.
        var columns = new Dictionary<long, ValueColumn?>();
        var wanted = new List<(byte Type, ValueColumn Column)>[shapeOffsets.Count - 1];
        for (var shape = 0; shape < wanted.Length; shape++)
        {
            wanted[shape] = [];
            for (var member = shapeOffsets[shape]; member < shapeOffsets[shape + 1]; member++)
            {
                var type = (byte)members[2 * member + 1];
                var id = (members[2 * member] << 8) | type;
                if (!columns.TryGetValue(id, out var column))
                {
                    if (members[2 * member] == key) column = new ValueColumn(ReadColumn((AttributeType)type, pages));
                    else SkipColumn((AttributeType)type, pages);
                    columns.Add(id, column);
                }
                if (column is not null) wanted[shape].Add((type, column));
            }
        }
        var attributes = new AttributeColumns();
        var offsets = new int[shapeOf.Count + 1];
        for (var owner = 0; owner < shapeOf.Count; owner++)
        {
            foreach (var (type, column) in wanted[shapeOf[owner]]) attributes.Add(key, (AttributeType)type, column.Values[column.Next++]);
            offsets[owner + 1] = attributes.Count;
        }
        return (attributes, new Column<int>(offsets));
    }

    private static void SkipColumn(AttributeType type, PageCursor pages)
    {
        pages.Skip();
        if (HasDistinctIds(type)) pages.Skip();
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
