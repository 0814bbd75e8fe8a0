using System.Numerics;

namespace Throughline.Engine.Model.Vectors;

/// <summary>Takes rows out of a set whose value is not among chosen ones. <see cref="Plain"/> says the same one row at a time.</summary>
internal static class SetScan
{
    /// <summary>Words with fewer rows than this are walked row by row; the others are answered whole.</summary>
    private const int FewRows = 12;

    /// <summary>Keeps the rows whose value v is chosen: bit v of <paramref name="chosen"/>. Values at and behind its end are not.</summary>
    public static void And(NumberVector values, ReadOnlySpan<ulong> chosen, Span<ulong> rows)
    {
        var first = FirstBit(chosen);
        if (first < 0)
        {
            rows.Clear();
            return;
        }
        var last = LastBit(chosen);
        // One value, or a run of them, is a range, which is scanned many rows at a time.
        if (RowBits.Count(chosen) == last - first + 1)
        {
            RangeScan.And(values, (ulong)first, (ulong)last, rows);
            return;
        }
        var limit = (ulong)chosen.Length << 6;
        for (var word = 0; word < rows.Length; word++)
        {
            var left = rows[word];
            if (left == 0) continue;
            var start = word << 6;
            if (BitOperations.PopCount(left) < FewRows) rows[word] = Few(values, chosen, limit, start, left);
            else rows[word] = left & Word(values, chosen, limit, start, Math.Min(64, values.Count - start));
        }
    }

    /// <summary>What <see cref="And"/> does, one row at a time.</summary>
    public static void Plain(NumberVector values, ReadOnlySpan<ulong> chosen, Span<ulong> rows)
    {
        for (var row = 0; row < values.Count; row++)
        {
            var value = values[row];
            if (value >= (ulong)chosen.Length << 6 || !RowBits.Has(chosen, (int)value)) rows[row >> 6] &= ~(1ul << row);
        }
    }

    private static ulong Few(NumberVector values, ReadOnlySpan<ulong> chosen, ulong limit, int start, ulong left)
    {
        var kept = 0ul;
        while (left != 0)
        {
            var bit = BitOperations.TrailingZeroCount(left);
            left &= left - 1;
            kept |= IsChosen(values[start + bit], chosen, limit) << bit;
        }
        return kept;
    }

    private static ulong Word(NumberVector values, ReadOnlySpan<ulong> chosen, ulong limit, int start, int count)
    {
        var kept = 0ul;
        var @base = values.Base;
        switch (values.Width)
        {
            case 0:
                return IsChosen(@base, chosen, limit) == 0 ? 0 : ulong.MaxValue;
            case 1:
                var bytes = values.Bytes.Slice(start, count);
                for (var i = 0; i < bytes.Length; i++) kept |= IsChosen(@base + bytes[i], chosen, limit) << i;
                return kept;
            case 2:
                var words = values.Words.Slice(start, count);
                for (var i = 0; i < words.Length; i++) kept |= IsChosen(@base + words[i], chosen, limit) << i;
                return kept;
            case 4:
                var ints = values.Ints.Slice(start, count);
                for (var i = 0; i < ints.Length; i++) kept |= IsChosen(@base + ints[i], chosen, limit) << i;
                return kept;
            default:
                var longs = values.Longs.Slice(start, count);
                for (var i = 0; i < longs.Length; i++) kept |= IsChosen(@base + longs[i], chosen, limit) << i;
                return kept;
        }
    }

    private static ulong IsChosen(ulong value, ReadOnlySpan<ulong> chosen, ulong limit) => value < limit ? chosen[(int)(value >> 6)] >> (int)value & 1 : 0;

    private static int FirstBit(ReadOnlySpan<ulong> bits)
    {
        var word = bits.IndexOfAnyExcept(0ul);
        return word < 0 ? -1 : (word << 6) + BitOperations.TrailingZeroCount(bits[word]);
    }

    private static int LastBit(ReadOnlySpan<ulong> bits)
    {
        var word = bits.LastIndexOfAnyExcept(0ul);
        return (word << 6) + 63 - BitOperations.LeadingZeroCount(bits[word]);
    }
}
