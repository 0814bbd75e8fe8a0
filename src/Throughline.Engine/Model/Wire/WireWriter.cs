using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Throughline.Engine.Model.Wire;

/// <summary>
/// Writes the protobuf wire format into a pooled buffer, forward only: a nested message is begun without knowing its length and moved up by the
/// bytes that its length needs when it ends, so that every length is as short as protobuf's own. One owner, who disposes of it; not thread safe.
/// </summary>
internal sealed class WireWriter(int capacity = 4096) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    private int _count;

    /// <summary>What was written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _count);

    /// <summary>The same, for those who wait while it is used.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _count);

    /// <summary>Writes a varint.</summary>
    public void Varint(ulong value)
    {
        Reserve(10);
        while (value >= 0x80)
        {
            _buffer[_count++] = (byte)(value | 0x80);
            value >>= 7;
        }
        _buffer[_count++] = (byte)value;
    }

    /// <summary>Writes a varint field.</summary>
    public void Varint(uint tag, ulong value)
    {
        Varint(tag);
        Varint(value);
    }

    /// <summary>Writes a fixed64 field.</summary>
    public void Fixed64(uint tag, ulong value)
    {
        Varint(tag);
        BinaryPrimitives.WriteUInt64LittleEndian(Allocate(8), value);
    }

    /// <summary>Writes a fixed32 field.</summary>
    public void Fixed32(uint tag, uint value)
    {
        Varint(tag);
        BinaryPrimitives.WriteUInt32LittleEndian(Allocate(4), value);
    }

    /// <summary>Writes a length-delimited field.</summary>
    public void Bytes(uint tag, ReadOnlySpan<byte> value)
    {
        Varint(tag);
        Varint((ulong)value.Length);
        value.CopyTo(Allocate(value.Length));
    }

    /// <summary>Writes bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Allocate(bytes.Length));

    /// <summary>The next <paramref name="length"/> bytes, for the caller to fill at once.</summary>
    public Span<byte> Allocate(int length)
    {
        Reserve(length);
        var span = _buffer.AsSpan(_count, length);
        _count += length;
        return span;
    }

    /// <summary>Takes back the last <paramref name="length"/> bytes.</summary>
    public void TakeBack(int length) => _count -= length;

    /// <summary>Begins a length-delimited field; its mark goes to <see cref="End"/>.</summary>
    public int Begin(uint tag)
    {
        Varint(tag);
        Allocate(1);
        return _count;
    }

    /// <summary>Ends the field that was begun last.</summary>
    public void End(int mark)
    {
        var length = _count - mark;
        var more = (BitOperations.Log2((uint)length | 1) / 7);
        if (more > 0)
        {
            Allocate(more);
            _buffer.AsSpan(mark, length).CopyTo(_buffer.AsSpan(mark + more));
        }
        var at = mark - 1;
        var rest = (uint)length;
        for (; rest >= 0x80; rest >>= 7) _buffer[at++] = (byte)(rest | 0x80);
        _buffer[at] = (byte)rest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Reserve(int more)
    {
        if (_buffer.Length - _count < more) Grow(more);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int more)
    {
        var needed = checked(_count + more);
        var grown = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(needed, _buffer.Length * 2L)));
        _buffer.AsSpan(0, _count).CopyTo(grown);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = grown;
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _count = 0;
    }
}
