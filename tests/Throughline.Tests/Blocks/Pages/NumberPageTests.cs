using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;

namespace Throughline.Tests.Blocks.Pages;

/// <summary>Pages of numbers give back what was put in, whatever the values are and whichever encoding was taken.</summary>
public sealed class NumberPageTests
{
    private static readonly (string Name, Func<Random, int, long> Value)[] Shapes =
    [
        ("constant", (_, _) => -7),
        ("bytes", (r, _) => r.Next(256)),
        ("thousands", (r, _) => 1_000_000 + r.Next(70_000)),
        ("times", (_, i) => 1_795_219_200_000_000_000 + i * 977_131L),
        ("anything", (r, _) => r.NextInt64(long.MinValue, long.MaxValue)),
        ("extremes", (r, _) => r.Next(3) switch { 0 => long.MinValue, 1 => long.MaxValue, _ => 0 }),
        ("few wide", (r, _) => 140_234_647_236_544L + r.Next(64) * 4_294_967_311L),
        ("mostly zero", (r, _) => r.Next(200) == 0 ? r.Next(1 << 30) : 0),
        ("cents", (r, _) => BitConverter.DoubleToInt64Bits(r.Next(10_000) / 10_000.0)),
        ("one price", (_, _) => BitConverter.DoubleToInt64Bits(0.25)),
        ("doubles", (r, _) => BitConverter.DoubleToInt64Bits(r.NextDouble())),
        ("odd doubles", (r, _) => BitConverter.DoubleToInt64Bits(r.Next(5) switch { 0 => double.NaN, 1 => -0.0, 2 => double.PositiveInfinity, 3 => 1e300, _ => 0.5 })),
        ("minus zero", (r, _) => BitConverter.DoubleToInt64Bits(r.Next(2) == 0 ? -0.0 : 1.5)),
        ("cycle", (_, i) => i % 5),
    ];

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var (name, _) in Shapes)
        {
            foreach (var kind in Enum.GetValues<NumberKind>()) cases.Add(name, (int)kind);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void NumbersComeBack(string shape, int kind)
    {
        var value = Shapes.Single(s => s.Name == shape).Value;
        var encoder = new NumberEncoder();
        foreach (var count in new[] { 0, 1, 2, 7, 100, 1000, 16_384 })
        {
            var random = new Random(count);
            var values = Enumerable.Range(0, count).Select(i => value(random, i)).ToArray();
            var body = encoder.Encode(values, (NumberKind)kind, out var entry).ToArray();
            CheckDecoded(entry, body, values);
        }
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.3)]
    [InlineData(0.0)]
    public void IdsComeBack(double share)
    {
        var encoder = new NumberEncoder();
        var next = 5L;
        var random = new Random(11);
        for (var page = 0; page < 5; page++)
        {
            var first = next;
            var values = new long[3_000];
            for (var i = 0; i < values.Length; i++) values[i] = random.NextDouble() < share ? next++ : random.NextInt64(next);
            var body = encoder.EncodeIds(values, first, out var entry).ToArray();
            CheckDecoded(entry, body, values);
            if (share == 1.0) Assert.Equal(9, body.Length);
        }
    }

    [Fact]
    public void ShortBodiesAreTold()
    {
        var encoder = new NumberEncoder();
        foreach (var (name, value) in Shapes)
        {
            var random = new Random(3);
            var values = Enumerable.Range(0, 500).Select(i => value(random, i)).ToArray();
            var body = encoder.Encode(values, NumberKind.Plain, out var entry).ToArray();
            if (body.Length == 0) continue;
            var exception = Assert.Throws<CorruptDataException>(() => NumberDecoder.Decode(entry, body.AsSpan(1), 0, new long[500], "a.block"));
            Assert.True(exception.Message.Contains("a.block", StringComparison.Ordinal), name);
        }
    }

    [Fact]
    public void DecimalsAreFoundAndSmall()
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 1_000).Select(_ => BitConverter.DoubleToInt64Bits(random.Next(60_000) / 10_000.0)).ToArray();
        var body = new NumberEncoder().Encode(values, NumberKind.Double, out var entry);
        Assert.Equal(PageEncoding.Decimal, entry.Encoding);
        Assert.Equal(2 + 2 * 1_000, body.Length);
    }

    private static void CheckDecoded(PageEntry entry, byte[] body, long[] values)
    {
        entry.RawLength = body.Length;
        Assert.Equal(values.Length, entry.Count);
        var decoded = new long[values.Length];
        NumberDecoder.Decode(entry, body, 0, decoded, "a.block");
        Assert.Equal(values, decoded);
        if (values.Length == 0 || entry.Encoding == PageEncoding.Decimal) return;
        Assert.Equal(values.Min(), entry.Base);
        Assert.Equal(values.Max(), entry.Top);
        var range = (ulong)(entry.Top - entry.Base);
        var distances = values.Select(v => (ulong)(v - entry.Base)).ToArray();
        var wide = new ulong[values.Length];
        NumberDecoder.Decode(entry, body, entry.Base, wide, "a.block");
        Assert.Equal(distances, wide);
        if (range <= uint.MaxValue) Assert.Equal(distances, Narrow<uint>(entry, body).Select(v => (ulong)v));
        if (range <= ushort.MaxValue) Assert.Equal(distances, Narrow<ushort>(entry, body).Select(v => (ulong)v));
        if (range <= byte.MaxValue) Assert.Equal(distances, Narrow<byte>(entry, body).Select(v => (ulong)v));
    }

    private static T[] Narrow<T>(PageEntry entry, byte[] body)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        var values = new T[entry.Count];
        NumberDecoder.Decode(entry, body, entry.Base, values, "a.block");
        return values;
    }
}
