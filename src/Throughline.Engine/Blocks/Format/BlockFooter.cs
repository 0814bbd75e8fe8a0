using System.Buffers.Binary;
using System.IO.Hashing;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;

namespace Throughline.Engine.Blocks.Format;

/// <summary>The end of a block file (docs/format/block.md, "Footer"): where its directory lies. Immutable.</summary>
/// <param name="Spans">Spans in the block.</param>
/// <param name="Traces">Traces in the block.</param>
/// <param name="DirectoryOffset">Where the directory begins.</param>
/// <param name="DirectoryLength">Its stored length.</param>
/// <param name="Pages">Its entries.</param>
/// <param name="DirectoryChecksum">XXH3-64 of the stored directory.</param>
internal sealed record BlockFooter(long Spans, int Traces, long DirectoryOffset, int DirectoryLength, int Pages, ulong DirectoryChecksum)
{
    /// <summary>Version of the format that this code writes.</summary>
    public const uint FormatVersion = 1;

    /// <summary>Bytes before the first page.</summary>
    public const int HeaderBytes = 16;

    /// <summary>Bytes of the footer.</summary>
    public const int SizeBytes = 64;

    /// <summary>At the file's beginning and end: "TLBLOCK" and a zero.</summary>
    private const ulong Magic = 0x004B434F4C424C54;

    /// <summary>The bytes at the beginning of every block file.</summary>
    public static byte[] Header()
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), FormatVersion);
        return header;
    }

    /// <summary>The footer's bytes.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[SizeBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Spans);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), DirectoryOffset);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), DirectoryLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), Pages);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), DirectoryChecksum);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(32), Traces);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(40), SizeBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(44), FormatVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(48), XxHash3.HashToUInt64(bytes.AsSpan(0, 48)));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(56), Magic);
        return bytes;
    }

    /// <summary>The format version of a block file, from its end.</summary>
    /// <exception cref="CorruptDataException">The file is no block, or a newer release wrote it.</exception>
    public static uint ReadVersion(IReadableFile file, string name)
    {
        if (file.Length < HeaderBytes + SizeBytes) throw new CorruptDataException(name, 0, "a whole block", $"{file.Length} bytes");
        Span<byte> end = stackalloc byte[24];
        var offset = file.Length - end.Length;
        file.ReadExactly(offset, end);
        var magic = BinaryPrimitives.ReadUInt64LittleEndian(end[16..]);
        if (magic != Magic) throw new CorruptDataException(name, offset + 16, $"the mark {Magic:x16}", $"{magic:x16}");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(end[4..]);
        if (version > FormatVersion) throw new CorruptDataException(name, offset + 4, $"format version {FormatVersion} or older", $"version {version}, written by a newer release");
        return version;
    }

    /// <summary>Reads footer and directory of a file of this version.</summary>
    /// <exception cref="CorruptDataException">The file is not a whole block of this version.</exception>
    public static (BlockFooter Footer, BlockDirectory Directory) Read(IReadableFile file, string name)
    {
        var version = ReadVersion(file, name);
        var offset = file.Length - SizeBytes;
        if (version != FormatVersion) throw new CorruptDataException(name, offset + 44, $"format version {FormatVersion}", $"version {version}");
        Span<byte> header = stackalloc byte[HeaderBytes];
        file.ReadExactly(0, header);
        if (!header.SequenceEqual(Header())) throw new CorruptDataException(name, 0, $"the header {Convert.ToHexStringLower(Header())}", Convert.ToHexStringLower(header));
        Span<byte> bytes = stackalloc byte[SizeBytes];
        file.ReadExactly(offset, bytes);
        var expected = BinaryPrimitives.ReadUInt64LittleEndian(bytes[48..]);
        var found = XxHash3.HashToUInt64(bytes[..48]);
        if (expected != found) throw new CorruptDataException(name, offset + 48, $"footer checksum {expected:x16}", $"{found:x16}");
        var footer = new BlockFooter(
            BinaryPrimitives.ReadInt64LittleEndian(bytes),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        return (footer, footer.ReadDirectory(file, name, offset));
    }

    private BlockDirectory ReadDirectory(IReadableFile file, string name, long end)
    {
        // A page takes at least one byte of the file, or is a constant, of which a block has no more than a few a page that it has.
        if (DirectoryOffset < HeaderBytes || DirectoryLength < 0 || DirectoryOffset + DirectoryLength != end || Pages < 0 || Pages > Array.MaxLength / BlockDirectory.EntryBytes)
            throw new CorruptDataException(name, end, "a directory that ends where the footer begins", $"one of {Pages} pages in {DirectoryLength} bytes at {DirectoryOffset}");
        var stored = new byte[DirectoryLength];
        file.ReadExactly(DirectoryOffset, stored);
        var found = XxHash3.HashToUInt64(stored);
        if (found != DirectoryChecksum) throw new CorruptDataException(name, DirectoryOffset, $"directory checksum {DirectoryChecksum:x16}", $"{found:x16}");
        var raw = new byte[Pages * BlockDirectory.EntryBytes];
        new PageReader(file, name).Unwrap(stored, raw, DirectoryOffset);
        return BlockDirectory.Decode(raw, Pages, name, DirectoryOffset);
    }
}
