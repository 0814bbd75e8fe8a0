using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Throughline.Engine.Model.Wire;

/// <summary>
/// A forward-only reader of the protobuf wire format (protobuf.dev, "Encoding") over one message that may be nested in a larger buffer, so that
/// positions are offsets into the whole request. Every access is checked against the message's end; what is not wire format ends the whole decoding
/// by <see cref="MalformedInputException"/>, which the decoder turns into a value.
/// </summary>
internal ref struct WireReader
{
    /// <summary>Groups nest no deeper than this; they are long deprecated and appear only in hostile input.</summary>
    private const int MaxGroupDepth = 32;

    private readonly ReadOnlySpan<byte> _buffer;
    private readonly int _end;
    private int _position;

    /// <summary>Reads the whole buffer as one message.</summary>
    public WireReader(ReadOnlySpan<byte> buffer)
    {
        _buffer = buffer;
        _end = buffer.Length;
        _position = 0;
    }

    private WireReader(ReadOnlySpan<byte> buffer, int position, int end)
    {
        _buffer = buffer;
        _position = position;
        _end = end;
    }

    /// <summary>Offset of the next byte in the whole buffer.</summary>
    public readonly int Position => _position;

    /// <summary>True while the message has bytes left.</summary>
    public readonly bool HasMore
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _position < _end;
    }

    /// <summary>The bytes of the message that are left.</summary>
    public readonly ReadOnlySpan<byte> Rest => _buffer[_position.._end];

    /// <summary>Reads a tag: field number times 8 plus wire type. Field number 0 is malformed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint ReadTag()
    {
        var tag = (uint)ReadVarint();
        if (tag < 8) Throw(_position - 1, "field number 0");
        return tag;
    }

    /// <summary>Reads a varint of up to 10 bytes; bits past the 64th are dropped, as protobuf's own parsers do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadVarint()
    {
        var position = _position;
        if (position < _end)
        {
            var first = _buffer[position];
            if (first < 0x80)
            {
                _position = position + 1;
                return first;
            }
        }
        return ReadLongVarint();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong ReadLongVarint()
    {
        var start = _position;
        var value = 0ul;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_position >= _end) Throw(start, "a varint goes past the end of its message");
            var b = _buffer[_position++];
            value |= shift < 64 ? (ulong)(b & 0x7F) << shift : 0;
            if (b < 0x80) return value;
        }
        Throw(start, "a varint is longer than 10 bytes");
        return 0;
    }

    /// <summary>Reads a length-delimited field's bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadLength();
        var bytes = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref MemoryMarshal.GetReference(_buffer), _position), length);
        _position += length;
        return bytes;
    }

    /// <summary>Reads a length-delimited field as a nested message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WireReader ReadMessage()
    {
        var length = ReadLength();
        var start = _position;
        _position = start + length;
        return new WireReader(_buffer, start, start + length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ReadLength()
    {
        var start = _position;
        var length = ReadVarint();
        if (length > (ulong)(_end - _position)) ThrowLength(start, length);
        return (int)length;
    }

    /// <summary>Reads one byte, which is no field of protobuf but of our own forms.</summary>
    public byte ReadByte()
    {
        if (_position >= _end) Throw(_position, "a byte lies past the end of its message");
        return _buffer[_position++];
    }

    /// <summary>Reads a fixed64 field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadFixed64()
    {
        if (_end - _position < 8) Throw(_position, "a fixed64 goes past the end of its message");
        var value = BinaryPrimitives.ReadUInt64LittleEndian(_buffer[_position..]);
        _position += 8;
        return value;
    }

    /// <summary>Reads a fixed32 field.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint ReadFixed32()
    {
        if (_end - _position < 4) Throw(_position, "a fixed32 goes past the end of its message");
        var value = BinaryPrimitives.ReadUInt32LittleEndian(_buffer[_position..]);
        _position += 4;
        return value;
    }

    /// <summary>Skips the value of a field that nobody asked for.</summary>
    public void Skip(uint tag) => Skip(tag, 0);

    private void Skip(uint tag, int depth)
    {
        switch (tag & 7)
        {
            case 0:
                ReadVarint();
                break;
            case 1:
                ReadFixed64();
                break;
            case 2:
                var length = ReadLength();
                _position += length;
                break;
            case 3:
                SkipGroup(tag, depth);
                break;
            case 5:
                ReadFixed32();
                break;
            default:
                Throw(_position, $"wire type {tag & 7} in field {tag >> 3}");
                break;
        }
    }

    private void SkipGroup(uint tag, int depth)
    {
        if (depth == MaxGroupDepth) Throw(_position, $"groups nest deeper than {MaxGroupDepth}");
        while (true)
        {
            var inner = ReadTag();
            if (inner == tag + 1) return;
            Skip(inner, depth + 1);
        }
    }

    /// <summary>Ends the decoding: what stands at <paramref name="offset"/> is not what it has to be.</summary>
    [DoesNotReturn]
    public static void Throw(int offset, string reason) => throw new MalformedInputException(offset, reason);

    [DoesNotReturn]
    private readonly void ThrowLength(int offset, ulong length) =>
        throw new MalformedInputException(offset, $"a length of {length} goes past the end of its message, which has {_end - _position} bytes left");
}
