namespace Throughline.Engine.Wal;

/// <summary>A record as <see cref="WalReader"/> found it. The payload is valid until the next read.</summary>
/// <param name="Sequence">Its number in the log, growing, with gaps where appends failed.</param>
/// <param name="Segment">Number of the segment that it lies in.</param>
/// <param name="Offset">Offset of its frame in the segment.</param>
public readonly record struct WalRecord(ulong Sequence, WalRecordHeader Header, ReadOnlyMemory<byte> Payload, long Segment, long Offset);
