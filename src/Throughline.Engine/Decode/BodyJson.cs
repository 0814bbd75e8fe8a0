using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>
/// Writes an AnyValue of OTLP as the JSON that one would write by hand: numbers and bools as such, bytes in base64, lists as arrays, maps as objects, nothing as null. What JSON has no numbers for is
/// a string, as in OTLP's own JSON. For values that the decoder has checked: texts are valid UTF-8, the nesting has a limit. Not thread safe.
/// </summary>
internal sealed class BodyJson : IDisposable
{
    // Texts are searched as they are shown, so only what JSON demands is escaped.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly Utf8JsonWriter _json;

    public BodyJson() => _json = new Utf8JsonWriter(_text, Options);

    /// <summary>The text of an integer; valid until the next call, as of all.</summary>
    public ReadOnlySpan<byte> Of(long number)
    {
        Begin();
        _json.WriteNumberValue(number);
        return End();
    }

    /// <summary>The text of a bool.</summary>
    public ReadOnlySpan<byte> Of(bool value) => value ? "true"u8 : "false"u8;

    /// <summary>The text of a double.</summary>
    public ReadOnlySpan<byte> Of(double number)
    {
        Begin();
        Number(number);
        return End();
    }

    /// <summary>The text of bytes.</summary>
    public ReadOnlySpan<byte> OfBytes(ReadOnlySpan<byte> bytes)
    {
        Begin();
        _json.WriteBase64StringValue(bytes);
        return End();
    }

    /// <summary>The text of an encoded ArrayValue or KeyValueList.</summary>
    public ReadOnlySpan<byte> OfList(ReadOnlySpan<byte> message, bool isMap)
    {
        Begin();
        if (isMap) _json.WriteStartObject();
        else _json.WriteStartArray();
        Items(message, isMap);
        if (isMap) _json.WriteEndObject();
        else _json.WriteEndArray();
        return End();
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void Begin()
    {
        _text.ResetWrittenCount();
        _json.Reset();
    }

    private ReadOnlySpan<byte> End()
    {
        _json.Flush();
        return _text.WrittenSpan;
    }

    private void Items(ReadOnlySpan<byte> message, bool isMap)
    {
        var reader = new WireReader(message);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag != 0x0A) reader.Skip(tag);
            else if (isMap) KeyValue(reader.ReadMessage().Rest);
            else Value(reader.ReadMessage().Rest);
        }
    }

    private void KeyValue(ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> key = default, value = default;
        var reader = new WireReader(message);
        var values = 0;
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag == 0x0A) key = reader.ReadBytes();
            else if (tag != 0x12) reader.Skip(tag);
            // A message field that comes twice is merged, which is what reading its joined bytes does.
            else value = values++ == 0 ? reader.ReadMessage().Rest : (byte[])[.. value, .. reader.ReadMessage().Rest];
        }
        _json.WritePropertyName(key);
        Value(value);
    }

    private void Value(ReadOnlySpan<byte> message)
    {
        // The last of a oneof's cases stands; a list that comes in parts is one list, from where its case began.
        uint last = 0;
        var from = 0;
        var reader = new WireReader(message);
        while (reader.HasMore)
        {
            var at = reader.Position;
            var tag = reader.ReadTag();
            reader.Skip(tag);
            if (tag is not (0x0A or 0x10 or 0x18 or 0x21 or 0x2A or 0x32 or 0x3A)) continue;
            if (tag != last || tag is not (0x2A or 0x32)) from = at;
            last = tag;
        }
        if (last is 0x2A or 0x32) Lists(message[from..], last);
        else Scalar(message[from..], last);
    }

    private void Lists(ReadOnlySpan<byte> fields, uint wanted)
    {
        if (wanted == 0x32) _json.WriteStartObject();
        else _json.WriteStartArray();
        var reader = new WireReader(fields);
        while (reader.HasMore)
        {
            var tag = reader.ReadTag();
            if (tag == wanted) Items(reader.ReadMessage().Rest, wanted == 0x32);
            else reader.Skip(tag);
        }
        if (wanted == 0x32) _json.WriteEndObject();
        else _json.WriteEndArray();
    }

    private void Scalar(ReadOnlySpan<byte> field, uint tag)
    {
        var reader = new WireReader(field);
        if (tag != 0) reader.ReadTag();
        switch (tag)
        {
            case 0x0A: _json.WriteStringValue(reader.ReadBytes()); break;
            case 0x10: _json.WriteBooleanValue(reader.ReadVarint() != 0); break;
            case 0x18: _json.WriteNumberValue((long)reader.ReadVarint()); break;
            case 0x21: Number(BitConverter.UInt64BitsToDouble(reader.ReadFixed64())); break;
            case 0x3A: _json.WriteBase64StringValue(reader.ReadBytes()); break;
            default: _json.WriteNullValue(); break;
        }
    }

    private void Number(double value)
    {
        if (double.IsFinite(value)) _json.WriteNumberValue(value);
        else _json.WriteStringValue(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
    }
}
