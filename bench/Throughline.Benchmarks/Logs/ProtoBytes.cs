using System.Buffers.Binary;
using System.Text;

namespace Throughline.Benchmarks.Logs;

/// <summary>Fields of a protobuf message, one after another: generated classes would take longer to make the lines than the store takes to keep them.</summary>
internal sealed class ProtoBytes
{
    private byte[] _bytes = new byte[256];
    private int _count;

    public void Clear() => _count = 0;

    public byte[] ToArray() => _bytes[.._count];

    public void Varint(int field, ulong value)
    {
        Number((ulong)field << 3);
        Number(value);
    }

    public void Fixed64(int field, ulong value)
    {
        Number((ulong)field << 3 | 1);
        BinaryPrimitives.WriteUInt64LittleEndian(Room(8), value);
        _count += 8;
    }

    public void Fixed32(int field, uint value)
    {
        Number((ulong)field << 3 | 5);
        BinaryPrimitives.WriteUInt32LittleEndian(Room(4), value);
        _count += 4;
    }

    public void Text(int field, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Number((ulong)field << 3 | 2);
        Number((ulong)length);
        _count += Encoding.UTF8.GetBytes(text, Room(length));
    }

    public void Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Number((ulong)field << 3 | 2);
        Number((ulong)bytes.Length);
        bytes.CopyTo(Room(bytes.Length));
        _count += bytes.Length;
    }

    public void Message(int field, ProtoBytes message) => Bytes(field, message._bytes.AsSpan(0, message._count));

    public void Raw(ProtoBytes fields)
    {
        fields._bytes.AsSpan(0, fields._count).CopyTo(Room(fields._count));
        _count += fields._count;
    }

    private void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    private void Byte(byte value)
    {
        Room(1)[0] = value;
        _count++;
    }

    private Span<byte> Room(int more)
    {
        if (_bytes.Length < _count + more) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + more));
        return _bytes.AsSpan(_count);
    }
}
