using System.Numerics;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Arrays of one type, taken and given back. Not thread safe.</summary>
/// <param name="keptLength">Longer arrays are not kept: a row group of one giant trace must not leave its size behind.</param>
internal sealed class ArrayStacks<T>(int keptLength)
    where T : unmanaged
{
    private const int SmallestShift = 8;

    private readonly Stack<T[]>?[] _free = new Stack<T[]>?[32];

    /// <summary>An array of so many values at least, with anything in it.</summary>
    public T[] Take(int count)
    {
        if (count > keptLength) return GC.AllocateUninitializedArray<T>(count);
        var shift = Math.Max(SmallestShift, 32 - BitOperations.LeadingZeroCount((uint)Math.Max(1, count) - 1));
        return _free[shift] is { Count: > 0 } free ? free.Pop() : GC.AllocateUninitializedArray<T>(1 << shift);
    }

    /// <summary>Takes an array back that nobody reads any more, and that came from here.</summary>
    public void Give(T[] array)
    {
        if (array.Length <= keptLength) (_free[BitOperations.Log2((uint)array.Length)] ??= new Stack<T[]>()).Push(array);
    }
}

/// <summary>Memory for what is decoded of blocks row group by row group: what one reader has given back serves the next. Not thread safe.</summary>
internal sealed class DecodeBuffers
{
    /// <summary>For columns of numbers.</summary>
    public ArrayStacks<long> Numbers { get; } = new(1 << 16);

    /// <summary>For entries of dictionaries.</summary>
    public ArrayStacks<byte> Bytes { get; } = new(1 << 19);

    /// <summary>For ids and times.</summary>
    private readonly ArrayStacks<ulong> _words = new(1 << 16);

    /// <summary>Gives an empty column room for so many values.</summary>
    public void Take(int count, ref Column<ulong> column) => column = new Column<ulong>(_words.Take(count)) { Count = 0 };

    /// <summary>Takes a column's room back; it is empty afterwards.</summary>
    public void Give(ref Column<ulong> column)
    {
        if (column.Items.Length > 0) _words.Give(column.Items);
        column = new Column<ulong>(0);
    }

    /// <summary>For the ends of entries, and for numbers of entries.</summary>
    public ArrayStacks<int> Ints { get; } = new(1 << 18);
}
