using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks.Read;

/// <summary>The values of one column of attributes in a row group. One query's own; not thread safe.</summary>
internal sealed class BlockValueColumn(BlockPart part, TextOwner owner, int column) : ValueColumn
{
    private readonly int _number = BlockColumn.FirstAttribute + column;
    private int[]? _owners;

    /// <inheritdoc/>
    public override AttributeType Type => part.Block.BlockTables.Columns[column].Type;

    /// <inheritdoc/>
    public override EntryDictionary? Dictionary => Type is AttributeType.String or AttributeType.Bytes or AttributeType.Array or AttributeType.KvList ? part.Block.Dictionary(_number) : null;

    private int Count => part.Block.Pages.TryFind(part.Number, _number, out var entry) ? entry.Count : RowBits.Count(part.Having(owner, column)) + Repeated;

    /// <summary>Values beyond the first of their owners, of a column without a page.</summary>
    private int Repeated => part.Block.Shapes.Repeats(column) ? AllOwners().Length - RowBits.Count(part.Having(owner, column)) : 0;

    /// <inheritdoc/>
    public override NumberVector Values => part.Read(() => part.Block.Pages.Numbers(part.Number, _number, Count));

    /// <inheritdoc/>
    public override bool TryGetBounds(out long smallest, out long largest)
    {
        (smallest, largest) = (0, 0);
        if (!part.Block.Pages.TryFind(part.Number, _number, out var entry)) return true;
        (smallest, largest) = (entry.Base, entry.Top);
        // Decimals tell of other numbers.
        return Type != AttributeType.Double;
    }

    /// <inheritdoc/>
    public override int[] Owners => part.Block.Shapes.Repeats(column) ? AllOwners() : RowBits.ToArray(part.Having(owner, column));

    /// <inheritdoc/>
    public override void MarkAll(Span<ulong> owners) => RowBits.Or(owners, part.Having(owner, column));

    /// <inheritdoc/>
    public override void Mark(ReadOnlySpan<ulong> values, Span<ulong> owners)
    {
        if (!part.Block.Shapes.Repeats(column))
        {
            BitSpread.Or(values, part.Having(owner, column), owners);
            return;
        }
        var all = AllOwners();
        for (var i = 0; i < all.Length; i++)
        {
            if (RowBits.Has(values, i)) RowBits.Set(owners, all[i]);
        }
    }

    private int[] AllOwners() => _owners ??= part.OwnersOf(owner, column);
}

/// <summary>A column of texts of which every owner has one. One query's own; not thread safe.</summary>
internal sealed class BlockTextColumn(BlockPart part, int column, int count) : ValueColumn
{
    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.String;

    /// <inheritdoc/>
    public override EntryDictionary? Dictionary => part.Block.Dictionary(column);

    /// <inheritdoc/>
    public override NumberVector Values => part.Read(() => part.Block.Pages.Numbers(part.Number, column, count));

    /// <inheritdoc/>
    public override bool TryGetBounds(out long smallest, out long largest)
    {
        (smallest, largest) = part.Block.Pages.TryFind(part.Number, column, out var entry) ? (entry.Base, entry.Top) : (0, 0);
        return true;
    }

    /// <inheritdoc/>
    public override int[] Owners => [.. Enumerable.Range(0, count)];

    /// <inheritdoc/>
    public override void MarkAll(Span<ulong> owners) => RowBits.Fill(owners, count);

    /// <inheritdoc/>
    public override void Mark(ReadOnlySpan<ulong> values, Span<ulong> owners) => RowBits.Or(owners, values);
}
