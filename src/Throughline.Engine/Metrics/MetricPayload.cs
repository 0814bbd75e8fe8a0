using System.Buffers;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Metrics;

/// <summary>
/// The form in which a batch stands in the log (docs/format/metrics.md): what was refused or redacted is not in it. Stateless.
/// </summary>
internal static class MetricPayload
{
    private const byte Version = 1;

    public static void Write(MetricBatch batch, IBufferWriter<byte> output)
    {
        using var writer = new WireWriter(64 + (batch.RowCount * 24));
        writer.Varint(Version);
        writer.Varint((ulong)batch.Keys.Count);
        for (var key = 0; key < batch.Keys.Count; key++) Bytes(writer, batch.Keys[key]);
        writer.Varint((ulong)batch.RowCount);
        var time = 0UL;
        for (var row = 0; row < batch.RowCount; row++)
        {
            writer.Varint((ulong)batch.Series[row]);
            writer.Varint(ZigZag.Encode((long)(batch.Time[row] - time)));
            time = batch.Time[row];
            writer.Varint(ZigZag.Encode((long)(time - batch.Start[row])));
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(writer.Allocate(8), BitConverter.DoubleToInt64Bits(batch.Value[row]));
            Bytes(writer, batch.DistributionOf(row));
        }
        output.Write(writer.Written);
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, MetricBatch into, out string problem)
    {
        into.Clear();
        try
        {
            Read(new WireReader(payload), into);
        }
        catch (MalformedInputException e)
        {
            into.Clear();
            problem = $"byte {e.Offset}: {e.Message}";
            return false;
        }
        problem = "";
        return true;
    }

    private static void Read(WireReader reader, MetricBatch into)
    {
        var version = reader.ReadVarint();
        if (version != Version) WireReader.Throw(0, $"version {version} of a batch of metrics, and this release reads {Version}");
        var keys = reader.ReadVarint();
        if (keys > (ulong)reader.Rest.Length) WireReader.Throw(reader.Position, $"{keys} series");
        for (var key = 0UL; key < keys; key++)
        {
            var bytes = reader.ReadBytes();
            MetricIdentity.Read(bytes);
            into.Keys.GetOrAdd(bytes, out var added);
            if (!added) WireReader.Throw(reader.Position, "a series that stands there twice");
        }
        var rows = reader.ReadVarint();
        var time = 0UL;
        for (var row = 0UL; row < rows; row++)
        {
            var series = reader.ReadVarint();
            if (series >= keys) WireReader.Throw(reader.Position, $"series {series} of {keys}");
            time += (ulong)ZigZag.Decode(reader.ReadVarint());
            var start = time - (ulong)ZigZag.Decode(reader.ReadVarint());
            var value = BitConverter.Int64BitsToDouble((long)reader.ReadFixed64());
            into.Add((int)series, time, start, value, reader.ReadBytes());
        }
        if (reader.HasMore) WireReader.Throw(reader.Position, "bytes behind the last point");
    }

    private static void Bytes(WireWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Varint((ulong)bytes.Length);
        writer.Raw(bytes);
    }
}
