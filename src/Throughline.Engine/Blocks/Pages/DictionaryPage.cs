using Throughline.Engine.Files;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Pages;

/// <summary>
/// Entries of a column's dictionary as the body of a page (docs/format/block.md, "Dictionary pages"): lengths, then bytes. Canonical lower-case UUIDs take 16 bytes in place of 36,
/// which no general codec reaches, since their digits are random.
/// </summary>
internal static class DictionaryPage
{
    /// <summary>In place of a length: a UUID.</summary>
    private const uint Uuid = uint.MaxValue;

    private const int UuidBytes = 16;
    private const int UuidText = 36;

    /// <summary>The body for the entries whose <paramref name="ends"/> in <paramref name="bytes"/> these are; replaces what is in <paramref name="body"/>.</summary>
    public static void Encode(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> ends, ref Column<byte> body)
    {
        body.Truncate(0);
        body.Reserve(4 * ends.Length + bytes.Length);
        var count = ends.Length;
        var at = 4 * count;
        var target = body.Items.AsSpan();
        var start = 0;
        for (var i = 0; i < count; i++)
        {
            var entry = bytes[start..ends[i]];
            start = ends[i];
            var length = (uint)entry.Length;
            if (TryPack(entry, target[at..]))
            {
                length = Uuid;
                at += UuidBytes;
            }
            else
            {
                entry.CopyTo(target[at..]);
                at += entry.Length;
            }
            for (var plane = 0; plane < 4; plane++) target[plane * count + i] = (byte)(length >> (8 * plane));
        }
        body.Count = at;
    }

    /// <summary>The entries of a body: their bytes one after another, and where each ends.</summary>
    /// <exception cref="CorruptDataException">The lengths are not those of the body.</exception>
    public static (byte[] Bytes, int[] Ends) Decode(in PageEntry entry, ReadOnlySpan<byte> body, string file) =>
        Decode(entry, body, file, static count => new byte[count], static count => new int[count]);

    /// <summary>The same in arrays that the caller gives, which may be longer.</summary>
    /// <exception cref="CorruptDataException">The lengths are not those of the body.</exception>
    public static (byte[] Bytes, int[] Ends) Decode(in PageEntry entry, ReadOnlySpan<byte> body, string file, Func<int, byte[]> newBytes, Func<int, int[]> newEnds)
    {
        var count = entry.Count;
        if (count < 0 || body.Length < 4L * count) throw new CorruptDataException(file, entry.Offset, $"lengths of {count} entries", $"{body.Length} bytes");
        var ends = newEnds(count);
        var (stored, total) = (4L * count, 0L);
        for (var i = 0; i < count; i++)
        {
            var length = Length(body, i, count);
            stored += length == Uuid ? UuidBytes : length;
            total += length == Uuid ? UuidText : length;
            if (stored > body.Length) break;
            ends[i] = (int)total;
        }
        if (stored != body.Length) throw new CorruptDataException(file, entry.Offset, $"entries of {stored} bytes together", $"{body.Length} bytes");
        var bytes = newBytes((int)total);
        var (from, to) = (4 * count, 0);
        for (var i = 0; i < count; i++)
        {
            var length = Length(body, i, count);
            if (length == Uuid)
            {
                Unpack(body.Slice(from, UuidBytes), bytes.AsSpan(to, UuidText));
                from += UuidBytes;
            }
            else
            {
                body.Slice(from, (int)length).CopyTo(bytes.AsSpan(to));
                from += (int)length;
            }
            to = ends[i];
        }
        return (bytes, ends);
    }

    /// <summary>
    /// The bytes of a body's entries one after another; empty when some are packed and have to be decoded to be looked at, or when the body is not what was written, which decoding tells.
    /// </summary>
    public static ReadOnlySpan<byte> Joined(in PageEntry entry, ReadOnlySpan<byte> body)
    {
        var count = entry.Count;
        if (count < 0 || body.Length < 4L * count) return [];
        // The highest byte of a length: no entry is so long that it would have all bits set, but the mark of a packed one has.
        return body.Slice(3 * count, count).Contains(byte.MaxValue) ? [] : body[(4 * count)..];
    }

    /// <summary>Which of a dictionary's pages, in the order of their ids, has an entry; -1 when none has.</summary>
    public static int IndexOf(ReadOnlySpan<PageEntry> pages, long id)
    {
        var (low, high) = (0, pages.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (pages[middle].Base + pages[middle].Count <= id) low = middle + 1;
            else high = middle;
        }
        return low < pages.Length && id >= pages[low].Base ? low : -1;
    }

    private static uint Length(ReadOnlySpan<byte> body, int i, int count) =>
        body[i] | ((uint)body[count + i] << 8) | ((uint)body[2 * count + i] << 16) | ((uint)body[3 * count + i] << 24);

    private static bool TryPack(ReadOnlySpan<byte> text, Span<byte> target)
    {
        // The dashes are looked at before the digits: most texts of this length are none.
        if (text.Length != UuidText || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
        Span<byte> digits = stackalloc byte[32];
        text[..8].CopyTo(digits);
        text[9..13].CopyTo(digits[8..]);
        text[14..18].CopyTo(digits[12..]);
        text[19..23].CopyTo(digits[16..]);
        text[24..].CopyTo(digits[20..]);
        if (digits.ContainsAnyInRange((byte)'A', (byte)'F')) return false;
        return Convert.FromHexString(digits, target[..UuidBytes], out _, out var written) == System.Buffers.OperationStatus.Done && written == UuidBytes;
    }

    private static void Unpack(ReadOnlySpan<byte> packed, Span<byte> text)
    {
        Span<byte> digits = stackalloc byte[32];
        Convert.TryToHexStringLower(packed, digits, out _);
        digits[..8].CopyTo(text);
        digits[8..12].CopyTo(text[9..]);
        digits[12..16].CopyTo(text[14..]);
        digits[16..20].CopyTo(text[19..]);
        digits[20..].CopyTo(text[24..]);
        text[8] = text[13] = text[18] = text[23] = (byte)'-';
    }
}
