using System.Buffers;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Encode;

/// <summary>Writes a batch as an OTLP <c>ExportTraceServiceRequest</c> in protobuf (opentelemetry-proto 1.x); the inverse of the decoder. Thread safe.</summary>
public static class OtlpTraceEncoder
{
    /// <summary>Writes all rows; runs of rows with one resource and scope share their messages.</summary>
    public static void Encode(SpanBatch batch, IBufferWriter<byte> output) => Encode(batch, output, false);

    /// <summary>
    /// The same for the log's processed form (docs/format/wal.md): each span also carries its marks, in a field that OTLP does not know, for
    /// <see cref="Decode.OtlpTraceDecoder.DecodeProcessed"/>.
    /// </summary>
    public static void EncodeProcessed(SpanBatch batch, IBufferWriter<byte> output) => Encode(batch, output, true);

    private static void Encode(SpanBatch batch, IBufferWriter<byte> output, bool withMarks)
    {
        using var writer = new WireWriter(Math.Max(256, batch.RowCount * 256));
        for (var row = 0; row < batch.RowCount;) row = ResourceSpans(batch, row, writer, withMarks);
        output.Write(writer.Written);
    }

    private static int ResourceSpans(SpanBatch batch, int row, WireWriter output, bool withMarks)
    {
        var resource = batch.Resource[row];
        var mark = output.Begin(0x0A);
        var owners = Owners(batch, output);
        owners.Resource(batch.Resources, resource);
        while (row < batch.RowCount && batch.Resource[row] == resource) row = ScopeSpans(batch, row, output, withMarks);
        owners.Text(0x1A, batch.Resources.SchemaUrl[resource]);
        output.End(mark);
        return row;
    }

    private static int ScopeSpans(SpanBatch batch, int row, WireWriter output, bool withMarks)
    {
        var (resource, scope) = (batch.Resource[row], batch.Scope[row]);
        var mark = output.Begin(0x12);
        var owners = Owners(batch, output);
        owners.Scope(batch.Scopes, scope);
        for (; row < batch.RowCount && batch.Resource[row] == resource && batch.Scope[row] == scope; row++) Span(batch, row, output, withMarks);
        owners.Text(0x1A, batch.Scopes.SchemaUrl[scope]);
        output.End(mark);
        return row;
    }

    private static void Span(SpanBatch batch, int row, WireWriter output, bool withMarks)
    {
        var mark = output.Begin(0x12);
        var owners = Owners(batch, output);
        owners.Trace(0x0A, batch.TraceId[row]);
        owners.Id(0x12, batch.SpanId[row]);
        owners.Text(0x1A, batch.TraceState[row]);
        owners.Id(0x22, batch.ParentSpanId[row]);
        owners.Text(0x2A, batch.Name[row]);
        owners.Number(0x30, (ulong)batch.Kind[row]);
        if (batch.StartUnixNano[row] != 0) output.Fixed64(0x39, batch.StartUnixNano[row]);
        if (batch.EndUnixNano[row] != 0) output.Fixed64(0x41, batch.EndUnixNano[row]);
        owners.Attributes(batch.Attributes, batch.AttributeOffset[row], batch.AttributeOffset[row + 1], 0x4A);
        owners.Number(0x50, batch.DroppedAttributes[row]);
        for (var i = batch.EventOffset[row]; i < batch.EventOffset[row + 1]; i++) Event(batch, i, output);
        owners.Number(0x60, batch.DroppedEvents[row]);
        for (var i = batch.LinkOffset[row]; i < batch.LinkOffset[row + 1]; i++) Link(batch, i, output);
        owners.Number(0x70, batch.DroppedLinks[row]);
        Status(batch, row, output);
        if (batch.Flags[row] != 0) output.Fixed32(0x85, batch.Flags[row]);
        if (withMarks) owners.Number(SpanMarksField.Tag, batch.Marks[row]);
        output.End(mark);
    }

    private static void Status(SpanBatch batch, int row, WireWriter output)
    {
        if (batch.Status[row] == 0 && batch.Strings[batch.StatusMessage[row]].IsEmpty) return;
        var mark = output.Begin(0x7A);
        var owners = Owners(batch, output);
        owners.Text(0x12, batch.StatusMessage[row]);
        owners.Number(0x18, (ulong)batch.Status[row]);
        output.End(mark);
    }

    private static void Event(SpanBatch batch, int index, WireWriter output)
    {
        var events = batch.Events;
        var mark = output.Begin(0x5A);
        var owners = Owners(batch, output);
        if (events.TimeUnixNano[index] != 0) output.Fixed64(0x09, events.TimeUnixNano[index]);
        owners.Text(0x12, events.Name[index]);
        owners.Attributes(events.Attributes, events.AttributeOffset[index], events.AttributeOffset[index + 1], 0x1A);
        owners.Number(0x20, events.DroppedAttributes[index]);
        output.End(mark);
    }

    private static void Link(SpanBatch batch, int index, WireWriter output)
    {
        var links = batch.Links;
        var mark = output.Begin(0x6A);
        var owners = Owners(batch, output);
        if (links.TraceId[index].IsValid) owners.Trace(0x0A, links.TraceId[index]);
        owners.Id(0x12, links.SpanId[index]);
        owners.Text(0x1A, links.TraceState[index]);
        owners.Attributes(links.Attributes, links.AttributeOffset[index], links.AttributeOffset[index + 1], 0x22);
        owners.Number(0x28, links.DroppedAttributes[index]);
        if (links.Flags[index] != 0) output.Fixed32(0x35, links.Flags[index]);
        output.End(mark);
    }

    private static OwnerEncoder Owners(SpanBatch batch, WireWriter output) => new(batch.Strings, batch.Blobs, output);
}
