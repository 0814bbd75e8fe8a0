namespace Throughline.Server.Process;

/// <summary>The fields of an encoded protobuf message, in order. The message was checked when it was decoded: a broken one is a broken invariant here.</summary>
internal ref struct WireFields(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _next;

    /// <summary>The next field; false at the end.</summary>
    internal bool Next(out WireField field)
    {
        field = default;
        if (_next == _message.Length) return false;
        var start = _next;
        // Truncated as the decoder does it, so that both see the same fields.
        var tag = (uint)Varint();
        var payload = _next;
        var length = (int)(tag & 7) switch
        {
            0 => VarintLength(),
            1 => 8,
            5 => 4,
            2 => LengthPrefix(ref payload),
            3 => GroupLength(tag),
            var type => throw Broken($"wire type {type}"),
        };
        if (length > _message.Length - payload) throw Broken("a field beyond the end");
        _next = payload + length;
        field = new WireField
        {
            // Only tags of one byte are asked for; 0 is never a tag.
            Tag = tag < 0x80 ? (byte)tag : (byte)0,
            Payload = _message.Slice(payload, length),
            Raw = _message[start.._next],
        };
        return true;
    }

    private int VarintLength()
    {
        var start = _next;
        Varint();
        return _next - start;
    }

    private int GroupLength(uint tag)
    {
        var start = _next;
        var open = new Stack<uint>([tag]);
        while (open.Count > 0)
        {
            var inner = (uint)Varint();
            switch (inner & 7)
            {
                case 0: Varint(); break;
                case 1: _next += 8; break;
                case 5: _next += 4; break;
                case 2:
                    var payload = 0;
                    var length = LengthPrefix(ref payload);
                    _next = length <= _message.Length - payload ? payload + length : throw Broken("a field beyond the end");
                    break;
                case 3: open.Push(inner); break;
                case 4:
                    if (open.Pop() >> 3 != inner >> 3) throw Broken("the end of another group");
                    break;
                default: throw Broken($"wire type {inner & 7}");
            }
            if (_next > _message.Length) throw Broken("a field beyond the end");
        }
        return _next - start;
    }

    private int LengthPrefix(ref int payload)
    {
        var length = Varint();
        payload = _next;
        return length <= int.MaxValue ? (int)length : throw Broken("a length over 2 GB");
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_next == _message.Length) throw Broken("a number beyond the end");
            var b = _message[_next++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw Broken("a number of more than ten bytes");
    }

    private readonly InvalidOperationException Broken(string what) =>
        new($"A decoded batch holds an attribute value whose encoding is broken near byte {_next} ({what}).");
}

/// <summary>One field: its tag when that is one byte (else 0), what it holds, and all its bytes.</summary>
internal ref struct WireField
{
    internal byte Tag;
    internal ReadOnlySpan<byte> Payload;
    internal ReadOnlySpan<byte> Raw;
}
