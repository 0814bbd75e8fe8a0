using System.Numerics;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks;

/// <summary>
/// The values of one key in one type in a view of the head: a span's shape tells whether it has one, and at which place among its attributes. Gathered when they are asked for. One query's own; not
/// thread safe.
/// </summary>
/// <param name="spans">The head's spans.</param>
/// <param name="having">The spans that have a value.</param>
/// <param name="places">By shape: place of the value among the attributes.</param>
internal sealed class HeadShapeColumn(SpanBatch spans, AttributeType type, EntryDictionary? dictionary, ulong[] having, int[] places) : ValueColumn
{
    private NumberVector? _values;

    /// <inheritdoc/>
    public override AttributeType Type => type;

    /// <inheritdoc/>
    public override EntryDictionary? Dictionary => dictionary;

    /// <inheritdoc/>
    public override NumberVector Values => _values ??= Gather();

    /// <inheritdoc/>
    public override bool TryGetBounds(out long smallest, out long largest)
    {
        (smallest, largest) = (0, 0);
        return false;
    }

    /// <inheritdoc/>
    public override int[] Owners => RowBits.ToArray(having);

    /// <inheritdoc/>
    public override void MarkAll(Span<ulong> owners) => RowBits.Or(owners, having);

    /// <inheritdoc/>
    public override void Mark(ReadOnlySpan<ulong> values, Span<ulong> owners) => BitSpread.Or(values, having, owners);

    private NumberVector Gather()
    {
        var (shapes, offsets, stored) = (spans.Shape.Items, spans.AttributeOffset.Items, spans.Attributes.Value.Items);
        var values = new ulong[RowBits.Count(having)];
        var next = 0;
        var smallest = long.MaxValue;
        for (var word = 0; word < having.Length; word++)
        {
            for (var left = having[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + BitOperations.TrailingZeroCount(left);
                var value = stored[offsets[row] + places[shapes[row]]];
                smallest = Math.Min(smallest, value);
                values[next++] = (ulong)value;
            }
        }
        // Signed numbers keep their order only behind a base.
        for (var i = 0; i < values.Length; i++) values[i] -= (ulong)smallest;
        return NumberVector.Of(values, values.Length, (ulong)smallest);
    }
}
