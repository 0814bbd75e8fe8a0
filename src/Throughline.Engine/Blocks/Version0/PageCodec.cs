using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using Throughline.Engine.Files;
using ZstdNet;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>
/// Turns columns into pages and back (docs/format/block.md, "Pages"). Numbers are stored as their distance from the smallest, one plane per significant
/// byte, so that equal high bytes lie together for zstd; zstd level 1, since prototypes gained next to nothing from higher levels. One writer uses one
/// codec; not thread safe.
/// </summary>
internal sealed class PageCodec : IDisposable
{
    /// <summary>Bytes in front of a page's body: codec, planes, count, base, raw length, stored length, checksum.</summary>
    public const int HeaderBytes = 1 + 1 + 4 + 8 + 4 + 4 + 8;

    /// <summary>Pages smaller than this are not worth a codec's own header.</summary>
    private const int CompressFromBytes = 64;

    private const byte Raw = 0;
    private const byte Zstd = 1;

    private static readonly CompressionOptions Level1 = new(1);

    private readonly Compressor _compressor = new(Level1);
    private byte[] _planes = [];

    /// <summary>Appends a page of numbers to <paramref name="output"/>; all of <paramref name="values"/> fit where they came from.</summary>
    public void WriteNumbers(ReadOnlySpan<long> values, ref Model.Columns.Column<byte> output)
    {
        var (min, max) = (0L, 0L);
        if (!values.IsEmpty)
        {
            (min, max) = (values[0], values[0]);
            foreach (var value in values)
            {
                min = Math.Min(min, value);
                max = Math.Max(max, value);
            }
        }
        var range = (ulong)(max - min);
        var planes = (64 - BitOperations.LeadingZeroCount(range) + 7) / 8;
        var length = planes * values.Length;
        if (_planes.Length < length) _planes = new byte[length];
        for (var plane = 0; plane < planes; plane++)
        {
            var shift = plane * 8;
            var bytes = _planes.AsSpan(plane * values.Length, values.Length);
            for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)((ulong)(values[i] - min) >> shift);
        }
        Write(_planes.AsSpan(0, length), (byte)planes, values.Length, min, true, ref output);
    }

    /// <summary>Appends a page of bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes, bool compress, ref Model.Columns.Column<byte> output) => Write(bytes, 0, bytes.Length, 0, compress, ref output);

    private void Write(ReadOnlySpan<byte> raw, byte planes, int count, long baseValue, bool compress, ref Model.Columns.Column<byte> output)
    {
        var codec = Raw;
        var body = raw;
        if (compress && raw.Length >= CompressFromBytes)
        {
            var packed = _compressor.Wrap(raw);
            if (packed.Length < raw.Length)
            {
                codec = Zstd;
                body = packed;
            }
        }
        output.Reserve(HeaderBytes + body.Length);
        var header = output.Items.AsSpan(output.Count, HeaderBytes);
        header[0] = codec;
        header[1] = planes;
        BinaryPrimitives.WriteInt32LittleEndian(header[2..], count);
        BinaryPrimitives.WriteInt64LittleEndian(header[6..], baseValue);
        BinaryPrimitives.WriteInt32LittleEndian(header[14..], raw.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[18..], body.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[22..], Checksum(header[..22], body));
        output.Count += HeaderBytes;
        output.AddRange(body);
    }

    /// <summary>The checksum of a page: its header without the checksum, and its body.</summary>
    public static ulong Checksum(ReadOnlySpan<byte> header, ReadOnlySpan<byte> body) => XxHash3.HashToUInt64(body, (long)XxHash3.HashToUInt64(header));

    /// <inheritdoc/>
    public void Dispose() => _compressor.Dispose();

    /// <summary>Reads pages of one block. Thread safe.</summary>
    internal static class Reader
    {
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
}
