using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// What a point of a histogram or a summary holds beside its count. Buckets are kept as ranges of values with a count each, lowest first, whatever form they came in: an explicit bound or a power of the
/// base. Immutable once read.
/// </summary>
public sealed class Distribution
{
    /// <summary>The values together; NaN when the sender did not say.</summary>
    public double Sum { get; init; } = double.NaN;

    /// <summary>The smallest; NaN when the sender did not say.</summary>
    public double Min { get; init; } = double.NaN;

    /// <summary>The largest; NaN when the sender did not say.</summary>
    public double Max { get; init; } = double.NaN;

    /// <summary>Explicit bounds, growing; one less than there are <see cref="Counts"/>. Empty for the other forms.</summary>
    public double[] Bounds { get; init; } = [];

    /// <summary>Values by bucket.</summary>
    public ulong[] Counts { get; init; } = [];

    /// <summary>The scale of an exponential histogram: its base is 2 to the power of 2 to the power of minus the scale.</summary>
    public int Scale { get; init; }

    /// <summary>Values that are 0, or near enough.</summary>
    public ulong ZeroCount { get; init; }

    /// <summary>How near to 0 that is.</summary>
    public double ZeroThreshold { get; init; }

    /// <summary>Index of the first bucket of values above 0.</summary>
    public int PositiveOffset { get; init; }

    /// <summary>Index of the first bucket of values below 0.</summary>
    public int NegativeOffset { get; init; }

    /// <summary>Values below 0 by bucket, nearest to 0 first.</summary>
    public ulong[] NegativeCounts { get; init; } = [];

    /// <summary>Quantiles of a summary, from 0 to 1, and their values.</summary>
    public (double Quantile, double Value)[] Quantiles { get; init; } = [];

    /// <summary>Writes it; the form is the block format's.</summary>
    internal void Write(WireWriter writer, MetricKind kind)
    {
        Number(writer, Sum);
        Number(writer, Min);
        Number(writer, Max);
        switch (kind)
        {
            case MetricKind.Histogram:
                writer.Varint((ulong)Bounds.Length);
                foreach (var bound in Bounds) Number(writer, bound);
                Counted(writer, Counts);
                break;
            case MetricKind.ExponentialHistogram:
                writer.Varint(ZigZag.Encode(Scale));
                writer.Varint(ZeroCount);
                Number(writer, ZeroThreshold);
                writer.Varint(ZigZag.Encode(PositiveOffset));
                Counted(writer, Counts);
                writer.Varint(ZigZag.Encode(NegativeOffset));
                Counted(writer, NegativeCounts);
                break;
            default:
                writer.Varint((ulong)Quantiles.Length);
                foreach (var (quantile, value) in Quantiles)
                {
                    Number(writer, quantile);
                    Number(writer, value);
                }
                break;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="MalformedInputException">It is not that.</exception>
    internal static Distribution Read(ReadOnlySpan<byte> bytes, MetricKind kind)
    {
        var reader = new WireReader(bytes);
        var (sum, min, max) = (Number(ref reader), Number(ref reader), Number(ref reader));
        Distribution read;
        switch (kind)
        {
            case MetricKind.Histogram:
                var bounds = new double[Length(ref reader, 8)];
                for (var i = 0; i < bounds.Length; i++) bounds[i] = Number(ref reader);
                read = new Distribution { Sum = sum, Min = min, Max = max, Bounds = bounds, Counts = Counted(ref reader) };
                break;
            case MetricKind.ExponentialHistogram:
                var (scale, zeroes, threshold) = ((int)ZigZag.Decode(reader.ReadVarint()), reader.ReadVarint(), Number(ref reader));
                var (positive, above) = ((int)ZigZag.Decode(reader.ReadVarint()), Counted(ref reader));
                var (negative, below) = ((int)ZigZag.Decode(reader.ReadVarint()), Counted(ref reader));
                read = new Distribution
                {
                    Sum = sum, Min = min, Max = max, Scale = scale, ZeroCount = zeroes, ZeroThreshold = threshold,
                    PositiveOffset = positive, Counts = above, NegativeOffset = negative, NegativeCounts = below,
                };
                break;
            default:
                var quantiles = new (double, double)[Length(ref reader, 16)];
                for (var i = 0; i < quantiles.Length; i++)
                {
                    var quantile = Number(ref reader);
                    quantiles[i] = (quantile, Number(ref reader));
                }
                read = new Distribution { Sum = sum, Min = min, Max = max, Quantiles = quantiles };
                break;
        }
        if (reader.HasMore) WireReader.Throw(reader.Position, "bytes behind a distribution");
        return read;
    }

    private static void Number(WireWriter writer, double value) => System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(writer.Allocate(8), value);

    private static double Number(ref WireReader reader) => BitConverter.Int64BitsToDouble((long)reader.ReadFixed64());

    private static void Counted(WireWriter writer, ulong[] counts)
    {
        writer.Varint((ulong)counts.Length);
        foreach (var count in counts) writer.Varint(count);
    }

    private static ulong[] Counted(ref WireReader reader)
    {
        var counts = new ulong[Length(ref reader, 1)];
        for (var i = 0; i < counts.Length; i++) counts[i] = reader.ReadVarint();
        return counts;
    }

    private static int Length(ref WireReader reader, int bytesEach)
    {
        var length = reader.ReadVarint();
        if (length > (ulong)(reader.Rest.Length / bytesEach)) WireReader.Throw(reader.Position, $"{length} entries");
        return (int)length;
    }
}
