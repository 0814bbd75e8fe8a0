using System.Buffers.Binary;
using System.IO.Hashing;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;

namespace Throughline.Engine.Profiles.Blocks;

/// <summary>The ends of a block of profiles (docs/format/profiles.md, "Header and footer"): its mark, and where its directory lies. Immutable.</summary>
internal sealed record ProfileBlockFooter(long DirectoryOffset, int DirectoryLength, int Pages, ulong DirectoryChecksum)
{
    /// <summary>Version of the format that this code writes.</summary>
    public const uint FormatVersion = 1;

    /// <summary>Bytes before the first page.</summary>
    public const int HeaderBytes = 16;

    /// <summary>Bytes of the footer.</summary>
    public const int SizeBytes = 48;

    /// <summary>At the file's beginning and end: "TLPROFIL".</summary>
    private const ulong Magic = 0x4C49464F52504C54;

    /// <summary>The bytes at the beginning of every block.</summary>
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
        BinaryPrimitives.WriteInt64LittleEndian(bytes, DirectoryOffset);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), DirectoryLength);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Pages);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), DirectoryChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), FormatVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), XxHash3.HashToUInt64(bytes.AsSpan(0, 32)));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), Magic);
        return bytes;
    }

    /// <summary>Reads and checks the ends of a file, and its directory.</summary>
    /// <exception cref="CorruptDataException">The file is not a whole block of profiles of this version.</exception>
    public static BlockDirectory ReadDirectory(IReadableFile file, string name)
    {
        if (file.Length < HeaderBytes + SizeBytes) throw new CorruptDataException(name, 0, "a whole block of profiles", $"{file.Length} bytes");
        var offset = file.Length - SizeBytes;
        Span<byte> bytes = stackalloc byte[SizeBytes];
        file.ReadExactly(offset, bytes);
        var magic = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]);
        if (magic != Magic) throw new CorruptDataException(name, offset + 40, $"the mark {Magic:x16}", $"{magic:x16}");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]);
        if (version != FormatVersion) throw new CorruptDataException(name, offset + 24, $"format version {FormatVersion}", $"version {version}");
        var (expected, found) = (BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]), XxHash3.HashToUInt64(bytes[..32]));
        if (expected != found) throw new CorruptDataException(name, offset + 32, $"footer checksum {expected:x16}", $"{found:x16}");
        Span<byte> header = stackalloc byte[HeaderBytes];
        file.ReadExactly(0, header);
        if (!header.SequenceEqual(Header())) throw new CorruptDataException(name, 0, $"the header {Convert.ToHexStringLower(Header())}", Convert.ToHexStringLower(header));
        return new ProfileBlockFooter(
            BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..])).Read(file, name, offset);
    }

    private BlockDirectory Read(IReadableFile file, string name, long end)
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

/// <summary>The numbers of the columns of a block of profiles (docs/format/profiles.md, "Columns").</summary>
internal static class ProfileColumn
{
    public const int Counts = 0;
    public const int Texts = 1;
    public const int FunctionName = 2;
    public const int FunctionFile = 3;
    public const int LocationFunction = 4;
    public const int LocationLine = 5;
    public const int NodeUp = 6;
    public const int NodeLocation = 7;
    public const int Series = 8;
    public const int Links = 9;
    public const int WindowSeries = 10;
    public const int WindowStart = 11;
    public const int WindowLength = 12;
    public const int WindowReceived = 13;
    public const int WindowSamples = 14;
    public const int LinkWindowCount = 15;
    public const int LinkWindow = 16;
    public const int Stack = 20;
    public const int Link = 21;
    public const int Value = 22;
}

/// <summary>How many of everything a block of profiles has: the page of counts. The order of the fields is the format's.</summary>
internal readonly record struct ProfileBlockCounts(long Functions, long Locations, long Nodes, long SeriesNumbers, long Links, long Windows, long LinkWindows, long Samples);
