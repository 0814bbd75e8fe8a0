using System.Buffers.Binary;
using System.Globalization;

namespace Throughline.Engine.Model;

/// <summary>The 16 bytes that name a trace (W3C Trace Context, trace-id). Ordered as its hexadecimal text is. All zero is invalid.</summary>
public readonly record struct TraceId(ulong High, ulong Low) : IComparable<TraceId>
{
    /// <summary>Bytes of a trace id on the wire.</summary>
    public const int SizeBytes = 16;

    /// <summary>False for the all-zero id, which no trace may have.</summary>
    public bool IsValid => (High | Low) != 0;

    /// <summary>Reads an id from exactly 16 bytes, most significant first.</summary>
    public static TraceId FromBytes(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Writes 16 bytes, most significant first.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>Reads 1 to 32 hexadecimal digits; shorter ids are 64-bit ids of older systems and are padded on the left.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, out TraceId id)
    {
        id = default;
        if (hex.Length is 0 or > 32) return false;
        var lowDigits = Math.Min(16, hex.Length);
        if (!TryHex(hex[^lowDigits..], out var low)) return false;
        var high = 0ul;
        if (hex.Length > 16 && !TryHex(hex[..^16], out high)) return false;
        id = new TraceId(high, low);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(TraceId other)
    {
        var byHigh = High.CompareTo(other.High);
        return byHigh != 0 ? byHigh : Low.CompareTo(other.Low);
    }

    /// <summary>Seeded per process: senders choose ids, and must not choose collisions.</summary>
    public override int GetHashCode() => HashCode.Combine(High, Low);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => High.ToString("x16", CultureInfo.InvariantCulture) + Low.ToString("x16", CultureInfo.InvariantCulture);

    internal static bool TryHex(ReadOnlySpan<char> hex, out ulong value)
    {
        value = 0;
        foreach (var c in hex)
        {
            if (!char.IsAsciiHexDigit(c)) return false;
            value = (value << 4) | (uint)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        return true;
    }
}
