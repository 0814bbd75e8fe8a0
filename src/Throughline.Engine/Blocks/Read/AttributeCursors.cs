using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// Goes through the attributes of owners (spans, events or links) of a row group from one of them on. A column has values for those owners only that have it, so where an owner's value lies is told by how
/// often the shapes of those before have the column. Not thread safe.
/// </summary>
internal sealed class AttributeCursors(BlockPart part, NumberVector shapes, int firstOwner)
{
    private readonly Dictionary<int, Cursor> _columns = [];
    private Dictionary<int, int>? _shapesBefore;

    private struct Cursor
    {
        public NumberVector? Values;
        public int Next;
    }

    /// <summary>The shape of an owner.</summary>
    public int ShapeOf(int owner) => (int)shapes[owner];

    /// <summary>The next value of a column of the block. Asked for owner by owner, in the order of the shape.</summary>
    public ulong Next(int column)
    {
        ref var cursor = ref CollectionsMarshal.GetValueRefOrAddDefault(_columns, column, out var known);
        if (!known) cursor = Begin(column);
        // A page that was left out says that all values are 0.
        if (cursor.Values is null) return 0;
        if (cursor.Next >= cursor.Values.Count) throw new CorruptDataException(part.Block.Name, 0, $"another value of column {column} in row group {part.Number}", $"{cursor.Values.Count} in all");
        return cursor.Values[cursor.Next++];
    }

    private Cursor Begin(int column)
    {
        if (!part.Block.Pages.TryFind(part.Number, column, out var entry)) return default;
        var before = _shapesBefore ??= ShapesBefore();
        var next = 0;
        foreach (var shape in part.Block.Shapes.ShapesOf(column - BlockColumn.FirstAttribute)) next += before.GetValueOrDefault(shape);
        return new Cursor { Values = part.Block.Pages.Numbers(part.Number, column, entry.Count), Next = next };
    }

    private Dictionary<int, int> ShapesBefore()
    {
        var before = new Dictionary<int, int>();
        for (var owner = 0; owner < firstOwner; owner++) CollectionsMarshal.GetValueRefOrAddDefault(before, (int)shapes[owner], out _)++;
        return before;
    }
}
