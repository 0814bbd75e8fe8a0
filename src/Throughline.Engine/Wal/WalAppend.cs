namespace Throughline.Engine.Wal;

/// <summary>How an append to the log ended.</summary>
public enum WalAppendStatus
{
    /// <summary>The record is on disk and the commit handler has seen it.</summary>
    Committed,
    /// <summary>Too much is waiting; nothing was written.</summary>
    Overloaded,
    /// <summary>
    /// The disk refused, or the log is closed: nothing is promised. The record may still come back in recovery when the process dies
    /// before the next segment is begun.
    /// </summary>
    Failed,
}

/// <summary>The outcome of an append: its number in the log when committed, else a message that says what happened.</summary>
public readonly record struct WalAppend(WalAppendStatus Status, ulong Sequence, string Message);

/// <summary>
/// A place between two records: all committed before it lie in segments below <paramref name="Segment"/> and have lower numbers than
/// <paramref name="NextSequence"/>.
/// </summary>
public readonly record struct WalCut(long Segment, ulong NextSequence);
