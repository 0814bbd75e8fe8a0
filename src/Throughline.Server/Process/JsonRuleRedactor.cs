using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Throughline.Server.Process;

/// <summary>
/// Applies the operator's redaction rules within the JSON text of a log record's body that was a map or a list: rules of a key to what stands under it, patterns to every text and number, so that what is left is
/// JSON again. Not thread safe; reuse one per worker.
/// </summary>
internal sealed class JsonRuleRedactor
{
    // As the decoder writes bodies, so that what no rule fits stays the same text.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The decoder bounds the nesting of what it writes; this is beyond the most that it may be set to.</summary>
    private const int MaxDepth = 1024;

    private readonly ArrayBufferWriter<byte> _text = new();

    /// <summary>Writes the JSON with its values redacted; answers how many were. When none was, the output is to be ignored.</summary>
    /// <param name="hits">Gets the rules that acted.</param>
    internal int Redact(RedactionRules rules, ReadOnlySpan<byte> json, ArrayBufferWriter<byte> output, List<int> hits)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        return new Walk(this, rules, hits, writer, json).Value(ref reader, rules.For(default));
    }

    private readonly ref struct Walk(JsonRuleRedactor owner, RedactionRules rules, List<int> hits, Utf8JsonWriter writer, ReadOnlySpan<byte> json)
    {
        private readonly ReadOnlySpan<byte> _json = json;

        /// <summary>Writes the value at which the reader stands, and leaves it at the value's end.</summary>
        public int Value(scoped ref Utf8JsonReader reader, int[] applicable)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    return Object(ref reader);
                case JsonTokenType.StartArray:
                    var values = 0;
                    writer.WriteStartArray();
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) values += Value(ref reader, applicable);
                    writer.WriteEndArray();
                    return values;
                case JsonTokenType.Null:
                    writer.WriteNullValue();
                    return 0;
                default:
                    return Scalar(ref reader, applicable);
            }
        }

        private int Object(scoped ref Utf8JsonReader reader)
        {
            var values = 0;
            writer.WriteStartObject();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var key = Text(ref reader);
                reader.Read();
                var applicable = rules.For(key);
                owner._text.ResetWrittenCount();
                var outcome = IsReplaced(ref reader) ? RedactionOutcome.Same : rules.Apply(rules.OfWhole(applicable), Whole(reader), owner._text, hits);
                if (outcome == RedactionOutcome.Same)
                {
                    writer.WritePropertyName(key);
                    values += Value(ref reader, applicable);
                    continue;
                }
                if (outcome == RedactionOutcome.Changed) writer.WriteString(key, owner._text.WrittenSpan);
                reader.Skip();
                values++;
            }
            writer.WriteEndObject();
            return values;
        }

        private int Scalar(scoped ref Utf8JsonReader reader, int[] applicable)
        {
            var isText = reader.TokenType == JsonTokenType.String;
            var text = isText ? Text(ref reader) : reader.ValueSpan;
            owner._text.ResetWrittenCount();
            var outcome = IsReplaced(ref reader) ? RedactionOutcome.Same : rules.Apply(applicable, text, owner._text, hits);
            if (outcome == RedactionOutcome.Same)
            {
                if (isText) writer.WriteStringValue(text);
                else writer.WriteRawValue(text, skipInputValidation: true);
                return 0;
            }
            // An element of a list cannot go without moving the others: it is masked.
            writer.WriteStringValue(outcome == RedactionOutcome.Removed ? Redactor.Replacement : owner._text.WrittenSpan);
            return 1;
        }

        private static bool IsReplaced(scoped ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(Redactor.Replacement);

        private static ReadOnlySpan<byte> Text(scoped ref Utf8JsonReader reader) => reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString() ?? "") : reader.ValueSpan;

        /// <summary>What stands for a value when it is hashed: a text's own bytes, of all else its JSON. The reader is a copy.</summary>
        private ReadOnlySpan<byte> Whole(Utf8JsonReader reader)
        {
            if (reader.TokenType == JsonTokenType.String) return Text(ref reader);
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            return _json[start..(int)reader.BytesConsumed];
        }
    }
}
