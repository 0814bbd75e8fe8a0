using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Api.Jaeger;

/// <summary>Writes attributes as Jaeger's tags: key, type and value. Arrays and maps, which Jaeger does not know, are JSON in a string, as its own translation has them.</summary>
internal static class JaegerTagWriter
{
    /// <summary>Integers beyond this are texts in JSON: a reader in JavaScript would round them.</summary>
    private const long LargestExact = 1L << 53;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The tags of a span: its attributes, and what Jaeger makes tags of.</summary>
    internal static void WriteSpanTags(Utf8JsonWriter json, SpanBatch spans, int row)
    {
        json.WriteStartArray("tags"u8);
        var scope = spans.Scope[row];
        WriteTextIfAny(json, "otel.scope.name"u8, spans.Strings[spans.Scopes.Name[scope]]);
        WriteTextIfAny(json, "otel.scope.version"u8, spans.Strings[spans.Scopes.Version[scope]]);
        var (start, end) = (spans.AttributeOffset[row], spans.AttributeOffset[row + 1]);
        WriteAttributes(json, spans, spans.Attributes, start, end);
        if (JaegerTags.KindName(spans.Kind[row]) is { Length: > 0 } kind) WriteText(json, "span.kind"u8, System.Text.Encoding.UTF8.GetBytes(kind));
        WriteStatus(json, spans, row, start, end);
        WriteTextIfAny(json, "w3c.tracestate"u8, spans.Strings[spans.TraceState[row]]);
        json.WriteEndArray();
    }

    /// <summary>Writes the attributes [start, end) as elements, but for the one with the key <paramref name="without"/>.</summary>
    internal static void WriteAttributes(Utf8JsonWriter json, SpanBatch batch, AttributeColumns attributes, int start, int end, ReadOnlySpan<byte> without = default)
    {
        for (var i = start; i < end; i++)
        {
            var key = batch.Strings[attributes.Key[i]];
            if (!without.IsEmpty && key.SequenceEqual(without)) continue;
            json.WriteStartObject();
            json.WriteString("key"u8, key);
            WriteTypeAndValue(json, AttributeValue.Read(batch, attributes, i));
            json.WriteEndObject();
        }
    }

    /// <summary>Writes a tag with a text.</summary>
    internal static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> key, ReadOnlySpan<byte> text)
    {
        json.WriteStartObject();
        json.WriteString("key"u8, key);
        json.WriteString("type"u8, "string"u8);
        json.WriteString("value"u8, text);
        json.WriteEndObject();
    }

    private static void WriteTextIfAny(Utf8JsonWriter json, ReadOnlySpan<byte> key, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty) WriteText(json, key, text);
    }

    private static void WriteStatus(Utf8JsonWriter json, SpanBatch spans, int row, int start, int end)
    {
        if (spans.Status[row] == (int)SpanStatusCode.Ok) WriteText(json, "otel.status_code"u8, "OK"u8);
        if (spans.Status[row] == (int)SpanStatusCode.Error)
        {
            WriteText(json, "otel.status_code"u8, "ERROR"u8);
            if (!HasErrorTag(spans, start, end))
            {
                json.WriteStartObject();
                json.WriteString("key"u8, "error"u8);
                json.WriteString("type"u8, "bool"u8);
                json.WriteBoolean("value"u8, true);
                json.WriteEndObject();
            }
        }
        WriteTextIfAny(json, "otel.status_description"u8, spans.Strings[spans.StatusMessage[row]]);
    }

    private static bool HasErrorTag(SpanBatch spans, int start, int end)
    {
        for (var i = start; i < end; i++)
        {
            if (spans.Strings[spans.Attributes.Key[i]].SequenceEqual("error"u8)) return true;
        }
        return false;
    }

    private static void WriteTypeAndValue(Utf8JsonWriter json, AttributeValue value)
    {
        switch (value.Type)
        {
            case AttributeType.Bool:
                json.WriteString("type"u8, "bool"u8);
                json.WriteBoolean("value"u8, value.Number != 0);
                break;
            case AttributeType.Int:
                json.WriteString("type"u8, "int64"u8);
                if (value.Number is > LargestExact or < -LargestExact) json.WriteString("value"u8, value.Number.ToString(CultureInfo.InvariantCulture));
                else json.WriteNumber("value"u8, value.Number);
                break;
            case AttributeType.Double:
                json.WriteString("type"u8, "float64"u8);
                var number = BitConverter.Int64BitsToDouble(value.Number);
                if (double.IsFinite(number)) json.WriteNumber("value"u8, number);
                else json.WriteString("value"u8, Unfinite(number));
                break;
            case AttributeType.Bytes:
                json.WriteString("type"u8, "binary"u8);
                json.WriteBase64String("value"u8, value.Bytes.Span);
                break;
            default:
                json.WriteString("type"u8, "string"u8);
                json.WriteString("value"u8, AsText(value));
                break;
        }
    }

    private static string Unfinite(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";

    private static string AsText(AttributeValue value)
    {
        if (value.Type is AttributeType.String or AttributeType.Empty) return value.Text;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options)) WriteNested(json, value);
        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteNested(Utf8JsonWriter json, AttributeValue value)
    {
        switch (value.Type)
        {
            case AttributeType.String: json.WriteStringValue(value.Text); break;
            case AttributeType.Bool: json.WriteBooleanValue(value.Number != 0); break;
            case AttributeType.Int: json.WriteNumberValue(value.Number); break;
            case AttributeType.Double when double.IsFinite(BitConverter.Int64BitsToDouble(value.Number)): json.WriteNumberValue(BitConverter.Int64BitsToDouble(value.Number)); break;
            case AttributeType.Double: json.WriteStringValue(Unfinite(BitConverter.Int64BitsToDouble(value.Number))); break;
            case AttributeType.Bytes: json.WriteBase64StringValue(value.Bytes.Span); break;
            case AttributeType.Array:
                json.WriteStartArray();
                foreach (var item in value.Items) WriteNested(json, item);
                json.WriteEndArray();
                break;
            case AttributeType.KvList:
                json.WriteStartObject();
                for (var i = 0; i < value.Items.Count; i++)
                {
                    json.WritePropertyName(value.Keys[i]);
                    WriteNested(json, value.Items[i]);
                }
                json.WriteEndObject();
                break;
            default: json.WriteNullValue(); break;
        }
    }
}
