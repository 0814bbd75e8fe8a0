using System.Numerics;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks;

/// <summary>Values with the numbers of their owners, which ascend. Not thread safe.</summary>
internal sealed class ListColumn(AttributeType type, EntryDictionary? dictionary) : ValueColumn
{
    private Column<int> _owners = new(0);
    private Column<ulong> _values = new(0);

    /// <summary>Number of values.</summary>
    public int Count => _owners.Count;

    /// <inheritdoc/>
    public override AttributeType Type => type;

    /// <inheritdoc/>
    public override EntryDictionary? Dictionary => dictionary;

    /// <inheritdoc/>
    public override NumberVector Values
    {
        get
        {
            // Signed numbers keep their order only behind a base; ids are not negative.
            if (dictionary is not null) return NumberVector.Of(_values.Items, Count);
            var smallest = long.MaxValue;
            foreach (var value in _values.Span) smallest = Math.Min(smallest, (long)value);
            var distances = new ulong[Count];
            for (var i = 0; i < distances.Length; i++) distances[i] = _values[i] - (ulong)smallest;
            return NumberVector.Of(distances, Count, (ulong)smallest);
        }
    }

    /// <summary>Appends a value; its owner is not before the one before.</summary>
    public void Add(int owner, long value)
    {
        _owners.Add(owner);
        _values.Add((ulong)value);
    }

    /// <summary>Forgets the values.</summary>
    public void Clear()
    {
        _owners.Truncate(0);
        _values.Truncate(0);
    }

    /// <inheritdoc/>
    public override bool TryGetBounds(out long smallest, out long largest)
    {
        (smallest, largest) = (0, 0);
        return false;
    }

    /// <inheritdoc/>
    public override int[] Owners => _owners.Span.ToArray();

    /// <inheritdoc/>
    public override void MarkAll(Span<ulong> owners)
    {
        foreach (var owner in _owners.Span) RowBits.Set(owners, owner);
    }

    /// <inheritdoc/>
    public override void Mark(ReadOnlySpan<ulong> values, Span<ulong> owners)
    {
        for (var word = 0; word < values.Length; word++)
        {
            for (var left = values[word]; left != 0; left &= left - 1) RowBits.Set(owners, _owners[(word << 6) + BitOperations.TrailingZeroCount(left)]);
        }
    }
}

/// <summary>Texts of which every owner has one. Immutable.</summary>
internal sealed class DenseColumn(NumberVector values, EntryDictionary dictionary) : ValueColumn
{
    /// <inheritdoc/>
    public override AttributeType Type => AttributeType.String;

    /// <inheritdoc/>
    public override EntryDictionary? Dictionary => dictionary;

    /// <inheritdoc/>
    public override NumberVector Values => values;

    /// <inheritdoc/>
    public override bool TryGetBounds(out long smallest, out long largest)
    {
        (smallest, largest) = (0, 0);
        return false;
    }

    /// <inheritdoc/>
    public override int[] Owners => [.. Enumerable.Range(0, values.Count)];

    /// <inheritdoc/>
    public override void MarkAll(Span<ulong> owners) => RowBits.Fill(owners, values.Count);

    /// <inheritdoc/>
    public override void Mark(ReadOnlySpan<ulong> values, Span<ulong> owners) => RowBits.Or(owners, values);
}
