namespace Throughline.Engine.Inspection;

/// <summary>Bytes of a part of a store's files.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Bytes">How many.</param>
public sealed record PartSize(string Name, long Bytes);

/// <summary>What a store's files hold and where their bytes go. Times in Unix nanoseconds. Immutable.</summary>
public sealed record StoreSizes
{
    /// <summary>Blocks.</summary>
    public required int Blocks { get; init; }

    /// <summary>Blocks by level: 0 as they were flushed, more after compaction.</summary>
    public required IReadOnlyList<(int Level, int Blocks, long Spans, long Bytes)> Levels { get; init; }

    /// <summary>Spans in blocks.</summary>
    public required long BlockSpans { get; init; }

    /// <summary>Traces in blocks; one that lies in several counts in each.</summary>
    public required long BlockTraces { get; init; }

    /// <summary>Bytes of the blocks.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>Where the blocks' bytes go; together <see cref="BlockBytes"/>.</summary>
    public required IReadOnlyList<PartSize> Parts { get; init; }

    /// <summary>The largest columns of attributes with their dictionaries, by key; the largest first.</summary>
    public required IReadOnlyList<PartSize> LargestKeys { get; init; }

    /// <summary>Requests in the log.</summary>
    public required long LogRecords { get; init; }

    /// <summary>Spans in them.</summary>
    public required long LogSpans { get; init; }

    /// <summary>Bytes of the log's files.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Start of the earliest span in blocks; null without any.</summary>
    public required ulong? EarliestStart { get; init; }

    /// <summary>Start of the latest span in blocks; null without any.</summary>
    public required ulong? LatestStart { get; init; }

    /// <summary>When the first request of the blocks was received; null when that is not known.</summary>
    public required ulong? FirstReceived { get; init; }

    /// <summary>When the last request of the blocks was received; null when that is not known.</summary>
    public required ulong? LastReceived { get; init; }

    /// <summary>Traces that retention keeps.</summary>
    public required int Pins { get; init; }

    /// <summary>Traces that start before it are hidden by retention; 0 hides nothing.</summary>
    public required ulong HiddenBefore { get; init; }

    /// <summary>Blocks whose parts are not in the figures, with the reason.</summary>
    public required IReadOnlyList<string> Unreadable { get; init; }

    /// <summary>The signals beside the traces.</summary>
    public IReadOnlyList<SignalSizes> Signals { get; init; } = [];
}
