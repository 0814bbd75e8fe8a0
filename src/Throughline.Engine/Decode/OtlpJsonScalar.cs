using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>Rewrites single JSON values as fields of the wire format. Part of <see cref="OtlpJsonTranscoder"/>. Thread safe.</summary>
internal static class OtlpJsonScalar
{
    /// <summary>Writes the value at the reader's token as the field's.</summary>
    public static void Write(ref Utf8JsonReader reader, OtlpField field, WireWriter output)
    {
        switch (field.Type)
        {
            case OtlpFieldType.Text: Text(ref reader, field.Tag, output); break;
            case OtlpFieldType.Id: Id(ref reader, field.Tag, output); break;
            case OtlpFieldType.Bytes: Base64(ref reader, field.Tag, output); break;
            case OtlpFieldType.Fixed64: output.Fixed64(field.Tag, (ulong)Integer(ref reader, 0, ulong.MaxValue)); break;
            case OtlpFieldType.SFixed64: output.Fixed64(field.Tag, (ulong)(long)Integer(ref reader, long.MinValue, long.MaxValue)); break;
            case OtlpFieldType.Fixed32: output.Fixed32(field.Tag, (uint)Integer(ref reader, 0, uint.MaxValue)); break;
            case OtlpFieldType.UInt32: output.Varint(field.Tag, (ulong)Integer(ref reader, 0, uint.MaxValue)); break;
            case OtlpFieldType.UInt64: output.Varint(field.Tag, (ulong)Integer(ref reader, 0, ulong.MaxValue)); break;
            case OtlpFieldType.SInt32: output.Varint(field.Tag, ZigZag((int)Integer(ref reader, int.MinValue, int.MaxValue))); break;
            case OtlpFieldType.Int64: output.Varint(field.Tag, (ulong)(long)Integer(ref reader, long.MinValue, long.MaxValue)); break;
            case OtlpFieldType.Enum: output.Varint(field.Tag, (ulong)Enum(ref reader, field)); break;
            case OtlpFieldType.Double: output.Fixed64(field.Tag, BitConverter.DoubleToUInt64Bits(Double(ref reader))); break;
            case OtlpFieldType.Bool: output.Varint(field.Tag, Bool(ref reader) ? 1u : 0); break;
            default: throw new InvalidOperationException($"{field.Name} is no scalar.");
        }
    }

    /// <summary>Ends the reading: what stands at the reader's token is not what it has to be.</summary>
    [DoesNotReturn]
    public static void Throw(ref Utf8JsonReader reader, string reason) => throw new MalformedInputException((int)reader.TokenStartIndex, reason);

    private static void Text(ref Utf8JsonReader reader, uint tag, WireWriter output)
    {
        if (reader.TokenType != JsonTokenType.String) Throw(ref reader, "a string must stand here");
        if (!reader.ValueIsEscaped)
        {
            output.Bytes(tag, reader.ValueSpan);
            return;
        }
        var mark = output.Begin(tag);
        JsonText.Unescape(reader.ValueSpan, output);
        output.End(mark);
    }

    /// <summary>The token's characters without escapes.</summary>
    private static ReadOnlySpan<byte> Plain(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        using var text = new WireWriter(Math.Max(16, reader.ValueSpan.Length));
        JsonText.Unescape(reader.ValueSpan, text);
        return text.Written.ToArray();
    }

    /// <summary>
    /// Hexadecimal digits of any number: an id of the wrong length is a matter of its span alone, which the decoder refuses. An odd number of
    /// digits is no whole number of bytes; each of them is written as a byte then, which is the right length for no id.
    /// </summary>
    private static void Id(ref Utf8JsonReader reader, uint tag, WireWriter output)
    {
        if (reader.TokenType != JsonTokenType.String) Throw(ref reader, "an id, a string of hexadecimal digits, must stand here");
        var hex = Plain(ref reader);
        if (hex.Length % 2 == 0)
        {
            output.Varint(tag);
            output.Varint((ulong)hex.Length / 2);
            if (Convert.FromHexString(hex, output.Allocate(hex.Length / 2), out _, out _) != OperationStatus.Done) ThrowNotHex(ref reader);
            return;
        }
        var mark = output.Begin(tag);
        foreach (var digit in hex)
        {
            if (!char.IsAsciiHexDigit((char)digit)) ThrowNotHex(ref reader);
            output.Allocate(1)[0] = (byte)Convert.ToInt32(((char)digit).ToString(), 16);
        }
        output.End(mark);
    }

    [DoesNotReturn]
    private static void ThrowNotHex(ref Utf8JsonReader reader) => Throw(ref reader, "an id is not hexadecimal");

    /// <summary>Base64 in its standard or its URL alphabet, with or without padding.</summary>
    private static void Base64(ref Utf8JsonReader reader, uint tag, WireWriter output)
    {
        if (reader.TokenType != JsonTokenType.String) Throw(ref reader, "a string in base64 must stand here");
        var digits = Plain(ref reader).TrimEnd((byte)'=').ToArray();
        digits.AsSpan().Replace((byte)'+', (byte)'-');
        digits.AsSpan().Replace((byte)'/', (byte)'_');
        var mark = output.Begin(tag);
        var room = Base64Url.GetMaxDecodedLength(digits.Length);
        if (Base64Url.DecodeFromUtf8(digits, output.Allocate(room), out _, out var written) != OperationStatus.Done)
            Throw(ref reader, "this is not base64");
        output.TakeBack(room - written);
        output.End(mark);
    }

    private static decimal Integer(ref Utf8JsonReader reader, decimal min, decimal max)
    {
        if (!TryInteger(ref reader, out var value)) Throw(ref reader, "an integer, as a number or a string, must stand here");
        if (value < min || value > max) Throw(ref reader, $"the integer is not between {min} and {max}");
        return value;
    }

    private static uint ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));

    private static bool TryInteger(ref Utf8JsonReader reader, out decimal value)
    {
        value = 0;
        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String)) return false;
        // Nearly all are plain digits.
        if (Utf8Parser.TryParse(reader.ValueSpan, out ulong plain, out var used) && used == reader.ValueSpan.Length)
        {
            value = plain;
            return true;
        }
        // Protobuf takes 1.0 and 1e3 for integers too.
        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return decimal.TryParse(Plain(ref reader), Styles, CultureInfo.InvariantCulture, out value) && decimal.IsInteger(value);
    }

    private static long Enum(ref Utf8JsonReader reader, OtlpField field)
    {
        if (TryInteger(ref reader, out _)) return (long)Integer(ref reader, int.MinValue, int.MaxValue);
        if (reader.TokenType != JsonTokenType.String) Throw(ref reader, "an enum's number or name must stand here");
        for (var i = 0; i < field.Names.Length; i++)
        {
            if (reader.ValueTextEquals(field.Names[i])) return i;
        }
        Throw(ref reader, $"this is none of {string.Join(", ", field.Names)}");
        return 0;
    }

    private static double Double(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            if (reader.ValueTextEquals("NaN"u8)) return double.NaN;
            if (reader.ValueTextEquals("Infinity"u8)) return double.PositiveInfinity;
            if (reader.ValueTextEquals("-Infinity"u8)) return double.NegativeInfinity;
        }
        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String)
            || !double.TryParse(Plain(ref reader), NumberStyles.Float & ~(NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite), CultureInfo.InvariantCulture, out var value)
            || double.IsNaN(value))
        {
            Throw(ref reader, "a number, \"NaN\", \"Infinity\" or \"-Infinity\" must stand here");
            return 0;
        }
        if (double.IsInfinity(value)) Throw(ref reader, "the number is too large for a double");
        return value;
    }

    private static bool Bool(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False)) Throw(ref reader, "true or false must stand here");
        return reader.TokenType == JsonTokenType.True;
    }
}
