using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Throughline.Engine.Files;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>Where a row group's column groups lie in the file, and what its rows span. Offsets in bytes; each group ends where the next begins.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct RowGroupEntry
{
    /// <summary>Number of its first trace in the block.</summary>
    public int FirstTrace;
    /// <summary>Number of its traces.</summary>
    public int Traces;
    /// <summary>Number of its rows.</summary>
    public int Rows;
    /// <summary>0.</summary>
    public int Reserved;
    /// <summary>Start of its earliest span.</summary>
    public ulong MinStartUnixNano;
    /// <summary>Start of its latest span.</summary>
    public ulong MaxStartUnixNano;
    /// <summary>Where the core columns begin.</summary>
    public long CoreOffset;
    /// <summary>Where the rest begins.</summary>
    public long RestOffset;
    /// <summary>Where the attributes begin.</summary>
    public long AttributesOffset;
    /// <summary>Where events and links begin.</summary>
    public long EventsOffset;
    /// <summary>Where the row group ends.</summary>
    public long EndOffset;
}

/// <summary>The footer of a block file of version 0: where everything else lies.</summary>
internal sealed class BlockFooter
{
    /// <summary>The version that this folder reads.</summary>
    public const uint FormatVersion = 0;

    /// <summary>Bytes before the first page.</summary>
    public const int HeaderBytes = 16;

    /// <summary>Bytes behind the footer: its length, version, checksum, magic.</summary>
    public const int TrailerBytes = 24;

    /// <summary>At the file's beginning and end: "TLBLOCK" and a zero.</summary>
    private const ulong Magic = 0x004B434F4C424C54;

    private const int FixedBytes = 64;

    /// <summary>Spans in the block.</summary>
    public required long Spans { get; init; }

    /// <summary>Start of its earliest span, Unix nanoseconds.</summary>
    public required ulong MinStartUnixNano { get; init; }

    /// <summary>Start of its latest span, Unix nanoseconds.</summary>
    public required ulong MaxStartUnixNano { get; init; }

    /// <summary>Where dictionaries and tables begin.</summary>
    public required long TablesOffset { get; init; }

    /// <summary>Where the values per trace begin.</summary>
    public required long TracesOffset { get; init; }

    /// <summary>Where the digests of the requests begin; the footer begins where they end.</summary>
    public required long DigestsOffset { get; init; }

    /// <summary>Number of traces.</summary>
    public required int Traces { get; init; }

    /// <summary>The row groups, in order.</summary>
    public required RowGroupEntry[] RowGroups { get; init; }

    /// <summary>The bytes at the beginning of every block file.</summary>
    public static byte[] Header()
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), FormatVersion);
        return header;
    }

    /// <summary>Reads the footer of a file; answers where it begins, too.</summary>
    /// <exception cref="CorruptDataException">The file is not a whole block.</exception>
    public static (BlockFooter Footer, long Offset) Read(IReadableFile file, string name)
    {
        if (file.Length < HeaderBytes + FixedBytes + TrailerBytes) throw new CorruptDataException(name, 0, "a whole block", $"{file.Length} bytes");
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        var trailerOffset = file.Length - TrailerBytes;
        file.ReadExactly(trailerOffset, trailer);
        var magic = BinaryPrimitives.ReadUInt64LittleEndian(trailer[16..]);
        if (magic != Magic) throw new CorruptDataException(name, trailerOffset + 16, $"the mark {Magic:x16}", $"{magic:x16}");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]);
        if (version > FormatVersion) throw new CorruptDataException(name, trailerOffset + 4, $"format version {FormatVersion} or older", $"version {version}, written by a newer release");
        Span<byte> header = stackalloc byte[HeaderBytes];
        file.ReadExactly(0, header);
        if (!header.SequenceEqual(Header())) throw new CorruptDataException(name, 0, $"the header {Convert.ToHexStringLower(Header())}", Convert.ToHexStringLower(header));
        var length = BinaryPrimitives.ReadInt32LittleEndian(trailer);
        if (length < FixedBytes || length > trailerOffset - HeaderBytes) throw new CorruptDataException(name, trailerOffset, "a footer inside the file", $"a length of {length}");
        var bytes = new byte[length];
        var offset = trailerOffset - length;
        file.ReadExactly(offset, bytes);
        var expected = BinaryPrimitives.ReadUInt64LittleEndian(trailer[8..]);
        var found = XxHash3.HashToUInt64(bytes);
        if (expected != found) throw new CorruptDataException(name, offset, $"footer checksum {expected:x16}", $"{found:x16}");
        return (Decode(bytes), offset);
    }

    private static BlockFooter Decode(ReadOnlySpan<byte> bytes) => new()
    {
        Spans = BinaryPrimitives.ReadInt64LittleEndian(bytes),
        MinStartUnixNano = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        MaxStartUnixNano = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
        TablesOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
        TracesOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
        DigestsOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
        Traces = BinaryPrimitives.ReadInt32LittleEndian(bytes[48..]),
        RowGroups = MemoryMarshal.Cast<byte, RowGroupEntry>(bytes[FixedBytes..]).ToArray(),
    };
}
