namespace Throughline.Engine;

/// <summary>What a store holds. Counts are of stored spans; duplicates that lie in different blocks count each until they are compacted.</summary>
/// <param name="Problems">Sentences about what could not be read or done; empty when all is well.</param>
public sealed record StoreStatistics(long Spans, long Traces, long HeadSpans, int Blocks, long BlockBytes, long LogBytes,
    ulong? EarliestStartUnixNano, ulong? LatestStartUnixNano, IReadOnlyList<string> Problems)
{
    /// <summary>The blocks by level, lowest first: 0 as they were flushed, higher ones merged.</summary>
    public IReadOnlyList<LevelStatistics> Levels { get; init; } = [];
}

/// <summary>The blocks of one level.</summary>
public sealed record LevelStatistics(int Level, int Blocks, long Spans, long Bytes);

/// <summary>A store that cannot be opened; the message is one line for the operator.</summary>
public sealed class StoreOpenException(string message, Exception? inner = null) : Exception(message, inner);
