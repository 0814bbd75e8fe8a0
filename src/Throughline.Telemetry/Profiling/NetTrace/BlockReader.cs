using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Throughline.Telemetry.Profiling.NetTrace;

/// <summary>Reads numbers and texts from one block's bytes, forward only. What goes past the end is an <see cref="InvalidDataException"/>.</summary>
internal ref struct BlockReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool AtEnd => _at >= _bytes.Length;

    /// <summary>What is left.</summary>
    public readonly ReadOnlySpan<byte> Rest => _bytes[_at..];

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _bytes.Length - _at)
            throw new InvalidDataException($"A block of the trace has {_bytes.Length - _at} bytes left where {count} were expected.");
        var taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }

    public byte Byte() => Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>Base 128, least significant group first, at most 64 bits.</summary>
    public ulong VarUInt()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var group = Byte();
            value |= (ulong)(group & 0x7F) << shift;
            if (group < 0x80) return value;
        }
        throw new InvalidDataException("A number of the trace is longer than 64 bits.");
    }

    /// <summary>UTF-16, little-endian, ended by a zero.</summary>
    public string Text()
    {
        var rest = MemoryMarshal.Cast<byte, char>(_bytes[_at..]);
        var length = rest.IndexOf('\0');
        if (length < 0) throw new InvalidDataException($"A text of the trace does not end within the {_bytes.Length - _at} bytes that its block has left.");
        _at += 2 * (length + 1);
        return new string(rest[..length]);
    }
}
