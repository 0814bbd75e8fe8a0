using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Api.Native;

/// <summary>Writes attributes with their types (docs/api.md, span detail).</summary>
internal static class AttributeWriter
{
    /// <summary>Writes the attributes [start, end) as an array under <c>attributes</c>.</summary>
    internal static void Write(Utf8JsonWriter json, SpanBatch batch, AttributeColumns attributes, int start, int end)
    {
        json.WriteStartArray("attributes"u8);
        for (var i = start; i < end; i++)
        {
            json.WriteStartObject();
            json.WriteString("key"u8, batch.Strings[attributes.Key[i]]);
            WriteTypeAndValue(json, AttributeValue.Read(batch, attributes, i));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Writes one attribute as an element of an array.</summary>
    internal static void Write(Utf8JsonWriter json, string key, AttributeValue value)
    {
        json.WriteStartObject();
        json.WriteString("key"u8, key);
        WriteTypeAndValue(json, value);
        json.WriteEndObject();
    }

    /// <summary>The types as the API names them.</summary>
    internal static ReadOnlySpan<byte> TypeName(AttributeType type) => type switch
    {
        AttributeType.String => "string"u8,
        AttributeType.Bool => "bool"u8,
        AttributeType.Int => "int"u8,
        AttributeType.Double => "double"u8,
        AttributeType.Bytes => "bytes"u8,
        AttributeType.Array => "array"u8,
        AttributeType.KvList => "kvlist"u8,
        _ => "empty"u8,
    };

    private static void WriteTypeAndValue(Utf8JsonWriter json, AttributeValue value)
    {
        switch (value.Type)
        {
            case AttributeType.String:
                json.WriteString("type"u8, "string"u8);
                json.WriteString("value"u8, value.Text);
                break;
            case AttributeType.Bool:
                json.WriteString("type"u8, "bool"u8);
                json.WriteBoolean("value"u8, value.Number != 0);
                break;
            case AttributeType.Int:
                json.WriteString("type"u8, "int"u8);
                json.WriteString("value"u8, value.Number.ToString(CultureInfo.InvariantCulture));
                break;
            case AttributeType.Double:
                json.WriteString("type"u8, "double"u8);
                WriteDouble(json, BitConverter.Int64BitsToDouble(value.Number));
                break;
            case AttributeType.Bytes:
                json.WriteString("type"u8, "bytes"u8);
                json.WriteBase64String("value"u8, value.Bytes.Span);
                break;
            case AttributeType.Array:
                json.WriteString("type"u8, "array"u8);
                WriteItems(json, value, null);
                break;
            case AttributeType.KvList:
                json.WriteString("type"u8, "kvlist"u8);
                WriteItems(json, value, value.Keys);
                break;
            case AttributeType.Empty:
                json.WriteString("type"u8, "empty"u8);
                json.WriteNull("value"u8);
                break;
            default:
                throw new InvalidOperationException($"An attribute value has the type {value.Type}, which is none of OTLP's.");
        }
    }

    private static void WriteItems(Utf8JsonWriter json, AttributeValue value, IReadOnlyList<string>? keys)
    {
        json.WriteStartArray("value"u8);
        for (var i = 0; i < value.Items.Count; i++)
        {
            json.WriteStartObject();
            if (keys is not null) json.WriteString("key"u8, keys[i]);
            WriteTypeAndValue(json, value.Items[i]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>JSON has no numbers for these three.</summary>
    private static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber("value"u8, value);
        else json.WriteString("value"u8, double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
    }
}
