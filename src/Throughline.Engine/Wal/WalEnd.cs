namespace Throughline.Engine.Wal;

/// <summary>Where a log ends, so that a writer can go on: the outcome of reading it whole.</summary>
/// <param name="NextSegment">A number that no segment file has had.</param>
/// <param name="PreviousSegment">The last segment that was in use, 0 when there is none.</param>
/// <param name="PreviousLength">Where its records end.</param>
/// <param name="NextSequence">The number of the next record.</param>
/// <param name="TornBytes">Bytes at the end that were being written when the process or the machine stopped: never acknowledged, and
/// dropped.</param>
/// <param name="SegmentSizes">Segment files that are there, and their bytes.</param>
public sealed record WalEnd(long NextSegment, long PreviousSegment, long PreviousLength, ulong NextSequence, long TornBytes,
    IReadOnlyDictionary<long, long> SegmentSizes);
