namespace Throughline.Engine.Signals;

/// <summary>What the store of a signal holds. Immutable.</summary>
/// <param name="Name">The signal's name.</param>
/// <param name="Items">Items: log entries, points, samples.</param>
/// <param name="HeadItems">Those of them that are in no block yet.</param>
/// <param name="HeadBytes">Their memory.</param>
/// <param name="Blocks">Blocks.</param>
/// <param name="BlockBytes">Bytes of their files.</param>
/// <param name="LogBytes">Bytes of the log's files.</param>
/// <param name="EarliestUnixNano">Time of the earliest item; null without any.</param>
/// <param name="LatestUnixNano">Time of the latest item; null without any.</param>
/// <param name="Problems">Sentences about what could not be read or done; empty when all is well.</param>
public sealed record SignalStatistics(string Name, long Items, long HeadItems, long HeadBytes, int Blocks, long BlockBytes, long LogBytes,
    ulong? EarliestUnixNano, ulong? LatestUnixNano, IReadOnlyList<string> Problems)
{
    /// <summary>The blocks by level, lowest first: 0 as they were flushed, higher ones merged.</summary>
    public IReadOnlyList<SignalLevel> Levels { get; init; } = [];

    /// <summary>Nothing is due to be merged or dropped.</summary>
    public bool IsIdle { get; init; }

    /// <summary>Bytes of blocks that were flushed since the store was opened.</summary>
    public long FlushedBytes { get; init; }

    /// <summary>Merges since the store was opened.</summary>
    public long Merges { get; init; }

    /// <summary>Bytes of blocks that they have written.</summary>
    public long MergedBytes { get; init; }

    /// <summary>Blocks that retention dropped since the store was opened.</summary>
    public long DroppedBlocks { get; init; }

    /// <summary>Their items.</summary>
    public long DroppedItems { get; init; }

    /// <summary>Their bytes.</summary>
    public long DroppedBytes { get; init; }
}

/// <summary>The blocks of one level. Immutable.</summary>
public sealed record SignalLevel(int Level, int Blocks, long Items, long Bytes);
