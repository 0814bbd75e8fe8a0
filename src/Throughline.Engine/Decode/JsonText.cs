using System.Globalization;
using System.Text;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>
/// Undoes the escapes of a JSON string whose form <see cref="System.Text.Json.Utf8JsonReader"/> has checked. Bytes that are not UTF-8 go through as they are, and half of a
/// surrogate pair becomes a byte that is not UTF-8, so that the decoder mends, marks and counts both as it does for protobuf. Thread safe.
/// </summary>
internal static class JsonText
{
    private const byte NotUtf8 = 0xFF;

    /// <summary>Appends the text that the string's bytes (without quotes) stand for.</summary>
    public static void Unescape(ReadOnlySpan<byte> text, WireWriter output)
    {
        while (true)
        {
            var plain = text.IndexOf((byte)'\\');
            if (plain < 0)
            {
                output.Raw(text);
                return;
            }
            output.Raw(text[..plain]);
            text = text[(plain + 1)..];
            if (text[0] == 'u') text = text[Unicode(text, output)..];
            else
            {
                output.Raw([Short(text[0])]);
                text = text[1..];
            }
        }
    }

    private static byte Short(byte letter) => letter switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'t' => (byte)'\t',
        (byte)'r' => (byte)'\r',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        _ => letter,
    };

    /// <summary>Writes the character at a <c>uXXXX</c>, and its second half when one follows; answers how many bytes they took.</summary>
    private static int Unicode(ReadOnlySpan<byte> text, WireWriter output)
    {
        var first = Unit(text);
        if (!char.IsSurrogate(first))
        {
            Write(new Rune(first), output);
            return 5;
        }
        if (text.Length >= 11 && text[5] == '\\' && text[6] == 'u' && Rune.TryCreate(first, Unit(text[6..]), out var rune))
        {
            Write(rune, output);
            return 11;
        }
        output.Raw([NotUtf8]);
        return 5;
    }

    private static char Unit(ReadOnlySpan<byte> text) => (char)ushort.Parse(text[1..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static void Write(Rune rune, WireWriter output)
    {
        Span<byte> utf8 = stackalloc byte[4];
        output.Raw(utf8[..rune.EncodeToUtf8(utf8)]);
    }
}
