using System.Buffers.Binary;
using System.IO.Hashing;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>The end of a block of log records (docs/format/logs.md, "Footer"): where its directory lies. Immutable.</summary>
/// <param name="Records">Records in the block.</param>
/// <param name="DirectoryOffset">Where the directory begins.</param>
/// <param name="DirectoryLength">Its stored length.</param>
/// <param name="Pages">Its entries.</param>
/// <param name="DirectoryChecksum">XXH3-64 of the stored directory.</param>
internal sealed record LogFooter(long Records, long DirectoryOffset, int DirectoryLength, int Pages, ulong DirectoryChecksum)
{
    /// <summary>Version of the format that this code writes.</summary>
    public const uint FormatVersion = 2;

    /// <summary>Bytes before the first page.</summary>
    public const int HeaderBytes = 16;

    /// <summary>Bytes of the footer.</summary>
    public const int SizeBytes = 64;

    /// <summary>At the beginning and the end: "TLLOGS" and zeros.</summary>
    private const ulong Magic = 0x000053474F4C4C54;

    /// <summary>The bytes at the beginning.</summary>
    public static byte[] Header(uint version = FormatVersion)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), version);
        return header;
    }

    /// <summary>The footer's bytes.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[SizeBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Records);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), DirectoryOffset);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), DirectoryLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), Pages);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), DirectoryChecksum);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(40), SizeBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(44), FormatVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(48), XxHash3.HashToUInt64(bytes.AsSpan(0, 48)));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(56), Magic);
        return bytes;
    }

    /// <summary>Reads footer and directory.</summary>
    /// <exception cref="CorruptDataException">It is not a whole block.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote it.</exception>
    public static (LogFooter Footer, BlockDirectory Directory) Read(IReadableFile file, string name)
    {
        if (file.Length < HeaderBytes + SizeBytes) throw new CorruptDataException(name, 0, "a whole block of log records", $"{file.Length} bytes");
        var offset = file.Length - SizeBytes;
        Span<byte> bytes = stackalloc byte[SizeBytes];
        file.ReadExactly(offset, bytes);
        var magic = BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]);
        if (magic != Magic) throw new CorruptDataException(name, offset + 56, $"the mark {Magic:x16}", $"{magic:x16}");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[44..]);
        if (version > FormatVersion) throw new InvalidDataException($"{name} has log format version {version}, written by a newer release; this one reads up to version {FormatVersion}.");
        var (expected, found) = (BinaryPrimitives.ReadUInt64LittleEndian(bytes[48..]), XxHash3.HashToUInt64(bytes[..48]));
        if (expected != found) throw new CorruptDataException(name, offset + 48, $"footer checksum {expected:x16}", $"{found:x16}");
        Span<byte> header = stackalloc byte[HeaderBytes];
        file.ReadExactly(0, header);
        if (!header.SequenceEqual(Header(version))) throw new CorruptDataException(name, 0, $"the header {Convert.ToHexStringLower(Header(version))}", Convert.ToHexStringLower(header));
        var footer = new LogFooter(
            BinaryPrimitives.ReadInt64LittleEndian(bytes),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        return (footer, footer.ReadDirectory(file, name, offset));
    }

    private BlockDirectory ReadDirectory(IReadableFile file, string name, long end)
    {
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
