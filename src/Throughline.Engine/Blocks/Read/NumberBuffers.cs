using System.Numerics;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Arrays for decoded columns, which readers of row groups take and give back: those of a merge of many blocks are the same. Not thread safe.</summary>
internal sealed class NumberBuffers
{
    /// <summary>Values for which an array is kept: a row group of one giant trace must not leave its size behind.</summary>
    private const int KeptValues = 1 << 16;

    private const int SmallestShift = 8;

    private readonly Stack<long[]>[] _free = new Stack<long[]>[BitOperations.Log2(KeptValues) - SmallestShift + 1];

    /// <summary>Makes it empty.</summary>
    public NumberBuffers()
    {
        for (var i = 0; i < _free.Length; i++) _free[i] = new Stack<long[]>();
    }

    /// <summary>An array of so many values at least, with anything in it.</summary>
    public long[] Take(int count)
    {
        if (count > KeptValues) return GC.AllocateUninitializedArray<long>(count);
        var shift = Math.Max(SmallestShift, 32 - BitOperations.LeadingZeroCount((uint)Math.Max(1, count) - 1));
        return _free[shift - SmallestShift].TryPop(out var array) ? array : GC.AllocateUninitializedArray<long>(1 << shift);
    }

    /// <summary>Takes an array back that nobody reads any more.</summary>
    public void Give(long[] array)
    {
        if (array.Length <= KeptValues) _free[BitOperations.Log2((uint)array.Length) - SmallestShift].Push(array);
    }

    /// <summary>Gives all memory back that is not in use.</summary>
    public void Clear()
    {
        foreach (var arrays in _free) arrays.Clear();
    }
}
