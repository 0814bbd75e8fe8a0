using System.Buffers;
using Throughline.Engine.Model.Wire;
using ZstdNet;

namespace Throughline.Engine.Metrics;

/// <summary>
/// The form in which a batch stands in the log (docs/format/metrics.md): what was refused or redacted is not in it. Compressed, since the names and attributes of all series come with every request:
/// the demo's services took 554 bytes a point without. Stateless.
/// </summary>
internal static class MetricPayload
{
    private const byte Version = 1;

    /// <summary>Bytes of one batch before compression: more than any request that is received becomes.</summary>
    private const int MaxBytes = 1 << 30;

    // One a thread: the native contexts are far larger than most batches.
    [ThreadStatic]
    private static Compressor? _compressor;

    [ThreadStatic]
    private static Decompressor? _decompressor;

    public static void Write(MetricBatch batch, IBufferWriter<byte> output)
    {
        using var writer = new WireWriter(64 + batch.Keys.SizeBytes + (batch.RowCount * 24));
        WriteBatch(batch, writer);
        var raw = writer.Written;
        using var head = new WireWriter(16);
        head.Varint(Version);
        head.Varint((ulong)raw.Length);
        output.Write(head.Written);
        _compressor ??= new Compressor(new CompressionOptions(1));
        var bound = Compressor.GetCompressBound(raw.Length);
        var compressed = output.GetSpan(bound);
        output.Advance(_compressor.Wrap(raw, compressed[..bound]));
    }

    /// <summary>Keys without points, those of refused series, are left out.</summary>
    private static void WriteBatch(MetricBatch batch, WireWriter writer)
    {
        var (numbers, keys) = (new int[batch.Keys.Count], 0);
        foreach (var series in batch.Series.Span) numbers[series] = 1;
        for (var key = 0; key < numbers.Length; key++) numbers[key] = numbers[key] == 0 ? -1 : keys++;
        writer.Varint((ulong)keys);
        for (var key = 0; key < numbers.Length; key++)
        {
            if (numbers[key] >= 0) Bytes(writer, batch.Keys[key]);
        }
        writer.Varint((ulong)batch.RowCount);
        var time = 0UL;
        for (var row = 0; row < batch.RowCount; row++)
        {
            writer.Varint((ulong)numbers[batch.Series[row]]);
            writer.Varint(ZigZag.Encode((long)(batch.Time[row] - time)));
            time = batch.Time[row];
            writer.Varint(ZigZag.Encode((long)(time - batch.Start[row])));
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(writer.Allocate(8), BitConverter.DoubleToInt64Bits(batch.Value[row]));
            Bytes(writer, batch.DistributionOf(row));
        }
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, MetricBatch into, out string problem)
    {
        into.Clear();
        try
        {
            Expand(new WireReader(payload), into);
        }
        catch (Exception e) when (e is MalformedInputException or ZstdException)
        {
            into.Clear();
            problem = e is MalformedInputException malformed ? $"byte {malformed.Offset}: {e.Message}" : e.Message;
            return false;
        }
        problem = "";
        return true;
    }

    private static void Expand(WireReader reader, MetricBatch into)
    {
        var version = reader.ReadVarint();
        if (version != Version) WireReader.Throw(0, $"version {version} of a batch of metrics, and this release reads {Version}");
        var length = reader.ReadVarint();
        if (length > MaxBytes) WireReader.Throw(reader.Position, $"a batch of {length} bytes");
        var raw = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            var found = (_decompressor ??= new Decompressor()).Unwrap(reader.Rest, raw.AsSpan(0, (int)length), false);
            if (found != (int)length) WireReader.Throw(reader.Position, $"{found} bytes where {length} were written");
            Read(new WireReader(raw.AsSpan(0, (int)length)), into);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(raw);
        }
    }

    private static void Read(WireReader reader, MetricBatch into)
    {
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
