using System.Buffers.Binary;
using System.Globalization;

namespace Throughline.Engine.Model;

/// <summary>The 8 bytes that name a span within its trace (W3C Trace Context, parent-id). All zero means "none".</summary>
public readonly record struct SpanId(ulong Value)
{
    /// <summary>Bytes of a span id on the wire.</summary>
    public const int SizeBytes = 8;

    /// <summary>False for the all-zero id.</summary>
    public bool IsValid => Value != 0;

    /// <summary>Reads an id from exactly 8 bytes, most significant first.</summary>
    public static SpanId FromBytes(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64BigEndian(bytes));

    /// <summary>Writes 8 bytes, most significant first.</summary>
    public void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt64BigEndian(destination, Value);

    /// <summary>Reads exactly 16 hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, out SpanId id)
    {
        id = default;
        if (hex.Length != 16 || !TraceId.TryHex(hex, out var value)) return false;
        id = new SpanId(value);
        return true;
    }

    /// <summary>16 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
