using Throughline.Engine.Lifecycle;

namespace Throughline.Engine.Signals;

/// <summary>Limits and sizes of the store of a signal. Every limit has a default and, where it is hit, a message.</summary>
public sealed record SignalStoreOptions
{
    /// <summary>Items in the head before it is flushed to a block.</summary>
    public long HeadMaxItems { get; init; } = 1_000_000;

    /// <summary>Memory of the head before it is flushed to a block. While one head is written the next may grow to twice as much.</summary>
    public long HeadMaxBytes { get; init; } = 32L << 20;

    /// <summary>A head older than this is flushed when it holds anything.</summary>
    public TimeSpan HeadMaxAge { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Bytes of a log segment before the next one is begun.</summary>
    public long LogSegmentBytes { get; init; } = 32L << 20;

    /// <summary>Bytes of requests that may wait for the log; beyond them senders are told to try again.</summary>
    public long LogQueueBytes { get; init; } = 64L << 20;

    /// <summary>How far back a retried request is recognised.</summary>
    public TimeSpan DuplicateWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Requests that are remembered for that at most (about 80 bytes each).</summary>
    public int DuplicateMaxRequests { get; init; } = 200_000;

    /// <summary>Memory for what is decoded of blocks.</summary>
    public long BlockCacheBytes { get; init; } = 32L << 20;

    /// <summary>
    /// When blocks are merged; what it calls spans are the signal's items. Small blocks wait longer than those of traces, since no trace has to be rejoined: by the policy alone a byte is rewritten once under load, and 1.8 times
    /// where a head of 300 kB comes every half hour (3.5 times if blocks waited for 15 minutes).
    /// </summary>
    public CompactionOptions Compaction { get; init; } = new() { TargetSpans = 16_000_000, TargetBytes = 128L << 20, MaxMergeBytes = 128L << 20, MaxWait = TimeSpan.FromHours(6) };

    /// <summary>Age at which blocks go, counted from when their last request was received; zero keeps them for ever.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Bytes of blocks that are kept, the latest ones; 0 for no limit. Blocks go whole.</summary>
    public long MaxBytes { get; init; }
}
