using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Throughline.Engine.Files;
using ZstdNet;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>
/// Reads pages of version 0: a header of codec (0 none, 1 zstd), planes, count, base, raw length, stored length and checksum, and a body of byte planes of the numbers' distances from the base, or
/// of bytes. Thread safe.
/// </summary>
internal static class PageCodec
{
    /// <summary>Bytes in front of a page's body: codec, planes, count, base, raw length, stored length, checksum.</summary>
    public const int HeaderBytes = 1 + 1 + 4 + 8 + 4 + 4 + 8;

    private const byte Raw = 0;
    private const byte Zstd = 1;

    /// <summary>Over the header without the checksum, and the body.</summary>
    private static ulong Checksum(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body) => XxHash3.HashToUInt64(body, (long)XxHash3.HashToUInt64(header));

    [ThreadStatic]
    private static Decompressor? _decompressor;

    /// <summary>Total bytes of the page whose header this is.</summary>
    public static int PageBytes(ReadOnlySpan<byte> header) => HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(header[18..]);

    /// <summary>Reads a page of numbers.</summary>
    /// <exception cref="CorruptDataException">The page is not what its header says.</exception>
    public static long[] ReadNumbers(ReadOnlySpan<byte> page, string file, long offset)
    {
        var raw = Body(page, file, offset);
        var count = BinaryPrimitives.ReadInt32LittleEndian(page[2..]);
        var baseValue = BinaryPrimitives.ReadInt64LittleEndian(page[6..]);
        int planes = page[1];
        if ((long)planes * count != raw.Length) throw new CorruptDataException(file, offset, $"{planes} planes of {count} values", $"{raw.Length} bytes");
        var values = new long[count];
        values.AsSpan().Fill(baseValue);
        for (var plane = 0; plane < planes; plane++) AddPlane(values, raw.Slice(plane * count, count), plane * 8);
        return values;
    }

    /// <summary>Reads a page of bytes.</summary>
    public static ReadOnlySpan<byte> ReadBytes(ReadOnlySpan<byte> page, string file, long offset) => Body(page, file, offset);

    private static void AddPlane(Span<long> values, ReadOnlySpan<byte> plane, int shift)
    {
        ref var source = ref MemoryMarshal.GetReference(plane);
        for (var i = 0; i < values.Length; i++) values[i] += (long)((ulong)System.Runtime.CompilerServices.Unsafe.Add(ref source, i) << shift);
    }

    private static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> page, string file, long offset)
    {
        var header = page[..HeaderBytes];
        var rawLength = BinaryPrimitives.ReadInt32LittleEndian(header[14..]);
        var body = page.Slice(HeaderBytes, BinaryPrimitives.ReadInt32LittleEndian(header[18..]));
        var expected = BinaryPrimitives.ReadUInt64LittleEndian(header[22..]);
        var found = Checksum(header[..22], body);
        if (expected != found) throw new CorruptDataException(file, offset, $"page checksum {expected:x16}", $"{found:x16}");
        if (header[0] == Raw) return body;
        if (header[0] != Zstd) throw new CorruptDataException(file, offset, "page codec 0 or 1", header[0].ToString(System.Globalization.CultureInfo.InvariantCulture));
        // One a thread: its native context is far larger than most pages.
        return (_decompressor ??= new Decompressor()).Unwrap(body, rawLength);
    }
}
