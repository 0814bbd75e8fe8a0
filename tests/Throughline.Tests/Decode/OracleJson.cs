using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Throughline.Tests.Decode;

/// <summary>
/// Writes the oracle's messages in OTLP's JSON form, choosing at random among everything that the form leaves open: member order, camelCase or the .proto's names, numbers as strings,
/// enums as names, the case of hexadecimal digits, base64 alphabets, nulls, unknown members, escapes, blanks.
/// </summary>
public sealed class OracleJson(int seed)
{
    private readonly Random _random = new(seed);
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>The JSON text of a message.</summary>
    public byte[] Write(IMessage message)
    {
        using (var output = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Indented = Chance(2), SkipValidation = true,
            Encoder = Chance(2) ? System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping : null }))
        {
            Message(message, output);
        }
        return _buffer.WrittenSpan.ToArray();
    }

    private void Message(IMessage message, Utf8JsonWriter output)
    {
        output.WriteStartObject();
        var fields = message.Descriptor.Fields.InDeclarationOrder().ToArray();
        _random.Shuffle(fields);
        foreach (var field in fields)
        {
            if (Chance(30)) Unknown(output);
            var value = field.Accessor.GetValue(message);
            var isSet = field.ContainingOneof is null
                ? value is not null && (value is not IList list || list.Count > 0 || Chance(8))
                : field.ContainingOneof.Accessor.GetCaseFieldDescriptor(message) == field;
            if (isSet) Field(field, value!, output);
            else if (Chance(20)) output.WriteNull(NameOf(field));
        }
        output.WriteEndObject();
    }

    private void Field(FieldDescriptor field, object value, Utf8JsonWriter output)
    {
        output.WritePropertyName(NameOf(field));
        if (!field.IsRepeated)
        {
            Value(field, value, output);
            return;
        }
        output.WriteStartArray();
        foreach (var item in (IList)value) Value(field, item!, output);
        output.WriteEndArray();
    }

    private void Value(FieldDescriptor field, object value, Utf8JsonWriter output)
    {
        switch (field.FieldType)
        {
            case FieldType.Message: Message((IMessage)value, output); break;
            case FieldType.String: output.WriteStringValue((string)value); break;
            case FieldType.Bool: output.WriteBooleanValue((bool)value); break;
            case FieldType.Double: Double((double)value, output); break;
            case FieldType.Enum: Enum(field, (int)value, output); break;
            case FieldType.Bytes: Bytes(field, (ByteString)value, output); break;
            default: Number(Convert.ToString(value, CultureInfo.InvariantCulture)!, output); break;
        }
    }

    private void Bytes(FieldDescriptor field, ByteString bytes, Utf8JsonWriter output)
    {
        if (field.Name.EndsWith("_id", StringComparison.Ordinal))
        {
            var hex = Convert.ToHexString(bytes.Span);
            output.WriteStringValue(Chance(2) ? hex : hex.ToLowerInvariant());
            return;
        }
        var base64 = Convert.ToBase64String(bytes.Span);
        if (Chance(2)) base64 = base64.Replace('+', '-').Replace('/', '_');
        output.WriteStringValue(Chance(2) ? base64 : base64.TrimEnd('='));
    }

    private void Double(double value, Utf8JsonWriter output)
    {
        if (!double.IsFinite(value)) output.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
        else if (Chance(8)) output.WriteStringValue(value.ToString("R", CultureInfo.InvariantCulture));
        else output.WriteNumberValue(value);
    }

    private void Enum(FieldDescriptor field, int number, Utf8JsonWriter output)
    {
        var name = field.EnumType.FindValueByNumber(number)?.Name;
        if (name is not null && Chance(3)) output.WriteStringValue(name);
        else Number(number.ToString(CultureInfo.InvariantCulture), output);
    }

    private void Number(string digits, Utf8JsonWriter output)
    {
        if (Chance(2)) output.WriteStringValue(digits);
        else output.WriteRawValue(digits);
    }

    private void Unknown(Utf8JsonWriter output) =>
        output.WriteRawValue(Encoding.UTF8.GetBytes($"\"new{_random.Next(9)}\":" + (Chance(2) ? "{\"spans\":[1,null,{\"x\":[]}]}" : "\"text\"")), true);

    private string NameOf(FieldDescriptor field) => Chance(4) ? field.Name : field.JsonName;

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;
}
