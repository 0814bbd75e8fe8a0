using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Throughline.Engine.Model.Vectors;

/// <summary>Takes rows out of a set whose values lie outside of a range, many rows at a time. <see cref="Plain{T}"/> says the same one row at a time.</summary>
internal static class RangeScan
{
    /// <summary>Keeps the rows whose value lies within both bounds, as unsigned numbers.</summary>
    public static void And(NumberVector values, ulong low, ulong high, Span<ulong> rows)
    {
        // Bounds as distances from the base; unsigned values are not below it.
        if (low > high || high < values.Base)
        {
            rows.Clear();
            return;
        }
        AndItems(values, low <= values.Base ? 0 : low - values.Base, high - values.Base, rows);
    }

    /// <summary>Keeps the rows whose value lies within both bounds, as signed numbers.</summary>
    public static void AndSigned(NumberVector values, long low, long high, Span<ulong> rows)
    {
        var @base = (long)values.Base;
        if (low > high || high < @base)
        {
            rows.Clear();
            return;
        }
        AndItems(values, low <= @base ? 0 : unchecked((ulong)low - (ulong)@base), unchecked((ulong)high - (ulong)@base), rows);
    }

    private static void AndItems(NumberVector values, ulong low, ulong high, Span<ulong> rows)
    {
        switch (values.Width)
        {
            case 0 when low > 0:
            case 1 when low > byte.MaxValue:
            case 2 when low > ushort.MaxValue:
            case 4 when low > uint.MaxValue:
                rows.Clear();
                break;
            case 0:
                break;
            case 1:
                Items(values.Bytes, (byte)low, (byte)Math.Min(high, byte.MaxValue), rows);
                break;
            case 2:
                Items(values.Words, (ushort)low, (ushort)Math.Min(high, ushort.MaxValue), rows);
                break;
            case 4:
                Items(values.Ints, (uint)low, (uint)Math.Min(high, uint.MaxValue), rows);
                break;
            default:
                Items(values.Longs, low, high, rows);
                break;
        }
    }

    /// <summary>Keeps the rows whose item lies within both bounds.</summary>
    public static void Items<T>(ReadOnlySpan<T> items, T low, T high, Span<ulong> rows)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var whole = items.Length >> 6;
        if (Vector512.IsHardwareAccelerated) Words512(items, low, high, rows[..whole]);
        else if (Vector256.IsHardwareAccelerated) Words256(items, low, high, rows[..whole]);
        else whole = 0;
        Plain(items[(whole << 6)..], low, high, rows[whole..]);
    }

    /// <summary>What <see cref="Items{T}"/> does, one row at a time.</summary>
    public static void Plain<T>(ReadOnlySpan<T> items, T low, T high, Span<ulong> rows)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i] < low || items[i] > high) rows[i >> 6] &= ~(1ul << i);
        }
    }

    private static void Words512<T>(ReadOnlySpan<T> items, T low, T high, Span<ulong> rows)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref var first = ref MemoryMarshal.GetReference(items);
        var (from, reach) = (Vector512.Create(low), Vector512.Create(unchecked(high - low)));
        for (var word = 0; word < rows.Length; word++)
        {
            // Words without rows are passed over: what is rare is found by a cheaper column first.
            if (rows[word] == 0) continue;
            var kept = 0ul;
            for (var lane = 0; lane < 64; lane += Vector512<T>.Count)
            {
                // Below the lower bound the distance wraps around and is larger than the reach.
                var distance = Vector512.LoadUnsafe(ref first, (nuint)((word << 6) + lane)) - from;
                kept |= Vector512.LessThanOrEqual(distance, reach).ExtractMostSignificantBits() << lane;
            }
            rows[word] &= kept;
        }
    }

    private static void Words256<T>(ReadOnlySpan<T> items, T low, T high, Span<ulong> rows)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref var first = ref MemoryMarshal.GetReference(items);
        var (from, reach) = (Vector256.Create(low), Vector256.Create(unchecked(high - low)));
        for (var word = 0; word < rows.Length; word++)
        {
            if (rows[word] == 0) continue;
            var kept = 0ul;
            for (var lane = 0; lane < 64; lane += Vector256<T>.Count)
            {
                var distance = Vector256.LoadUnsafe(ref first, (nuint)((word << 6) + lane)) - from;
                kept |= (ulong)Vector256.LessThanOrEqual(distance, reach).ExtractMostSignificantBits() << lane;
            }
            rows[word] &= kept;
        }
    }
}
