using System.Buffers.Binary;
using System.IO.Hashing;

namespace Throughline.Engine.Wal;

/// <summary>
/// The first bytes of a segment (docs/format/wal.md). It is durable before the first record is written; it stands twice, so that one bad
/// bit does not make a whole segment unreadable.
/// </summary>
/// <param name="Number">The segment's number, as in its name.</param>
/// <param name="FirstSequence">Lower bound of its records' numbers.</param>
/// <param name="PreviousNumber">The segment before, 0 when there was none.</param>
/// <param name="PreviousLength">Where the segment before ends: every byte up to here was acknowledged as durable, whatever follows was
/// not.</param>
/// <param name="Salt">Random number that ties checksums to this segment.</param>
internal readonly record struct WalSegmentHeader(long Number, ulong FirstSequence, long PreviousNumber, long PreviousLength, ulong Salt)
{
    public const int Size = 64;
    public const int CopiesSize = 2 * Size;
    public const uint Version = 0;

    private static ReadOnlySpan<byte> Magic => "TLWAL\r\n\u001a"u8;

    public void Write(Span<byte> copies)
    {
        var first = copies[..Size];
        first.Clear();
        Magic.CopyTo(first);
        BinaryPrimitives.WriteUInt32LittleEndian(first[8..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(first[16..], (ulong)Number);
        BinaryPrimitives.WriteUInt64LittleEndian(first[24..], FirstSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(first[32..], (ulong)PreviousNumber);
        BinaryPrimitives.WriteUInt64LittleEndian(first[40..], (ulong)PreviousLength);
        BinaryPrimitives.WriteUInt64LittleEndian(first[48..], Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(first[56..], XxHash3.HashToUInt64(first[..56]));
        first.CopyTo(copies[Size..]);
    }

    /// <summary>
    /// Reads one copy. False when it is not what was written; an <see cref="InvalidDataException"/> when a newer program wrote it.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> copy, string path, out WalSegmentHeader header)
    {
        header = default;
        if (!copy[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt64LittleEndian(copy[56..]) != XxHash3.HashToUInt64(copy[..56]))
            return false;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(copy[8..]);
        if (version != Version)
            throw new InvalidDataException($"{path}: the log has format version {version}, this program reads version {Version}");
        header = new WalSegmentHeader(
            (long)BinaryPrimitives.ReadUInt64LittleEndian(copy[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(copy[24..]),
            (long)BinaryPrimitives.ReadUInt64LittleEndian(copy[32..]),
            (long)BinaryPrimitives.ReadUInt64LittleEndian(copy[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(copy[48..]));
        return true;
    }
}
