using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Throughline.Pipeline.Yolo26.Weights;

/// <summary>Writes one protobuf message, field by field, in the wire format. Not thread-safe; the caller owns it.</summary>
internal sealed class ProtoWriter
{
    private const int Varint = 0, Fixed32 = 5, LengthDelimited = 2;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public ProtoWriter Int(int field, long value)
    {
        Raw((ulong)(field << 3 | Varint));
        Raw((ulong)value);
        return this;
    }

    public ProtoWriter Float(int field, float value)
    {
        Raw((ulong)(field << 3 | Fixed32));
        BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public ProtoWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Raw((ulong)(field << 3 | LengthDelimited));
        Raw((ulong)value.Length);
        _bytes.Write(value);
        return this;
    }

    public ProtoWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtoWriter Message(int field, ProtoWriter value) => Bytes(field, value.Written.Span);

    private void Raw(ulong value)
    {
        Span<byte> buffer = stackalloc byte[10];
        var length = 0;
        for (; value >= 0x80; value >>= 7) buffer[length++] = (byte)(value | 0x80);
        buffer[length++] = (byte)value;
        _bytes.Write(buffer[..length]);
    }
}
