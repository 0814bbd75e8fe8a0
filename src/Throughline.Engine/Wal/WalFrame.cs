using System.Buffers.Binary;
using System.IO.Hashing;

namespace Throughline.Engine.Wal;

/// <summary>
/// A record's frame (docs/format/wal.md): a mark, the length and a checksum, all tied to the segment's salt and the frame's own offset.
/// So no bytes of a payload, and no frame that once stood elsewhere, can be taken for a frame. Not thread safe: each owner has its own.
/// </summary>
internal sealed class WalFrame
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeaderSize = 64;

    /// <summary>Bytes before those that the length counts.</summary>
    private const int PrefixSize = 16;
    private const int RecordHeaderSize = HeaderSize - PrefixSize;

    private readonly XxHash3 _hash = new();
    private readonly byte[] _place = new byte[16];

    /// <summary>What the frame at this place begins with.</summary>
    public uint Mark(ulong salt, long offset)
    {
        SetPlace(salt, offset);
        return (uint)XxHash3.HashToUInt64(_place);
    }

    /// <summary>
    /// Writes the bytes before the payload. <paramref name="groupBack"/> is the distance from the start of the record's group.
    /// </summary>
    public void Write(Span<byte> to, ulong salt, long offset, ulong sequence, in WalRecordHeader header, int groupBack,
        ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Mark(salt, offset));
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], (uint)(RecordHeaderSize + payload.Length));
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], header.ReceiveUnixNano);
        BinaryPrimitives.WriteUInt32LittleEndian(to[32..], header.Tenant);
        BinaryPrimitives.WriteUInt32LittleEndian(to[36..], header.PolicyVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(to[40..], (uint)groupBack);
        to[44] = (byte)header.Signal;
        to[45] = (byte)header.Form;
        to[46] = 0;
        to[47] = 0;
        BinaryPrimitives.WriteUInt128LittleEndian(to[48..], header.Digest);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Checksum(salt, offset, to[..HeaderSize], payload));
    }

    /// <summary>The whole size of the frame that begins with these bytes, or 0 when that is none or one that is too large.</summary>
    public long SizeOf(ReadOnlySpan<byte> head, ulong salt, long offset, int maxPayloadBytes)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) != Mark(salt, offset))
            return 0;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
        return length >= RecordHeaderSize && length <= (long)RecordHeaderSize + maxPayloadBytes ? PrefixSize + length : 0;
    }

    /// <summary>True when the checksum holds.</summary>
    public bool IsIntact(ReadOnlySpan<byte> frame, ulong salt, long offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]) == Checksum(salt, offset, frame[..HeaderSize], frame[HeaderSize..]);

    public static ulong Sequence(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt64LittleEndian(frame[16..]);

    public static long GroupBack(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt32LittleEndian(frame[40..]);

    public static WalRecordHeader Header(ReadOnlySpan<byte> frame) => new(
        (WalSignal)frame[44],
        (WalForm)frame[45],
        BinaryPrimitives.ReadUInt32LittleEndian(frame[32..]),
        BinaryPrimitives.ReadUInt64LittleEndian(frame[24..]),
        BinaryPrimitives.ReadUInt32LittleEndian(frame[36..]),
        BinaryPrimitives.ReadUInt128LittleEndian(frame[48..]));

    private ulong Checksum(ulong salt, long offset, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        SetPlace(salt, offset);
        _hash.Reset();
        _hash.Append(_place);
        _hash.Append(head[..8]);
        _hash.Append(head[PrefixSize..]);
        _hash.Append(payload);
        return _hash.GetCurrentHashAsUInt64();
    }

    private void SetPlace(ulong salt, long offset)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_place, salt);
        BinaryPrimitives.WriteUInt64LittleEndian(_place.AsSpan(8), (ulong)offset);
    }
}
