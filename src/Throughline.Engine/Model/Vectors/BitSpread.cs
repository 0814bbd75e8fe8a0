using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Throughline.Engine.Model.Vectors;

/// <summary>
/// From the values of a column that only some rows have to those rows: the i-th value belongs to the i-th row of the set of those that have one.
/// <see cref="Plain"/> says the same one row at a time.
/// </summary>
internal static class BitSpread
{
    /// <summary>Adds to <paramref name="rows"/> the rows whose value's bit is set in <paramref name="values"/>.</summary>
    public static void Or(ReadOnlySpan<ulong> values, ReadOnlySpan<ulong> having, Span<ulong> rows)
    {
        if (!Bmi2.X64.IsSupported)
        {
            Plain(values, having, rows);
            return;
        }
        var next = 0;
        for (var word = 0; word < having.Length; word++)
        {
            var count = BitOperations.PopCount(having[word]);
            if (count == 0) continue;
            var (at, shift) = (next >> 6, next & 63);
            var bits = values[at] >> shift;
            if (shift + count > 64) bits |= values[at + 1] << (64 - shift);
            rows[word] |= Bmi2.X64.ParallelBitDeposit(bits, having[word]);
            next += count;
        }
    }

    /// <summary>What <see cref="Or"/> does, one row at a time.</summary>
    public static void Plain(ReadOnlySpan<ulong> values, ReadOnlySpan<ulong> having, Span<ulong> rows)
    {
        var next = 0;
        for (var word = 0; word < having.Length; word++)
        {
            for (var left = having[word]; left != 0; left &= left - 1)
            {
                if (RowBits.Has(values, next++)) rows[word] |= left & (0 - left);
            }
        }
    }
}
