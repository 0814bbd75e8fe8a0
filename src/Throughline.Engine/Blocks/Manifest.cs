using System.Globalization;
using System.Text.Json.Serialization;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks;

/// <summary>
/// What a store consists of: its blocks, the log segments whose records are not in them, and what retention has decided. Replaced whole, so that a flush, a
/// compaction or a pin is there or not (docs/format/manifest.md). Immutable.
/// </summary>
internal sealed record Manifest
{
    /// <summary>The file's name in the store's directory.</summary>
    public const string FileName = "manifest.json";

    /// <summary>What the name of a block's file ends with.</summary>
    public const string BlockSuffix = ".block";

    /// <summary>Log segments below it are not needed any more.</summary>
    public required long FirstSegment { get; init; }

    /// <summary>Of the segments below it only the spans of <see cref="Carried"/> are not in blocks; of those from it on, all are not.</summary>
    public required long CutSegment { get; init; }

    /// <summary>A number that no block has had.</summary>
    public required long NextBlock { get; init; }

    /// <summary>The blocks, in the order in which their spans were received.</summary>
    public IReadOnlyList<ManifestBlock> Blocks { get; init; } = [];

    /// <summary>Traces that the last flush left for the next block.</summary>
    public IReadOnlyList<CarriedTrace> Carried { get; init; } = [];

    /// <summary>Traces that start before it are hidden by retention, unless they are pinned; 0 hides nothing. Unix nanoseconds.</summary>
    public ulong HiddenBeforeUnixNano { get; init; }

    /// <summary>Traces that retention keeps.</summary>
    public IReadOnlyList<TraceId> Pinned { get; init; } = [];

    /// <summary>A store without blocks.</summary>
    public static Manifest Empty { get; } = new() { FirstSegment = 1, CutSegment = 1, NextBlock = 1 };

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
        return ManifestText.Read(path, bytes);
    }

    /// <summary>Makes this the directory's manifest; durable on return.</summary>
    public void Write(IFileSystem files, string directory)
    {
        var bytes = ManifestText.Write(this);
        AtomicFile.Write(files, Path.Combine(directory, FileName), file => file.Append([bytes]));
    }
}

/// <summary>What the manifest knows of a block, so that compaction and retention need not open it. Times are Unix nanoseconds.</summary>
/// <param name="Number">Its number, never used twice.</param>
/// <param name="Bytes">Its file's length.</param>
/// <param name="MinStartUnixNano">Start of its earliest span.</param>
/// <param name="MaxStartUnixNano">Start of its latest span.</param>
/// <param name="FirstReceivedUnixNano">When its first request was received.</param>
/// <param name="LastReceivedUnixNano">When its last request was received: its age counts from here.</param>
/// <param name="Level">0 as it was flushed; one more than the highest of the blocks that were merged into it.</param>
internal sealed record ManifestBlock(long Number, long Bytes, long Spans, int Traces, ulong MinStartUnixNano, ulong MaxStartUnixNano,
    ulong FirstReceivedUnixNano, ulong LastReceivedUnixNano, int Level) : IMergeable
{
    long IMergeable.Rows => Spans;

    /// <summary>False for a block of a manifest of version 0, which knew its number only: the rest is looked up when the block is opened.</summary>
    [JsonIgnore]
    public bool IsKnown => Bytes >= 0;

    /// <summary>A block of which nothing but its number is known.</summary>
    public static ManifestBlock Unknown(long number) => new(number, -1, 0, 0, 0, 0, 0, 0, 0);
}

/// <summary>A trace whose spans a flush left for the next block: they lie in the log segments from <paramref name="FromSegment"/> on.</summary>
internal readonly record struct CarriedTrace(TraceId Id, long FromSegment);
