using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using Throughline.Engine.Blocks;
using Throughline.Engine.Files;

namespace Throughline.Engine.Signals;

/// <summary>
/// What the store of a signal consists of: its blocks, and the log segments whose records are not in them. Replaced whole, so that a flush, a merge or a step of retention is there or not
/// (docs/format/signals.md). Immutable.
/// </summary>
internal sealed record SignalManifest
{
    /// <summary>The file's name in the store's directory.</summary>
    public const string FileName = "manifest.json";

    /// <summary>The version of the format.</summary>
    public const int FormatVersion = 1;

    /// <summary>Of log segments below it every record is in a block; of those from it on, none is.</summary>
    public required long FirstSegment { get; init; }

    /// <summary>A number that no block has had.</summary>
    public required long NextBlock { get; init; }

    /// <summary>The blocks, in the order in which their items were received.</summary>
    public IReadOnlyList<SignalBlockEntry> Blocks { get; init; } = [];

    /// <summary>A store without blocks.</summary>
    public static SignalManifest Empty { get; } = new() { FirstSegment = 1, NextBlock = 1 };

    private sealed record Document(int Version, string Signal, string Checksum, Content? Content);

    private sealed record Content(long FirstSegment, long NextBlock, IReadOnlyList<SignalBlockEntry>? Blocks);

    /// <summary>Reads the manifest of a store; <see cref="Empty"/> when there is none.</summary>
    /// <exception cref="CorruptDataException">It is not what was written.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote it.</exception>
    public static SignalManifest Read(IFileSystem files, SignalPaths paths)
    {
        if (!files.FileExists(paths.Manifest)) return Empty;
        using var file = files.OpenRead(paths.Manifest);
        var bytes = new byte[file.Length];
        file.ReadExactly(0, bytes);
        return Read(paths.Name, paths.Manifest, bytes);
    }

    /// <summary>Reads the bytes of the file at <paramref name="path"/>.</summary>
    /// <exception cref="CorruptDataException">They are not what was written.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote them.</exception>
    public static SignalManifest Read(string signal, string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var document = JsonSerializer.Deserialize<Document>(bytes);
            if (document?.Version > FormatVersion)
                throw new InvalidDataException($"{path} has format version {document.Version}, written by a newer release; this one knows {FormatVersion}. Start the newer release.");
            if (document is not { Version: FormatVersion, Content: { Blocks: not null } content }) throw new CorruptDataException(path, 0, "a manifest", "one without its content");
            if (document.Signal != signal) throw new CorruptDataException(path, 0, $"the manifest of {signal}", $"one of {document.Signal}");
            if (Checksum(signal, content) != document.Checksum) throw new CorruptDataException(path, 0, $"checksum {document.Checksum}", Checksum(signal, content));
            return new SignalManifest { FirstSegment = content.FirstSegment, NextBlock = content.NextBlock, Blocks = content.Blocks };
        }
        catch (JsonException e)
        {
            throw new CorruptDataException(path, e.BytePositionInLine ?? 0, "a manifest", e.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>The manifest's bytes.</summary>
    public byte[] ToBytes(string signal)
    {
        var content = new Content(FirstSegment, NextBlock, Blocks);
        return JsonSerializer.SerializeToUtf8Bytes(new Document(FormatVersion, signal, Checksum(signal, content), content));
    }

    /// <summary>Makes this the store's manifest; durable on return.</summary>
    public void Write(IFileSystem files, SignalPaths paths)
    {
        var bytes = ToBytes(paths.Name);
        AtomicFile.Write(files, paths.Manifest, file => file.Append([bytes]));
    }

    /// <summary>Over the name and the content as this code writes it: what means the same has the same checksum.</summary>
    private static string Checksum(string signal, Content content) =>
        XxHash3.HashToUInt64(JsonSerializer.SerializeToUtf8Bytes(new Document(FormatVersion, signal, "", content))).ToString("x16", CultureInfo.InvariantCulture);
}

/// <summary>What the manifest knows of a block, so that merging and retention need not open it. Times are Unix nanoseconds.</summary>
/// <param name="Number">Its number, never used twice.</param>
/// <param name="Bytes">Its file's length.</param>
/// <param name="Items">Its items.</param>
/// <param name="FirstUnixNano">Time of its earliest item.</param>
/// <param name="LastUnixNano">Time of its latest item.</param>
/// <param name="FirstReceivedUnixNano">When its first request was received.</param>
/// <param name="LastReceivedUnixNano">When its last request was received: its age counts from here.</param>
/// <param name="Level">0 as it was flushed; one more than the highest of the blocks that were merged into it.</param>
internal sealed record SignalBlockEntry(long Number, long Bytes, long Items, ulong FirstUnixNano, ulong LastUnixNano, ulong FirstReceivedUnixNano, ulong LastReceivedUnixNano, int Level) : IMergeable
{
    long IMergeable.Rows => Items;
}
