using System.Buffers;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Encode;

/// <summary>Writes a batch of log records as an OTLP <c>ExportLogsServiceRequest</c> in protobuf (opentelemetry-proto 1.x); the inverse of the decoder. Thread safe.</summary>
public static class OtlpLogEncoder
{
    /// <summary>Writes all rows; runs of rows with one resource and scope share their messages. A body that was no string goes out as the text that was kept of it.</summary>
    public static void Encode(LogBatch batch, IBufferWriter<byte> output) => Encode(batch, output, false);

    /// <summary>
    /// The same for the log's processed form (docs/format/wal.md): each record also carries its marks and what its body was, in fields that OTLP does not know, for
    /// <see cref="Decode.OtlpLogDecoder.DecodeProcessed"/>.
    /// </summary>
    public static void EncodeProcessed(LogBatch batch, IBufferWriter<byte> output) => Encode(batch, output, true);

    private static void Encode(LogBatch batch, IBufferWriter<byte> output, bool processed)
    {
        using var writer = new WireWriter(Math.Max(256, batch.RowCount * 256));
        var owners = new OwnerEncoder(batch.Strings, batch.Blobs, writer);
        for (var row = 0; row < batch.RowCount;) row = ResourceLogs(batch, row, owners, writer, processed);
        output.Write(writer.Written);
    }

    private static int ResourceLogs(LogBatch batch, int row, OwnerEncoder owners, WireWriter output, bool processed)
    {
        var resource = batch.Resource[row];
        var mark = output.Begin(0x0A);
        owners.Resource(batch.Resources, resource);
        while (row < batch.RowCount && batch.Resource[row] == resource) row = ScopeLogs(batch, row, owners, output, processed);
        owners.Text(0x1A, batch.Resources.SchemaUrl[resource]);
        output.End(mark);
        return row;
    }

    private static int ScopeLogs(LogBatch batch, int row, OwnerEncoder owners, WireWriter output, bool processed)
    {
        var (resource, scope) = (batch.Resource[row], batch.Scope[row]);
        var mark = output.Begin(0x12);
        owners.Scope(batch.Scopes, scope);
        for (; row < batch.RowCount && batch.Resource[row] == resource && batch.Scope[row] == scope; row++) Record(batch, row, owners, output, processed);
        owners.Text(0x1A, batch.Scopes.SchemaUrl[scope]);
        output.End(mark);
        return row;
    }

    private static void Record(LogBatch batch, int row, OwnerEncoder owners, WireWriter output, bool processed)
    {
        var mark = output.Begin(0x12);
        var bodyType = (AttributeType)batch.BodyType[row];
        if (batch.TimeUnixNano[row] != 0) output.Fixed64(0x09, batch.TimeUnixNano[row]);
        // A negative number is not OTLP's, and is ten bytes long as a varint; it is kept.
        if (batch.SeverityNumber[row] != 0) output.Varint(0x10, (ulong)(long)batch.SeverityNumber[row]);
        owners.Text(0x1A, batch.SeverityText[row]);
        if (bodyType != AttributeType.Empty) owners.Value(0x2A, AttributeType.String, batch.Body[row]);
        owners.Attributes(batch.Attributes, batch.AttributeOffset[row], batch.AttributeOffset[row + 1], 0x32);
        owners.Number(0x38, batch.DroppedAttributes[row]);
        if (batch.Flags[row] != 0) output.Fixed32(0x45, batch.Flags[row]);
        if (batch.TraceId[row].IsValid) owners.Trace(0x4A, batch.TraceId[row]);
        owners.Id(0x52, batch.SpanId[row]);
        if (batch.ObservedUnixNano[row] != 0) output.Fixed64(0x59, batch.ObservedUnixNano[row]);
        owners.Text(0x62, batch.EventName[row]);
        if (processed)
        {
            owners.Number(SpanMarksField.Tag, batch.Marks[row]);
            if (bodyType is not (AttributeType.Empty or AttributeType.String)) output.Varint(LogBodyField.Tag, (ulong)bodyType);
        }
        output.End(mark);
    }
}
