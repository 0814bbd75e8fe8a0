using Throughline.Engine.Lifecycle;
using Throughline.Engine.Sampling;

namespace Throughline.Engine;

/// <summary>Limits and sizes of a <see cref="TraceStore"/>. Every limit has a default and, where it is hit, a message.</summary>
public sealed record TraceStoreOptions
{
    /// <summary>The directory that holds everything; one process at a time.</summary>
    public required string Directory { get; init; }

    /// <summary>Spans in the head before it is flushed to a block.</summary>
    public int HeadMaxSpans { get; init; } = 60_000;

    /// <summary>Memory of the head before it is flushed to a block.</summary>
    public long HeadMaxBytes { get; init; } = 96L << 20;

    /// <summary>A head older than this is flushed when it holds anything.</summary>
    public TimeSpan HeadMaxAge { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Traces that received spans so shortly before a head is full wait for the next block, so that few traces are split; zero splits them.</summary>
    public TimeSpan CarryOver { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A trace whose first spans were received longer ago does not wait for another block.</summary>
    public TimeSpan CarryOverMaxAge { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Spans that wait so at most; they are never more than a quarter of the head either.</summary>
    public int CarryOverMaxSpans { get; init; } = 12_500;

    /// <summary>Decides which traces become part of blocks, from the first head that recovery finds on; null: all do. Can be changed later, by <see cref="TraceStore.TailSampler"/>.</summary>
    public ITailSampler? TailSampler { get; init; }

    /// <summary>With tail sampling: spans of traces that are not quiet yet and wait for the next block at most; never more than half of the head. Above it the oldest are decided early.</summary>
    public int TailMaxSpans { get; init; } = 50_000;

    /// <summary>With tail sampling: a trace whose first spans were received longer ago is decided, quiet or not.</summary>
    public TimeSpan TailMaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>With tail sampling: a head older than this is flushed, so that what is quiet is decided.</summary>
    public TimeSpan TailHeadMaxAge { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>With tail sampling: traces whose decision is remembered for their late spans (24 bytes on disk, some 80 in memory each).</summary>
    public int TailRememberedTraces { get; init; } = 100_000;

    /// <summary>Bytes of a log segment before the next one is begun.</summary>
    public long LogSegmentBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of requests that may wait for the log; beyond them senders are told to try again.</summary>
    public long LogQueueBytes { get; init; } = 128L << 20;

    /// <summary>How far back a retried request is recognised.</summary>
    public TimeSpan DuplicateWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Requests that are remembered for that at most (about 80 bytes each).</summary>
    public int DuplicateMaxRequests { get; init; } = 500_000;

    /// <summary>Memory for what is decoded of blocks: tables, filters, columns, dictionaries.</summary>
    public long BlockCacheBytes { get; init; } = 80L << 20;

    /// <summary>When blocks are merged.</summary>
    public CompactionOptions Compaction { get; init; } = new();

    /// <summary>How long, and how much, is kept.</summary>
    public RetentionOptions Retention { get; init; } = new();

    /// <summary>Traces that may be pinned.</summary>
    public int MaxPinnedTraces { get; init; } = 10_000;

    /// <summary>How long a search may run before it answers with what it has.</summary>
    public TimeSpan SearchTimeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Searches and reads that run at once; more wait.</summary>
    public int MaxConcurrentQueries { get; init; } = 8;

    /// <summary>Memory that one query may take of its own, beside the caches; where it is hit the answer says so.</summary>
    public long QueryMaxBytes { get; init; } = 128L << 20;

    /// <summary>
    /// Memory that reading one trace may take of its own, beside the caches; where it is hit the trace is cut, and says so. Measured: 100,000 spans of the hard workload in one trace need 66 MB.
    /// </summary>
    public long TraceMaxBytes { get; init; } = 512L << 20;

    /// <summary>Memory for large traces that were read, so that the next window of one, and a span of it, need not read it again; 0 keeps none. One that needs more is not kept.</summary>
    public long TraceCacheBytes { get; init; } = 256L << 20;

    /// <summary>How long such a trace is kept after it was last asked for.</summary>
    public TimeSpan TraceCacheTime { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Memory for the counts of blocks' values, so that facets over all traces are counted once; 0 keeps none.</summary>
    public long FacetCacheBytes { get; init; } = 32L << 20;

    /// <summary>Threads that all queries together may take beside their own. One of two processors stays free for ingest.</summary>
    public int QueryHelpers { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>How long a cursor's snapshot is kept.</summary>
    public TimeSpan SnapshotLease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Memory of heads that have become blocks and are held by cursors' snapshots only; beyond it the oldest snapshots end early.</summary>
    public long SnapshotLeaseMaxBytes { get; init; } = 64L << 20;
}
