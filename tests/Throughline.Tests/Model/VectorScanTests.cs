using CsCheck;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Tests.Model;

/// <summary>What many rows at a time say is what one row at a time says.</summary>
public sealed class VectorScanTests
{
    private const string Seed = "0000c1pHr7Q4";

    /// <summary>A width in bits, and enough numbers of it that words, tails and empty sets occur.</summary>
    private static readonly Gen<(int Bits, ulong[] Values, ulong[] Rows)> Column = Gen.OneOf(0, 8, 16, 32, 64).SelectMany(bits => Gen.Int[0, 300].SelectMany(count =>
        Gen.Select(Number(bits).Array[count], Gen.Frequency((1, Gen.Const(0ul)), (1, Gen.Const(ulong.MaxValue)), (3, Gen.ULong)).Array[RowBits.Words(count)],
            (values, rows) => (bits, values, Cut(rows, count)))));

    private static Gen<ulong> Number(int bits) => bits == 0 ? Gen.Const(0ul) : Gen.Frequency(
        (3, Gen.ULong[0, 9]), (1, Gen.ULong.Select(n => bits == 64 ? n : n & ((1ul << bits) - 1))), (1, Gen.Const(ulong.MaxValue >> (64 - bits))));

    private static readonly Gen<ulong> Bound = Gen.OneOf<ulong>(Gen.ULong[0, 12], Gen.ULong, Gen.OneOf(255ul, 256ul, 65_535ul, uint.MaxValue, 1ul << 32, ulong.MaxValue, 1ul << 63));

    [Fact]
    public void RangesOfUnsignedNumbers() => Gen.Select(Column, Bound, Bound, Gen.OneOf<ulong>(0, 1, 1000)).Sample((column, low, high, origin) =>
    {
        if (column.Bits == 64) origin = 0;
        var vector = Vector(column.Bits, column.Values, origin);
        var rows = column.Rows.ToArray();
        RangeScan.And(vector, low, high, rows);
        Assert.Equal(Expected(column.Rows, column.Values, v => v + origin >= low && v + origin <= high), rows);
    }, seed: Seed, iter: 5_000);

    [Fact]
    public void RangesOfSignedNumbers() => Gen.Select(Column, Gen.OneOf<long>(Gen.Long[-12, 12], Gen.Long), Gen.OneOf<long>(Gen.Long[-12, 12], Gen.Long), Gen.OneOf<long>(0, -5, long.MinValue)).Sample((column, low, high, origin) =>
    {
        if (column.Bits == 64) origin = long.MinValue;
        var vector = Vector(column.Bits, column.Values, (ulong)origin);
        var rows = column.Rows.ToArray();
        RangeScan.AndSigned(vector, low, high, rows);
        Assert.Equal(Expected(column.Rows, column.Values, v => unchecked((long)((ulong)origin + v)) is var value && value >= low && value <= high), rows);
    }, seed: Seed, iter: 5_000);

    [Fact]
    public void ItemsManyAtATimeAreItemsOneAtATime() => Gen.Select(Gen.UShort[0, 20].Array[0, 300], Gen.UShort[0, 20], Gen.UShort[0, 20]).Sample((items, low, high) =>
    {
        if (low > high) return;
        var (many, one) = (RowBits.All(items.Length), RowBits.All(items.Length));
        RangeScan.Items<ushort>(items, low, high, many);
        RangeScan.Plain<ushort>(items, low, high, one);
        Assert.Equal(one, many);
    }, seed: Seed, iter: 2_000);

    [Fact]
    public void ChosenNumbers() => Gen.Select(Column, Gen.Frequency((1, Gen.Const(0ul)), (2, Gen.ULong)).Array[0, 5], Gen.OneOf<ulong>(0, 3)).Sample((column, chosen, origin) =>
    {
        if (column.Bits == 64) origin = 0;
        var vector = Vector(column.Bits, column.Values, origin);
        var (many, one) = (column.Rows.ToArray(), column.Rows.ToArray());
        SetScan.And(vector, chosen, many);
        SetScan.Plain(vector, chosen, one);
        Assert.Equal(one, many);
        Assert.Equal(Expected(column.Rows, column.Values, v => v + origin < (ulong)chosen.Length * 64 && (chosen[(v + origin) / 64] >> (int)((v + origin) % 64) & 1) != 0), many);
    }, seed: Seed, iter: 5_000);

    [Fact]
    public void ValuesSpreadToTheRowsThatHaveThem() => Gen.Select(Gen.ULong.Array[1, 6], Gen.ULong.Array[1, 6]).Sample((having, bits) =>
    {
        var count = RowBits.Count(having);
        var values = new ulong[RowBits.Words(count)];
        bits.AsSpan(0, Math.Min(bits.Length, values.Length)).CopyTo(values);
        values = Cut(values, count);
        var (many, one) = (new ulong[having.Length], new ulong[having.Length]);
        BitSpread.Or(values, having, many);
        BitSpread.Plain(values, having, one);
        Assert.Equal(one, many);
        Assert.Equal(RowBits.Count(values), RowBits.Count(many));
    }, seed: Seed, iter: 2_000);

    [Fact]
    public void RunsOfRows() => Gen.Select(Gen.ULong.Array[3], Gen.Int[0, 192], Gen.Int[0, 192]).Sample((bits, first, end) =>
    {
        var expected = Enumerable.Range(0, 192).Any(i => i >= first && i < end && RowBits.Has(bits, i));
        Assert.Equal(expected, RowBits.AnyIn(bits, first, end));
        Assert.Equal(Enumerable.Range(0, end).Count(i => RowBits.Has(bits, i)), RowBits.Count(bits, end));
        var cleared = bits.ToArray();
        RowBits.Clear(cleared, first, end);
        Assert.All(Enumerable.Range(0, 192), i => Assert.Equal(RowBits.Has(bits, i) && !(i >= first && i < end), RowBits.Has(cleared, i)));
    }, seed: Seed, iter: 2_000);

    [Fact]
    public void NarrowedNumbersStayWhatTheyAre() => Gen.Select(Gen.OneOf(8, 16, 32, 64).SelectMany(bits => Number(bits).Array[0, 100]), Gen.OneOf<ulong>(0, 1ul << 62)).Sample((values, origin) =>
    {
        var shifted = values.Select(v => unchecked(v + origin)).ToArray();
        var vector = NumberVector.Narrowed(shifted);
        Assert.Equal(shifted, vector.ToArray());
        Assert.All(Enumerable.Range(0, shifted.Length), i => Assert.Equal(shifted[i], vector[i]));
    }, seed: Seed, iter: 1_000);

    /// <summary>Whatever their width: what is wider than 32 bits keeps its smallest value as the base too.</summary>
    [Theory]
    [InlineData(-3, 4)]
    [InlineData(-70_000, 70_000)]
    [InlineData(long.MinValue, 10)]
    [InlineData(long.MinValue, long.MaxValue)]
    public void SignedRangesOfNarrowedNumbersKeepTheRowsWithin(long smallest, long largest)
    {
        long[] values = [smallest, -1, 0, 1, largest];
        var vector = NumberVector.Narrowed(Array.ConvertAll(values, v => (ulong)v), (ulong)smallest, (ulong)largest - (ulong)smallest);
        foreach (var low in values)
        {
            foreach (var high in values)
            {
                var rows = RowBits.All(values.Length);
                RangeScan.AndSigned(vector, low, high, rows);
                Assert.All(Enumerable.Range(0, values.Length), i => Assert.Equal(values[i] >= low && values[i] <= high, RowBits.Has(rows, i)));
            }
        }
    }

    private static NumberVector Vector(int bits, ulong[] values, ulong origin) => bits switch
    {
        0 => NumberVector.Constant(origin, values.Length),
        8 => NumberVector.Of(Array.ConvertAll(values, v => (byte)v), values.Length, origin),
        16 => NumberVector.Of(Array.ConvertAll(values, v => (ushort)v), values.Length, origin),
        32 => NumberVector.Of(Array.ConvertAll(values, v => (uint)v), values.Length, origin),
        _ => NumberVector.Of(values, values.Length, origin),
    };

    private static ulong[] Cut(ulong[] rows, int count)
    {
        var cut = rows.ToArray();
        if ((count & 63) != 0) cut[^1] &= ulong.MaxValue >> (64 - (count & 63));
        return cut;
    }

    private static ulong[] Expected(ulong[] rows, ulong[] values, Func<ulong, bool> holds)
    {
        var expected = new ulong[rows.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (RowBits.Has(rows, i) && holds(values[i])) RowBits.Set(expected, i);
        }
        return expected;
    }
}
