using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;
using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Server.Api.Native;

/// <summary>
/// A cursor as text: base64url of snapshot, last key, last trace, the hash of its search, and a checksum that tells a mangled one. It holds nothing that
/// the answer before it did not show, so it is not signed.
/// </summary>
internal static class CursorText
{
    private const int FieldBytes = 8 + 8 + TraceId.SizeBytes + 4;
    private const int TotalBytes = FieldBytes + 4;

    internal static string Encode(SearchCursor cursor)
    {
        Span<byte> bytes = stackalloc byte[TotalBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, cursor.Snapshot);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], cursor.LastKey);
        cursor.LastTrace.CopyTo(bytes[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], cursor.PlanHash);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[FieldBytes..], XxHash32.HashToUInt32(bytes[..FieldBytes]));
        return Base64Url.EncodeToString(bytes);
    }

    internal static bool TryDecode(string text, out SearchCursor cursor)
    {
        cursor = new SearchCursor(0, 0, default, 0);
        Span<byte> bytes = stackalloc byte[TotalBytes];
        if (text.Length > 2 * TotalBytes || !Base64Url.IsValid(text, out var length) || length != TotalBytes) return false;
        if (!Base64Url.TryDecodeFromChars(text, bytes, out var written) || written != TotalBytes) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[FieldBytes..]) != XxHash32.HashToUInt32(bytes[..FieldBytes])) return false;
        cursor = new SearchCursor(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            TraceId.FromBytes(bytes.Slice(16, TraceId.SizeBytes)), BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]));
        return true;
    }
}
