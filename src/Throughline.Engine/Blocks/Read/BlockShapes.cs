using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Which columns of attributes a block has for a key, and which shapes have them. Immutable; thread safe.</summary>
internal sealed class BlockShapes
{
    private readonly BlockTables _tables;
    private readonly int[] _shapesOffsets;
    private readonly int[] _shapes;
    private readonly bool[] _repeats;
    private readonly Dictionary<(AttributeOwner Owner, int Key), int[]> _columns;

    /// <summary>Turns a block's table of shapes round.</summary>
    public BlockShapes(BlockTables tables)
    {
        _tables = tables;
        var columns = tables.Columns.Length;
        (_shapesOffsets, _shapes, _repeats) = (new int[columns + 1], new int[tables.ShapeMembers.Length], new bool[columns]);
        foreach (var member in tables.ShapeMembers) _shapesOffsets[member - BlockColumn.FirstAttribute + 1]++;
        for (var i = 0; i < columns; i++) _shapesOffsets[i + 1] += _shapesOffsets[i];
        var next = _shapesOffsets.AsSpan(0, columns).ToArray();
        for (var shape = 0; shape + 1 < tables.ShapeOffsets.Length; shape++)
        {
            for (var m = tables.ShapeOffsets[shape]; m < tables.ShapeOffsets[shape + 1]; m++)
            {
                var column = tables.ShapeMembers[m] - BlockColumn.FirstAttribute;
                _repeats[column] |= next[column] > _shapesOffsets[column] && _shapes[next[column] - 1] == shape;
                _shapes[next[column]++] = shape;
            }
        }
        _columns = Enumerable.Range(0, columns).GroupBy(c => (tables.Columns[c].Owner, tables.Columns[c].Key)).ToDictionary(g => g.Key, g => g.ToArray());
    }

    /// <summary>Number of shapes.</summary>
    public int Count => _tables.ShapeOffsets.Length - 1;

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => _shapesOffsets.LongLength * 4 + _shapes.LongLength * 4 + _columns.Count * 80L;

    /// <summary>The columns of a key, places in the table of columns.</summary>
    public ReadOnlySpan<int> ColumnsOf(AttributeOwner owner, int key) => _columns.GetValueOrDefault((owner, key));

    /// <summary>The shapes that have a column, ascending; a shape that has it twice stands there twice.</summary>
    public ReadOnlySpan<int> ShapesOf(int column) => _shapes.AsSpan(_shapesOffsets[column].._shapesOffsets[column + 1]);

    /// <summary>Whether some owner may have several values of a column.</summary>
    public bool Repeats(int column) => _repeats[column];

    /// <summary>The columns of a shape, places in the table of columns plus <see cref="BlockColumn.FirstAttribute"/>.</summary>
    public ReadOnlySpan<int> Members(int shape) => _tables.ShapeMembers.AsSpan(_tables.ShapeOffsets[shape].._tables.ShapeOffsets[shape + 1]);
}
