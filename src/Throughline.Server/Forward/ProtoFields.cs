using System.Text;

namespace Throughline.Server.Forward;

/// <summary>Goes through the fields of one protobuf message; what is not wire format ends it. For short answers: <c>while (fields.Next())</c>.</summary>
internal ref struct ProtoFields(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The field's number.</summary>
    public int Number { get; private set; }

    /// <summary>Whether its value is <see cref="Varint"/>, else <see cref="Bytes"/>.</summary>
    public bool IsVarint { get; private set; }

    /// <summary>The value of a number.</summary>
    public ulong Varint { get; private set; }

    /// <summary>The value of anything else.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>The same as a text.</summary>
    public readonly string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>Goes to the next field; false when there is none.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty || !TryVarint(out var tag)) return false;
        (Number, IsVarint) = ((int)(tag >> 3), (tag & 7) == 0);
        Bytes = default;
        switch (tag & 7)
        {
            case 0:
                if (!TryVarint(out var value)) return false;
                Varint = value;
                return true;
            case 1:
                return Take(sizeof(ulong));
            case 2:
                return TryVarint(out var length) && length <= (ulong)_rest.Length && Take((int)length);
            case 5:
                return Take(sizeof(uint));
            default:
                return false;
        }
    }

    private bool Take(int length)
    {
        if (length > _rest.Length) return false;
        Bytes = _rest[..length];
        _rest = _rest[length..];
        return true;
    }

    private bool TryVarint(out ulong value)
    {
        value = 0;
        for (var i = 0; i < _rest.Length && i < 10; i++)
        {
            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] >= 0x80) continue;
            _rest = _rest[(i + 1)..];
            return true;
        }
        _rest = default;
        return false;
    }
}
