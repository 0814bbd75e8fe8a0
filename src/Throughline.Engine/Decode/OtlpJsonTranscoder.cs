using System.Buffers;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>Rewrites an export request in OTLP's JSON form (UTF-8) as protobuf, forward only, so that both forms share one decoder. Thread safe.</summary>
/// <remarks>
/// The rules are those of OTLP 1.x ("JSON Protobuf Encoding") and of protobuf's own JSON mapping: names in camelCase or as in the .proto file, ids in hexadecimal
/// of either case, 64-bit integers as strings or numbers, enums as numbers or names, bytes in base64, null for a value that is not there. A member that comes
/// twice counts as protobuf counts a field that comes twice.
/// </remarks>
public static class OtlpJsonTranscoder
{
    /// <summary>
    /// Writes the protobuf form of <paramref name="json"/>, a request of <paramref name="signal"/>. False when it is not a request; <paramref name="error"/> then names the field and the offset in
    /// bytes, and nothing was written. Unknown fields are ignored, as OTLP asks.
    /// </summary>
    public static bool TryTranscode(
        ReadOnlySpan<byte> json, IBufferWriter<byte> protobuf, out string error, int maxNesting = OtlpTraceDecoder.DefaultMaxNesting, SignalKind signal = SignalKind.Traces)
    {
        var request = OtlpSchema.Request(signal);
        using var output = new WireWriter(Math.Max(256, json.Length / 2));
        try
        {
            // An AnyValue in a KeyValueList is four JSON levels below the one around it; the request around the outermost has 12, or a few more by its signal.
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxNesting * 4 + 32 });
            reader.Read();
            Message(ref reader, request, output, new Nesting(0, maxNesting));
            // Reads on to the end: anything behind the object is an error.
            reader.Read();
        }
        catch (JsonException e)
        {
            error = OtlpJsonPath.Describe(json, request, OtlpJsonPath.OffsetOf(json, e), "this is not valid JSON: " + OtlpJsonPath.Reason(e));
            return false;
        }
        catch (MalformedInputException e)
        {
            error = OtlpJsonPath.Describe(json, request, e.Offset, e.Message);
            return false;
        }
        protobuf.Write(output.Written);
        error = "";
        return true;
    }

    /// <summary>Reads the object at the reader's token and leaves the reader at its end.</summary>
    private static void Message(ref Utf8JsonReader reader, OtlpMessage message, WireWriter output, Nesting nesting)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        if (reader.TokenType != JsonTokenType.StartObject) OtlpJsonScalar.Throw(ref reader, $"an object ({message.Name}) must stand here");
        if (message == OtlpSchema.ArrayValue || message == OtlpSchema.KeyValueList) nesting = nesting with { Depth = nesting.Depth + 1 };
        if (nesting.Depth > nesting.Most) OtlpJsonScalar.Throw(ref reader, $"values nest deeper than {nesting.Most}");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Find(ref reader, message);
            reader.Read();
            if (field is null) reader.Skip();
            else if (reader.TokenType != JsonTokenType.Null) Field(ref reader, field, output, nesting);
        }
    }

    private static OtlpField? Find(ref Utf8JsonReader reader, OtlpMessage message)
    {
        foreach (var field in message.Fields)
        {
            if (field.IsNamedBy(ref reader)) return field;
        }
        return null;
    }

    private static void Field(ref Utf8JsonReader reader, OtlpField field, WireWriter output, Nesting nesting)
    {
        if (field.Message is null)
        {
            OtlpJsonScalar.Write(ref reader, field, output);
        }
        else if (!field.IsRepeated)
        {
            Nested(ref reader, field.Tag, field.Message, output, nesting);
        }
        else
        {
            if (reader.TokenType != JsonTokenType.StartArray) OtlpJsonScalar.Throw(ref reader, "an array must stand here");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) Nested(ref reader, field.Tag, field.Message, output, nesting);
        }
    }

    private static void Nested(ref Utf8JsonReader reader, uint tag, OtlpMessage message, WireWriter output, Nesting nesting)
    {
        var mark = output.Begin(tag);
        Message(ref reader, message, output, nesting);
        output.End(mark);
    }

    /// <summary>How deep the value at hand is nested, and how deep it may be.</summary>
    private readonly record struct Nesting(int Depth, int Most);
}
