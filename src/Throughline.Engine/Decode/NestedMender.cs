using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>
/// Rewrites an encoded ArrayValue or KeyValueList whose texts are not all valid UTF-8, with replacement characters in them. Only met in broken input, so it is
/// written for clearness. The nesting was checked before.
/// </summary>
internal static class NestedMender
{
    private enum Kind
    {
        Array,
        KvList,
        KeyValue,
        Value,
    }

    /// <summary>The mended message; <paramref name="mended"/> is called for each text that was changed.</summary>
    public static byte[] Mend(ReadOnlySpan<byte> list, AttributeType type, Action mended) =>
        Message(list, type == AttributeType.Array ? Kind.Array : Kind.KvList, mended);

    private static byte[] Message(ReadOnlySpan<byte> message, Kind kind, Action mended)
    {
        var output = new ArrayBufferWriter<byte>(message.Length + 16);
        var reader = new WireReader(message);
        while (reader.HasMore)
        {
            var start = reader.Position;
            var tag = reader.ReadTag();
            if ((tag & 7) != 2)
            {
                reader.Skip(tag);
                output.Write(message[start..reader.Position]);
                continue;
            }
            var bytes = reader.ReadBytes();
            var replaced = Field(tag, bytes, kind, mended);
            Varint(output, tag);
            Varint(output, (uint)replaced.Length);
            output.Write(replaced);
        }
        return output.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> Field(uint tag, ReadOnlySpan<byte> bytes, Kind kind, Action mended) => (kind, tag) switch
    {
        (Kind.Array, 0x0A) => Message(bytes, Kind.Value, mended),
        (Kind.KvList, 0x0A) => Message(bytes, Kind.KeyValue, mended),
        (Kind.KeyValue, 0x12) => Message(bytes, Kind.Value, mended),
        (Kind.Value, 0x2A) => Message(bytes, Kind.Array, mended),
        (Kind.Value, 0x32) => Message(bytes, Kind.KvList, mended),
        (Kind.KeyValue or Kind.Value, 0x0A) => Text(bytes, mended),
        _ => bytes,
    };

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> bytes, Action mended)
    {
        if (Utf8.IsValid(bytes)) return bytes;
        mended();
        return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes));
    }

    private static void Varint(ArrayBufferWriter<byte> output, uint value)
    {
        for (; value >= 0x80; value >>= 7) output.Write([(byte)(value | 0x80)]);
        output.Write([(byte)value]);
    }
}
