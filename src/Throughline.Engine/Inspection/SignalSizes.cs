using Throughline.Engine.Signals;

namespace Throughline.Engine.Inspection;

/// <summary>What the files of a signal's store hold and where their bytes go. Times in Unix nanoseconds. Immutable.</summary>
public sealed record SignalSizes
{
    /// <summary>The signal's name.</summary>
    public required string Name { get; init; }

    /// <summary>What its items are called, in the plural.</summary>
    public required string ItemsName { get; init; }

    /// <summary>Blocks that the manifest names.</summary>
    public required int Blocks { get; init; }

    /// <summary>Blocks by level: 0 as they were flushed, more after merges.</summary>
    public required IReadOnlyList<SignalLevel> Levels { get; init; }

    /// <summary>Items in blocks that could be read.</summary>
    public required long BlockItems { get; init; }

    /// <summary>Bytes of those blocks.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>Where the blocks' bytes go.</summary>
    public required IReadOnlyList<PartSize> Parts { get; init; }

    /// <summary>Requests in the log.</summary>
    public required long LogRecords { get; init; }

    /// <summary>Items in them.</summary>
    public required long LogItems { get; init; }

    /// <summary>Bytes of the log's files.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Bytes of all files that were looked at.</summary>
    public required long Bytes { get; init; }

    /// <summary>Time of the earliest item in blocks; null without any.</summary>
    public required ulong? Earliest { get; init; }

    /// <summary>Time of the latest item in blocks; null without any.</summary>
    public required ulong? Latest { get; init; }

    /// <summary>When the first request of the blocks was received; null without any.</summary>
    public required ulong? FirstReceived { get; init; }

    /// <summary>When the last request of the blocks was received; null without any.</summary>
    public required ulong? LastReceived { get; init; }

    /// <summary>Blocks that are not in the figures, with the reason.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }
}
