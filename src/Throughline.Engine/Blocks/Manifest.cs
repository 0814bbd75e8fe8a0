using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Files;

namespace Throughline.Engine.Blocks;

/// <summary>
/// What a store consists of: its blocks, and the first log segment whose records are not in them. Replaced whole, so that a flush is there or
/// not (docs/format/block.md, "Manifest"). Immutable.
/// </summary>
/// <param name="FirstSegment">Log segments below it are in blocks.</param>
/// <param name="NextBlock">A number that no block has had.</param>
/// <param name="Blocks">Numbers of the blocks, oldest first.</param>
internal sealed record Manifest(long FirstSegment, long NextBlock, IReadOnlyList<long> Blocks)
{
    /// <summary>The file's name in the store's directory.</summary>
    public const string FileName = "manifest.json";

    /// <summary>What the name of a block's file ends with.</summary>
    public const string BlockSuffix = ".block";

    private const int FormatVersion = 0;

    /// <summary>A store without blocks.</summary>
    public static Manifest Empty { get; } = new(1, 1, []);

    private sealed record Document(int Version, string Checksum, long FirstSegment, long NextBlock, IReadOnlyList<long>? Blocks);

    /// <summary>The file name of a block.</summary>
    public static string BlockFileName(long number) => number.ToString("d10", CultureInfo.InvariantCulture) + BlockSuffix;

    /// <summary>Reads the manifest of a directory; <see cref="Empty"/> when there is none.</summary>
    /// <exception cref="CorruptDataException">It is not what was written.</exception>
    /// <exception cref="InvalidDataException">A newer release wrote it.</exception>
    public static Manifest Read(IFileSystem files, string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!files.FileExists(path)) return Empty;
        using var file = files.OpenRead(path);
        var bytes = new byte[file.Length];
        file.ReadExactly(0, bytes);
        Document? document;
        try
        {
            document = JsonSerializer.Deserialize<Document>(bytes);
        }
        catch (JsonException e)
        {
            throw new CorruptDataException(path, e.BytePositionInLine ?? 0, "a manifest", e.Message);
        }
        if (document?.Blocks is null) throw new CorruptDataException(path, 0, "a manifest", "one without blocks");
        if (document.Version > FormatVersion)
            throw new InvalidDataException($"{path} has format version {document.Version}, written by a newer release; this one knows {FormatVersion}. Start the newer release.");
        var manifest = new Manifest(document.FirstSegment, document.NextBlock, document.Blocks);
        if (manifest.Checksum() != document.Checksum) throw new CorruptDataException(path, 0, $"checksum {document.Checksum}", manifest.Checksum());
        return manifest;
    }

    /// <summary>Makes this the directory's manifest; durable on return.</summary>
    public void Write(IFileSystem files, string directory)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(new Document(FormatVersion, Checksum(), FirstSegment, NextBlock, Blocks));
        AtomicFile.Write(files, Path.Combine(directory, FileName), file => file.Append([bytes]));
    }

    private string Checksum()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{FirstSegment};{NextBlock};{string.Join(',', Blocks)}");
        return XxHash3.HashToUInt64(Encoding.ASCII.GetBytes(text)).ToString("x16", CultureInfo.InvariantCulture);
    }
}
