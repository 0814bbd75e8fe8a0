using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// Goes through the attributes of owners (spans, events or links) of a row group from one of them on. A column has values for those owners only that have it, so where an owner's value lies is told by
/// how many of those before have the column: a count of bits that the cache keeps. Not thread safe.
/// </summary>
internal sealed class AttributeCursors(BlockPart part, HeldColumns columns, NumberVector shapes, int firstOwner)
{
    private readonly Dictionary<int, AttributeCursor> _columns = [];
    private readonly Dictionary<int, AttributeCursor[]> _shapes = [];

    /// <summary>The cursors of an owner's attributes, in their order; each of them stands before the owner's value. Asked for owner by owner.</summary>
    public ReadOnlySpan<AttributeCursor> Of(int owner)
    {
        ref var cursors = ref CollectionsMarshal.GetValueRefOrAddDefault(_shapes, (int)shapes[owner], out var known);
        if (!known) cursors = Begin(part.Block.Shapes.Members((int)shapes[owner]));
        return cursors;
    }

    private AttributeCursor[] Begin(ReadOnlySpan<int> members)
    {
        var cursors = new AttributeCursor[members.Length];
        for (var i = 0; i < cursors.Length; i++)
        {
            ref var cursor = ref CollectionsMarshal.GetValueRefOrAddDefault(_columns, members[i], out var known);
            if (!known) cursor = Begin(members[i]);
            cursors[i] = cursor ?? throw new InvalidOperationException("A cursor was not begun.");
        }
        return cursors;
    }

    private AttributeCursor Begin(int column)
    {
        // A page that was left out says that all values are 0.
        if (!part.Block.Pages.TryFind(part.Number, column, out var entry)) return new AttributeCursor(part, column, null, 0);
        var place = column - BlockColumn.FirstAttribute;
        var before = firstOwner == 0 ? 0 : part.Block.Shapes.Repeats(place) ? ValuesBefore(part.OwnersOf(shapes, place)) : RowBits.Count(part.Having(shapes, place), firstOwner);
        return new AttributeCursor(part, column, columns.Numbers(column, entry.Count), before);
    }

    private int ValuesBefore(ReadOnlySpan<int> owners)
    {
        var count = 0;
        while (count < owners.Length && owners[count] < firstOwner) count++;
        return count;
    }
}

/// <summary>One column of attributes: its facts and its next value. Belongs to <see cref="AttributeCursors"/>; not thread safe.</summary>
internal sealed class AttributeCursor
{
    private readonly BlockPart _part;
    private readonly int _column;
    private readonly NumberVector? _values;
    private readonly BlockDictionary? _dictionary;
    private EntryWindow _window;
    private int _next;

    /// <summary>Stands before a value of a column; without values all of them are 0.</summary>
    public AttributeCursor(BlockPart part, int column, NumberVector? values, int next)
    {
        (_part, _column, _values, _next) = (part, column, values, next);
        var facts = part.Block.BlockTables.Columns[column - BlockColumn.FirstAttribute];
        (Key, Type) = (facts.Key, facts.Type);
        if (Type == AttributeType.String || Type >= AttributeType.Array) _dictionary = part.Block.Dictionary(column);
    }

    /// <summary>The key, an id in the block's strings.</summary>
    public int Key { get; }

    /// <summary>The type of all values.</summary>
    public AttributeType Type { get; }

    /// <summary>What the reader has made of the key, and for which of its batches.</summary>
    public (int Batch, int Id) KeyInBatch { get; set; }

    /// <summary>The next value.</summary>
    /// <exception cref="CorruptDataException">There is none.</exception>
    public long Next()
    {
        if (_values is null) return 0;
        if (_next >= _values.Count) throw new CorruptDataException(_part.Block.Name, 0, $"another value of column {_column} in row group {_part.Number}", $"{_values.Count} in all");
        return (long)_values[_next++];
    }

    /// <summary>The dictionary's entry that a value of a string or of an encoded type stands for.</summary>
    public ReadOnlySpan<byte> Entry(long value) => _dictionary is null ? [] : _dictionary.Entry(value, ref _window);
}
