using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Encode;

/// <summary>Writes a batch in OTLP's JSON form (<c>{"resourceSpans":[...]}</c>, OTLP 1.x "JSON Protobuf Encoding"). Thread safe.</summary>
public static class OtlpJsonWriter
{
    private const int IdDigits = 16;

    private static readonly JsonEncodedText Key = JsonEncodedText.Encode("key");
    private static readonly JsonEncodedText ValueName = JsonEncodedText.Encode("value");
    private static readonly JsonEncodedText StringValue = JsonEncodedText.Encode("stringValue");
    private static readonly JsonEncodedText IntValue = JsonEncodedText.Encode("intValue");
    private static readonly JsonEncodedText AttributesName = JsonEncodedText.Encode("attributes");

    /// <summary>
    /// Writes all rows; ids in lower-case hex, 64-bit integers as strings, bytes in base64, as OTLP/JSON asks. Runs of rows with one resource and
    /// scope share their messages; what has its default value is left out. Does not flush <paramref name="output"/>.
    /// </summary>
    public static void Write(SpanBatch batch, Utf8JsonWriter output)
    {
        Begin(output);
        WriteRows(batch, 0, long.MaxValue, output);
        End(output);
    }

    /// <summary>Begins an export that is written in parts, so that the caller may send them one by one: <see cref="WriteRows"/> and <see cref="End"/> follow.</summary>
    public static void Begin(Utf8JsonWriter output)
    {
        output.WriteStartObject();
        output.WriteStartArray("resourceSpans"u8);
    }

    /// <summary>Writes rows from <paramref name="row"/> on until a part has <paramref name="partBytes"/> or the batch ends, and answers the next row.</summary>
    public static int WriteRows(SpanBatch batch, int row, long partBytes, Utf8JsonWriter output)
    {
        var written = output.BytesCommitted + output.BytesPending;
        var part = new Part(batch, output, partBytes > long.MaxValue - written ? long.MaxValue : written + partBytes);
        while (row < batch.RowCount)
        {
            row = ResourceSpans(part, row);
            if (part.IsFull) break;
        }
        return row;
    }

    /// <summary>Ends an export.</summary>
    public static void End(Utf8JsonWriter output)
    {
        output.WriteEndArray();
        output.WriteEndObject();
    }

    /// <summary>What is written, where to, and up to which byte.</summary>
    private readonly record struct Part(SpanBatch Batch, Utf8JsonWriter Output, long EndBytes)
    {
        public bool IsFull => Output.BytesCommitted + Output.BytesPending >= EndBytes;
    }

    private static int ResourceSpans(in Part part, int row)
    {
        var (batch, output) = (part.Batch, part.Output);
        var resource = batch.Resource[row];
        var resources = batch.Resources;
        output.WriteStartObject();
        output.WriteStartObject("resource"u8);
        Attributes(batch, resources.Attributes, resources.AttributeOffset[resource], resources.AttributeOffset[resource + 1], output);
        Count(output, "droppedAttributesCount"u8, resources.DroppedAttributes[resource]);
        output.WriteEndObject();
        output.WriteStartArray("scopeSpans"u8);
        do row = ScopeSpans(part, row);
        while (row < batch.RowCount && batch.Resource[row] == resource && !part.IsFull);
        output.WriteEndArray();
        Text(batch, output, "schemaUrl"u8, resources.SchemaUrl[resource]);
        output.WriteEndObject();
        return row;
    }

    private static int ScopeSpans(in Part part, int row)
    {
        var (batch, output) = (part.Batch, part.Output);
        var (resource, scope) = (batch.Resource[row], batch.Scope[row]);
        var scopes = batch.Scopes;
        output.WriteStartObject();
        output.WriteStartObject("scope"u8);
        Text(batch, output, "name"u8, scopes.Name[scope]);
        Text(batch, output, "version"u8, scopes.Version[scope]);
        Attributes(batch, scopes.Attributes, scopes.AttributeOffset[scope], scopes.AttributeOffset[scope + 1], output);
        Count(output, "droppedAttributesCount"u8, scopes.DroppedAttributes[scope]);
        output.WriteEndObject();
        output.WriteStartArray("spans"u8);
        do Span(batch, row++, output);
        while (row < batch.RowCount && batch.Resource[row] == resource && batch.Scope[row] == scope && !part.IsFull);
        output.WriteEndArray();
        Text(batch, output, "schemaUrl"u8, scopes.SchemaUrl[scope]);
        output.WriteEndObject();
        return row;
    }

    private static void Span(SpanBatch batch, int row, Utf8JsonWriter output)
    {
        output.WriteStartObject();
        TraceIdText(output, "traceId"u8, batch.TraceId[row]);
        SpanIdText(output, "spanId"u8, batch.SpanId[row]);
        if (batch.ParentSpanId[row] != 0) SpanIdText(output, "parentSpanId"u8, batch.ParentSpanId[row]);
        Text(batch, output, "traceState"u8, batch.TraceState[row]);
        Count(output, "flags"u8, batch.Flags[row]);
        output.WriteString("name"u8, batch.Strings[batch.Name[row]]);
        output.WriteNumber("kind"u8, batch.Kind[row]);
        Nano(output, "startTimeUnixNano"u8, batch.StartUnixNano[row]);
        Nano(output, "endTimeUnixNano"u8, batch.EndUnixNano[row]);
        Attributes(batch, batch.Attributes, batch.AttributeOffset[row], batch.AttributeOffset[row + 1], output);
        Count(output, "droppedAttributesCount"u8, batch.DroppedAttributes[row]);
        Events(batch, row, output);
        Count(output, "droppedEventsCount"u8, batch.DroppedEvents[row]);
        Links(batch, row, output);
        Count(output, "droppedLinksCount"u8, batch.DroppedLinks[row]);
        output.WriteStartObject("status"u8);
        Text(batch, output, "message"u8, batch.StatusMessage[row]);
        if (batch.Status[row] != 0) output.WriteNumber("code"u8, batch.Status[row]);
        output.WriteEndObject();
        output.WriteEndObject();
    }

    private static void Events(SpanBatch batch, int row, Utf8JsonWriter output)
    {
        var (from, to) = (batch.EventOffset[row], batch.EventOffset[row + 1]);
        if (from == to) return;
        var events = batch.Events;
        output.WriteStartArray("events"u8);
        for (var i = from; i < to; i++)
        {
            output.WriteStartObject();
            Nano(output, "timeUnixNano"u8, events.TimeUnixNano[i]);
            output.WriteString("name"u8, batch.Strings[events.Name[i]]);
            Attributes(batch, events.Attributes, events.AttributeOffset[i], events.AttributeOffset[i + 1], output);
            Count(output, "droppedAttributesCount"u8, events.DroppedAttributes[i]);
            output.WriteEndObject();
        }
        output.WriteEndArray();
    }

    private static void Links(SpanBatch batch, int row, Utf8JsonWriter output)
    {
        var (from, to) = (batch.LinkOffset[row], batch.LinkOffset[row + 1]);
        if (from == to) return;
        var links = batch.Links;
        output.WriteStartArray("links"u8);
        for (var i = from; i < to; i++)
        {
            output.WriteStartObject();
            if (links.TraceId[i].IsValid) TraceIdText(output, "traceId"u8, links.TraceId[i]);
            if (links.SpanId[i] != 0) SpanIdText(output, "spanId"u8, links.SpanId[i]);
            Text(batch, output, "traceState"u8, links.TraceState[i]);
            Attributes(batch, links.Attributes, links.AttributeOffset[i], links.AttributeOffset[i + 1], output);
            Count(output, "droppedAttributesCount"u8, links.DroppedAttributes[i]);
            Count(output, "flags"u8, links.Flags[i]);
            output.WriteEndObject();
        }
        output.WriteEndArray();
    }

    private static void Attributes(SpanBatch batch, AttributeColumns attributes, int from, int to, Utf8JsonWriter output)
    {
        if (from == to) return;
        output.WriteStartArray(AttributesName);
        for (var i = from; i < to; i++)
        {
            output.WriteStartObject();
            output.WriteString(Key, batch.Strings[attributes.Key[i]]);
            output.WritePropertyName(ValueName);
            var type = (AttributeType)attributes.Type[i];
            if (type == AttributeType.String) WriteString(batch.Strings[(int)attributes.Value[i]], output);
            else if (type == AttributeType.Int) WriteInt(attributes.Value[i], output);
            else Value(AttributeValue.Read(batch, attributes, i), output);
            output.WriteEndObject();
        }
        output.WriteEndArray();
    }

    private static void WriteString(ReadOnlySpan<byte> text, Utf8JsonWriter output)
    {
        output.WriteStartObject();
        output.WriteString(StringValue, text);
        output.WriteEndObject();
    }

    private static void WriteInt(long value, Utf8JsonWriter output)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        output.WriteStartObject();
        output.WriteString(IntValue, digits[..length]);
        output.WriteEndObject();
    }

    private static void Value(AttributeValue value, Utf8JsonWriter output)
    {
        output.WriteStartObject();
        switch (value.Type)
        {
            case AttributeType.String: output.WriteString("stringValue"u8, value.Text); break;
            case AttributeType.Bool: output.WriteBoolean("boolValue"u8, value.Number != 0); break;
            case AttributeType.Int: output.WriteString("intValue"u8, value.Number.ToString(CultureInfo.InvariantCulture)); break;
            case AttributeType.Double: Double(BitConverter.Int64BitsToDouble(value.Number), output); break;
            case AttributeType.Bytes: output.WriteBase64String("bytesValue"u8, value.Bytes.Span); break;
            case AttributeType.Array: List("arrayValue"u8, value, output); break;
            case AttributeType.KvList: List("kvlistValue"u8, value, output); break;
        }
        output.WriteEndObject();
    }

    private static void Double(double value, Utf8JsonWriter output)
    {
        if (double.IsFinite(value)) output.WriteNumber("doubleValue"u8, value);
        else output.WriteString("doubleValue"u8, value.ToString(CultureInfo.InvariantCulture));
    }

    private static void List(ReadOnlySpan<byte> name, AttributeValue list, Utf8JsonWriter output)
    {
        output.WriteStartObject(name);
        output.WriteStartArray("values"u8);
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (list.Type == AttributeType.Array)
            {
                Value(list.Items[i], output);
                continue;
            }
            output.WriteStartObject();
            output.WriteString("key"u8, list.Keys[i]);
            output.WritePropertyName("value"u8);
            Value(list.Items[i], output);
            output.WriteEndObject();
        }
        output.WriteEndArray();
        output.WriteEndObject();
    }

    private static void Nano(Utf8JsonWriter output, ReadOnlySpan<byte> name, ulong value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        output.WriteString(name, digits[..length]);
    }

    private static void TraceIdText(Utf8JsonWriter output, ReadOnlySpan<byte> name, TraceId id)
    {
        Span<byte> hex = stackalloc byte[2 * IdDigits];
        id.High.TryFormat(hex, out _, "x16", CultureInfo.InvariantCulture);
        id.Low.TryFormat(hex[IdDigits..], out _, "x16", CultureInfo.InvariantCulture);
        output.WriteString(name, hex);
    }

    private static void SpanIdText(Utf8JsonWriter output, ReadOnlySpan<byte> name, ulong id)
    {
        Span<byte> hex = stackalloc byte[IdDigits];
        id.TryFormat(hex, out _, "x16", CultureInfo.InvariantCulture);
        output.WriteString(name, hex);
    }

    private static void Count(Utf8JsonWriter output, ReadOnlySpan<byte> name, uint value)
    {
        if (value != 0) output.WriteNumber(name, value);
    }

    private static void Text(SpanBatch batch, Utf8JsonWriter output, ReadOnlySpan<byte> name, int id)
    {
        var text = batch.Strings[id];
        if (!text.IsEmpty) output.WriteString(name, text);
    }
}
