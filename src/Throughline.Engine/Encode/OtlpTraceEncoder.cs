using System.Buffers;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Encode;

/// <summary>Writes a batch as an OTLP <c>ExportTraceServiceRequest</c> in protobuf (opentelemetry-proto 1.x); the inverse of the decoder. Thread safe.</summary>
public static class OtlpTraceEncoder
{
    /// <summary>Writes all rows; runs of rows with one resource and scope share their messages.</summary>
    public static void Encode(SpanBatch batch, IBufferWriter<byte> output) => Encode(batch, output, false);

    /// <summary>Writes some rows, in the order in which they are given.</summary>
    public static void Encode(SpanBatch batch, ReadOnlySpan<int> rows, IBufferWriter<byte> output)
    {
        using var writer = new WireWriter(Math.Max(256, rows.Length * 256));
        // A run of rows that follow one another in the batch shares its messages.
        for (var i = 0; i < rows.Length;)
        {
            var end = i + 1;
            while (end < rows.Length && rows[end] == rows[end - 1] + 1) end++;
            for (var row = rows[i]; row <= rows[end - 1];) row = ResourceSpans(batch, row, rows[end - 1] + 1, writer, false);
            i = end;
        }
        output.Write(writer.Written);
    }

    /// <summary>
    /// The same for the log's processed form (docs/format/wal.md): each span also carries its marks, in a field that OTLP does not know, for
    /// <see cref="Decode.OtlpTraceDecoder.DecodeProcessed"/>.
    /// </summary>
    public static void EncodeProcessed(SpanBatch batch, IBufferWriter<byte> output) => Encode(batch, output, true);

    private static void Encode(SpanBatch batch, IBufferWriter<byte> output, bool withMarks)
    {
        using var writer = new WireWriter(Math.Max(256, batch.RowCount * 256));
        for (var row = 0; row < batch.RowCount;) row = ResourceSpans(batch, row, batch.RowCount, writer, withMarks);
        output.Write(writer.Written);
    }

    private static int ResourceSpans(SpanBatch batch, int row, int end, WireWriter output, bool withMarks)
    {
        var resource = batch.Resource[row];
        var mark = output.Begin(0x0A);
        var inner = output.Begin(0x0A);
        var resources = batch.Resources;
        Attributes(batch, resources.Attributes, resources.AttributeOffset[resource], resources.AttributeOffset[resource + 1], 0x0A, output);
        Number(output, 0x10, resources.DroppedAttributes[resource]);
        output.End(inner);
        while (row < end && batch.Resource[row] == resource) row = ScopeSpans(batch, row, end, output, withMarks);
        Text(batch, output, 0x1A, resources.SchemaUrl[resource]);
        output.End(mark);
        return row;
    }

    private static int ScopeSpans(SpanBatch batch, int row, int end, WireWriter output, bool withMarks)
    {
        var (resource, scope) = (batch.Resource[row], batch.Scope[row]);
        var mark = output.Begin(0x12);
        var inner = output.Begin(0x0A);
        var scopes = batch.Scopes;
        Text(batch, output, 0x0A, scopes.Name[scope]);
        Text(batch, output, 0x12, scopes.Version[scope]);
        Attributes(batch, scopes.Attributes, scopes.AttributeOffset[scope], scopes.AttributeOffset[scope + 1], 0x1A, output);
        Number(output, 0x20, scopes.DroppedAttributes[scope]);
        output.End(inner);
        for (; row < end && batch.Resource[row] == resource && batch.Scope[row] == scope; row++) Span(batch, row, output, withMarks);
        Text(batch, output, 0x1A, scopes.SchemaUrl[scope]);
        output.End(mark);
        return row;
    }

    private static void Span(SpanBatch batch, int row, WireWriter output, bool withMarks)
    {
        var mark = output.Begin(0x12);
        Trace(output, 0x0A, batch.TraceId[row]);
        Id(output, 0x12, batch.SpanId[row]);
        Text(batch, output, 0x1A, batch.TraceState[row]);
        Id(output, 0x22, batch.ParentSpanId[row]);
        Text(batch, output, 0x2A, batch.Name[row]);
        Number(output, 0x30, (ulong)batch.Kind[row]);
        if (batch.StartUnixNano[row] != 0) output.Fixed64(0x39, batch.StartUnixNano[row]);
        if (batch.EndUnixNano[row] != 0) output.Fixed64(0x41, batch.EndUnixNano[row]);
        Attributes(batch, batch.Attributes, batch.AttributeOffset[row], batch.AttributeOffset[row + 1], 0x4A, output);
        Number(output, 0x50, batch.DroppedAttributes[row]);
        for (var i = batch.EventOffset[row]; i < batch.EventOffset[row + 1]; i++) Event(batch, i, output);
        Number(output, 0x60, batch.DroppedEvents[row]);
        for (var i = batch.LinkOffset[row]; i < batch.LinkOffset[row + 1]; i++) Link(batch, i, output);
        Number(output, 0x70, batch.DroppedLinks[row]);
        Status(batch, row, output);
        if (batch.Flags[row] != 0) output.Fixed32(0x85, batch.Flags[row]);
        if (withMarks) Number(output, SpanMarksField.Tag, batch.Marks[row]);
        output.End(mark);
    }

    private static void Status(SpanBatch batch, int row, WireWriter output)
    {
        if (batch.Status[row] == 0 && batch.Strings[batch.StatusMessage[row]].IsEmpty) return;
        var mark = output.Begin(0x7A);
        Text(batch, output, 0x12, batch.StatusMessage[row]);
        Number(output, 0x18, (ulong)batch.Status[row]);
        output.End(mark);
    }

    private static void Event(SpanBatch batch, int index, WireWriter output)
    {
        var events = batch.Events;
        var mark = output.Begin(0x5A);
        if (events.TimeUnixNano[index] != 0) output.Fixed64(0x09, events.TimeUnixNano[index]);
        Text(batch, output, 0x12, events.Name[index]);
        Attributes(batch, events.Attributes, events.AttributeOffset[index], events.AttributeOffset[index + 1], 0x1A, output);
        Number(output, 0x20, events.DroppedAttributes[index]);
        output.End(mark);
    }

    private static void Link(SpanBatch batch, int index, WireWriter output)
    {
        var links = batch.Links;
        var mark = output.Begin(0x6A);
        if (links.TraceId[index].IsValid) Trace(output, 0x0A, links.TraceId[index]);
        Id(output, 0x12, links.SpanId[index]);
        Text(batch, output, 0x1A, links.TraceState[index]);
        Attributes(batch, links.Attributes, links.AttributeOffset[index], links.AttributeOffset[index + 1], 0x22, output);
        Number(output, 0x28, links.DroppedAttributes[index]);
        if (links.Flags[index] != 0) output.Fixed32(0x35, links.Flags[index]);
        output.End(mark);
    }

    private static void Attributes(SpanBatch batch, AttributeColumns attributes, int from, int to, uint tag, WireWriter output)
    {
        for (var i = from; i < to; i++)
        {
            var mark = output.Begin(tag);
            Text(batch, output, 0x0A, attributes.Key[i]);
            var value = output.Begin(0x12);
            Value(batch, (AttributeType)attributes.Type[i], attributes.Value[i], output);
            output.End(value);
            output.End(mark);
        }
    }

    /// <summary>The cases of a oneof are written even where they hold a default, for what is written is which case it is.</summary>
    private static void Value(SpanBatch batch, AttributeType type, long value, WireWriter output)
    {
        switch (type)
        {
            case AttributeType.Empty: break;
            case AttributeType.String: output.Bytes(0x0A, batch.Strings[(int)value]); break;
            case AttributeType.Bool: output.Varint(0x10, (ulong)value); break;
            case AttributeType.Int: output.Varint(0x18, (ulong)value); break;
            case AttributeType.Double: output.Fixed64(0x21, (ulong)value); break;
            case AttributeType.Array: output.Bytes(0x2A, batch.Blobs[(int)value]); break;
            case AttributeType.KvList: output.Bytes(0x32, batch.Blobs[(int)value]); break;
            case AttributeType.Bytes: output.Bytes(0x3A, batch.Blobs[(int)value]); break;
            default: throw new InvalidOperationException($"An attribute has the type {(byte)type}.");
        }
    }

    private static void Trace(WireWriter output, uint tag, TraceId id)
    {
        output.Varint(tag);
        output.Varint(TraceId.SizeBytes);
        id.CopyTo(output.Allocate(TraceId.SizeBytes));
    }

    private static void Id(WireWriter output, uint tag, ulong id)
    {
        if (id == 0) return;
        output.Varint(tag);
        output.Varint(SpanId.SizeBytes);
        new SpanId(id).CopyTo(output.Allocate(SpanId.SizeBytes));
    }

    private static void Number(WireWriter output, uint tag, ulong value)
    {
        if (value != 0) output.Varint(tag, value);
    }

    private static void Text(SpanBatch batch, WireWriter output, uint tag, int id)
    {
        var text = batch.Strings[id];
        if (!text.IsEmpty) output.Bytes(tag, text);
    }
}
