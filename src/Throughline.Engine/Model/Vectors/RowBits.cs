using System.Numerics;

namespace Throughline.Engine.Model.Vectors;

/// <summary>Sets of rows as bits, row i as bit i modulo 64 of word i / 64. Bits at and behind the number of rows are 0.</summary>
internal static class RowBits
{
    /// <summary>Words for so many rows.</summary>
    public static int Words(int rows) => (rows + 63) >> 6;

    /// <summary>A set of all of so many rows.</summary>
    public static ulong[] All(int rows)
    {
        var bits = new ulong[Words(rows)];
        Fill(bits, rows);
        return bits;
    }

    /// <summary>Puts all of so many rows into the set.</summary>
    public static void Fill(Span<ulong> bits, int rows)
    {
        bits.Fill(ulong.MaxValue);
        if ((rows & 63) != 0) bits[^1] = ulong.MaxValue >> (64 - (rows & 63));
    }

    /// <summary>Whether no row is in the set.</summary>
    public static bool IsEmpty(ReadOnlySpan<ulong> bits) => bits.IndexOfAnyExcept(0ul) < 0;

    /// <summary>Number of rows in the set.</summary>
    public static int Count(ReadOnlySpan<ulong> bits)
    {
        var count = 0;
        foreach (var word in bits) count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>Number of rows in the set before <paramref name="end"/>.</summary>
    public static int Count(ReadOnlySpan<ulong> bits, int end)
    {
        var count = Count(bits[..(end >> 6)]);
        return (end & 63) == 0 ? count : count + BitOperations.PopCount(bits[end >> 6] & (ulong.MaxValue >> (64 - (end & 63))));
    }

    /// <summary>Whether a row is in the set.</summary>
    public static bool Has(ReadOnlySpan<ulong> bits, int row) => (bits[row >> 6] >> row & 1) != 0;

    /// <summary>Puts a row into the set.</summary>
    public static void Set(Span<ulong> bits, int row) => bits[row >> 6] |= 1ul << row;

    /// <summary>Whether any of the rows [first, end) is in the set.</summary>
    public static bool AnyIn(ReadOnlySpan<ulong> bits, int first, int end)
    {
        if (first >= end) return false;
        var (firstWord, lastWord) = (first >> 6, (end - 1) >> 6);
        var head = ulong.MaxValue << first;
        var tail = ulong.MaxValue >> (63 - ((end - 1) & 63));
        if (firstWord == lastWord) return (bits[firstWord] & head & tail) != 0;
        return (bits[firstWord] & head) != 0 || (bits[lastWord] & tail) != 0 || !IsEmpty(bits[(firstWord + 1)..lastWord]);
    }

    /// <summary>Takes the rows [first, end) out of the set.</summary>
    public static void Clear(Span<ulong> bits, int first, int end)
    {
        if (first >= end) return;
        var (firstWord, lastWord) = (first >> 6, (end - 1) >> 6);
        var head = ulong.MaxValue << first;
        var tail = ulong.MaxValue >> (63 - ((end - 1) & 63));
        if (firstWord == lastWord)
        {
            bits[firstWord] &= ~(head & tail);
            return;
        }
        bits[firstWord] &= ~head;
        bits[lastWord] &= ~tail;
        bits[(firstWord + 1)..lastWord].Clear();
    }

    /// <summary>Leaves in <paramref name="bits"/> what is in both.</summary>
    public static void And(Span<ulong> bits, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < bits.Length; i++) bits[i] &= other[i];
    }

    /// <summary>Leaves in <paramref name="bits"/> what is not in the other.</summary>
    public static void AndNot(Span<ulong> bits, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < bits.Length; i++) bits[i] &= ~other[i];
    }

    /// <summary>Adds what is in the other.</summary>
    public static void Or(Span<ulong> bits, ReadOnlySpan<ulong> other)
    {
        for (var i = 0; i < bits.Length; i++) bits[i] |= other[i];
    }

    /// <summary>The rows of a set, ascending.</summary>
    public static int[] ToArray(ReadOnlySpan<ulong> bits)
    {
        var rows = new int[Count(bits)];
        var next = 0;
        for (var word = 0; word < bits.Length; word++)
        {
            for (var left = bits[word]; left != 0; left &= left - 1) rows[next++] = (word << 6) + BitOperations.TrailingZeroCount(left);
        }
        return rows;
    }
}
