using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Logs.Columns;

/// <summary>Values that lie in memory, with the rows that they belong to, in whatever order. Immutable.</summary>
internal sealed class HeldValues(AttributeType type, EntryDictionary? dictionary, NumberVector values, int[] owners) : ValueColumn
{
    public override AttributeType Type => type;

    public override EntryDictionary? Dictionary => dictionary;

    public override NumberVector Values => values;

    public override int[] Owners => owners;

    public override bool TryGetBounds(out long smallest, out long largest)
    {
        (smallest, largest) = (0, 0);
        return false;
    }

    public override void MarkAll(Span<ulong> rows)
    {
        foreach (var owner in owners) RowBits.Set(rows, owner);
    }

    public override void Mark(ReadOnlySpan<ulong> places, Span<ulong> rows)
    {
        for (var word = 0; word < places.Length; word++)
        {
            for (var left = places[word]; left != 0; left &= left - 1) RowBits.Set(rows, owners[(word << 6) + System.Numerics.BitOperations.TrailingZeroCount(left)]);
        }
    }
}
