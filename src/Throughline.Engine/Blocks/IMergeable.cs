namespace Throughline.Engine.Blocks;

/// <summary>What the choice of blocks to merge asks of a block; the manifests' entries are such.</summary>
internal interface IMergeable
{
    /// <summary>Its file's length.</summary>
    long Bytes { get; }

    /// <summary>What it holds: spans, log entries, points.</summary>
    long Rows { get; }

    /// <summary>When its first request was received. Unix nanoseconds.</summary>
    ulong FirstReceivedUnixNano { get; }

    /// <summary>When its last request was received. Unix nanoseconds.</summary>
    ulong LastReceivedUnixNano { get; }

    /// <summary>0 as it was flushed; one more than the highest of the blocks that were merged into it.</summary>
    int Level { get; }
}
