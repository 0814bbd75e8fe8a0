namespace Throughline.Engine.Lifecycle;

/// <summary>When blocks are merged. A span is meant to be rewritten about once: small blocks are collected until together they make a large one.</summary>
public sealed record CompactionOptions
{
    /// <summary>False: blocks stay as they were flushed, until the store is asked to compact.</summary>
    public bool IsOn { get; init; } = true;

    /// <summary>Spans that make a large block. Blocks of half as many are left alone.</summary>
    public long TargetSpans { get; init; } = 2_000_000;

    /// <summary>Bytes that make a large block, however few spans they are.</summary>
    public long TargetBytes { get; init; } = 256L << 20;

    /// <summary>Blocks as they were flushed that may lie about, however small they are together.</summary>
    public int MaxSmallBlocks { get; init; } = 64;

    /// <summary>Merged blocks that are still small, of which that many are merged again.</summary>
    public int MaxSmallMergedBlocks { get; init; } = 8;

    /// <summary>A block that was flushed this long ago does not wait for more.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Memory of the rows that a merge holds at once: of blocks of the same time, and of traces that lie in several. Beyond it fewer blocks are merged at a time; two that pass it stay as they are.</summary>
    public long MaxMergeBytes { get; init; } = 256L << 20;

    /// <summary>Receive times that one merged block may span: retention by age drops whole blocks.</summary>
    public TimeSpan MaxReceiveWidth { get; init; } = TimeSpan.FromDays(1);
}
