namespace Throughline.Engine.Wal;

/// <summary>Limits of a log.</summary>
public sealed record WalOptions
{
    /// <summary>The directory of the segments; nothing else with a name like theirs lies in it.</summary>
    public required string Directory { get; init; }

    /// <summary>Bytes of a segment after which the next one is begun.</summary>
    public long SegmentBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Bytes of payloads that may wait or be under way; beyond them appends are answered <see cref="WalAppendStatus.Overloaded"/>.
    /// </summary>
    public long QueueBytes { get; init; } = 128L << 20;

    /// <summary>
    /// Bytes of payloads that are written and synced together. A bound on what one sync takes, not a target: a group is whatever arrived
    /// during the sync before it.
    /// </summary>
    public int GroupBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of the largest payload. A frame that claims more is not believed.</summary>
    public int MaxPayloadBytes { get; init; } = 128 << 20;
}
