namespace Throughline.Engine;

/// <summary>What a store holds. Counts are of stored spans; duplicates that lie in different blocks count each until they are compacted.</summary>
/// <param name="Problems">Sentences about what could not be read or done; empty when all is well.</param>
public sealed record StoreStatistics(long Spans, long Traces, long HeadSpans, int Blocks, long BlockBytes, long LogBytes,
    ulong? EarliestStartUnixNano, ulong? LatestStartUnixNano, IReadOnlyList<string> Problems)
{
    /// <summary>The blocks by level, lowest first: 0 as they were flushed, higher ones merged.</summary>
    public IReadOnlyList<LevelStatistics> Levels { get; init; } = [];

    /// <summary>What compaction does.</summary>
    public CompactionStatistics Compaction { get; init; } = new(true, 0, 0, 0, 0);

    /// <summary>What retention does.</summary>
    public RetentionStatistics Retention { get; init; } = new(0, 0, 0, 0, 0);
}

/// <summary>The blocks of one level.</summary>
public sealed record LevelStatistics(int Level, int Blocks, long Spans, long Bytes);

/// <summary>What retention does.</summary>
/// <param name="HiddenBeforeUnixNano">Traces that start before it are not shown, unless they are pinned; 0 when no limit by number or bytes was reached.</param>
/// <param name="PinnedTraces">Pinned traces.</param>
/// <param name="DroppedBlocks">Blocks that went whole since the store was opened.</param>
/// <param name="DroppedTraces">Traces that went with them or out of blocks that were rewritten; one that lay in two blocks counts twice.</param>
/// <param name="DroppedBytes">Bytes of block files that went.</param>
public sealed record RetentionStatistics(ulong HiddenBeforeUnixNano, int PinnedTraces, long DroppedBlocks, long DroppedTraces, long DroppedBytes);

/// <summary>What compaction does.</summary>
/// <param name="IsIdle">Nothing is due.</param>
/// <param name="BacklogBlocks">Flushed blocks that wait to be merged, for others to come.</param>
/// <param name="BacklogSpans">Their spans.</param>
/// <param name="Merges">Merges since the store was opened.</param>
/// <param name="MergedSpans">Spans that they have written.</param>
public sealed record CompactionStatistics(bool IsIdle, int BacklogBlocks, long BacklogSpans, long Merges, long MergedSpans);

/// <summary>A store that cannot be opened; the message is one line for the operator.</summary>
public sealed class StoreOpenException(string message, Exception? inner = null) : Exception(message, inner);
