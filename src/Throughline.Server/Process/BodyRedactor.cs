using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Throughline.Server.Process;

/// <summary>Redacts in the JSON text of a log record's body. Not thread safe; reuse one per worker.</summary>
internal sealed class BodyRedactor
{
    // As the decoder writes bodies, so that what is not sensitive stays the same text.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The decoder bounds the nesting of what it writes; this is beyond the most that it may be set to.</summary>
    private const int MaxDepth = 1024;

    private readonly ArrayBufferWriter<byte> _output = new();

    /// <summary>The text with the values of sensitive keys replaced; valid until the next call, and to be ignored when none was.</summary>
    internal ReadOnlySpan<byte> Redact(ReadOnlySpan<byte> json, out int values)
    {
        values = 0;
        _output.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_output, Options);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                Copy(ref reader, writer);
                continue;
            }
            var key = reader.HasValueSequence || reader.ValueIsEscaped ? System.Text.Encoding.UTF8.GetBytes(reader.GetString() ?? "") : reader.ValueSpan;
            writer.WritePropertyName(key);
            if (!SensitiveKeys.Contains(key)) continue;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String || !reader.ValueTextEquals(Redactor.Replacement)) values++;
            reader.Skip();
            writer.WriteStringValue(Redactor.Replacement);
        }
        writer.Flush();
        return _output.WrittenSpan;
    }

    private static void Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject: writer.WriteStartObject(); break;
            case JsonTokenType.EndObject: writer.WriteEndObject(); break;
            case JsonTokenType.StartArray: writer.WriteStartArray(); break;
            case JsonTokenType.EndArray: writer.WriteEndArray(); break;
            case JsonTokenType.String when !reader.ValueIsEscaped: writer.WriteStringValue(reader.ValueSpan); break;
            case JsonTokenType.String: writer.WriteStringValue(reader.GetString()); break;
            case JsonTokenType.Number: writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true); break;
            case JsonTokenType.True: writer.WriteBooleanValue(true); break;
            case JsonTokenType.False: writer.WriteBooleanValue(false); break;
            default: writer.WriteNullValue(); break;
        }
    }
}
