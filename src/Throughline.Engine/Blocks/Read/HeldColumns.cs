using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Columns of a row group that one read holds until its end: the bounds are asked before each is decoded, and charged with its memory. Not thread safe.</summary>
internal sealed class HeldColumns(BlockPart part, IReadBounds bounds)
{
    private long _bytes;

    /// <summary>A column that has a number for every row.</summary>
    public NumberVector Rows(int column) => Numbers(column, part.Block.Parts[part.Number].Rows);

    /// <summary>A column that has so many numbers.</summary>
    public NumberVector Numbers(int column, int count)
    {
        bounds.Check();
        return Hold(part.Block.Pages.Numbers(part.Number, column, count));
    }

    /// <summary>A column that has so many values of fixed width.</summary>
    public TValue[] Raw<TValue>(int column, int count)
        where TValue : unmanaged
    {
        bounds.Check();
        var values = part.Block.Pages.Raw<TValue>(part.Number, column, count);
        Hold((long)values.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<TValue>());
        return values;
    }

    /// <summary>A column that was read already.</summary>
    public NumberVector Hold(NumberVector numbers)
    {
        Hold(numbers.MemoryBytes);
        return numbers;
    }

    /// <summary>The read has ended.</summary>
    public void LetGo() => bounds.Charge(-_bytes);

    private void Hold(long bytes)
    {
        _bytes += bytes;
        bounds.Charge(bytes);
    }
}
