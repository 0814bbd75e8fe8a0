namespace Throughline.Telemetry.Profiling.NetTrace;

/// <summary>The compressed header of an event: what it doesn't name is as with the event before it in the block.</summary>
internal struct EventHeader
{
    [Flags]
    private enum Named : byte
    {
        MetadataId = 1, CaptureThread = 2, ThreadId = 4, StackId = 8, ActivityId = 16, RelatedActivityId = 32, PayloadSize = 128,
    }

    private const int ActivityIdSize = 16;

    public int MetadataId { get; private set; }

    /// <summary>The event's number among those that its capturing thread made, lost ones included.</summary>
    public int Sequence { get; private set; }

    /// <summary>The thread that wrote the event; samples of all threads are written by one.</summary>
    public long CaptureThreadId { get; private set; }

    public long ThreadId { get; private set; }

    public int StackId { get; private set; }

    public long Time { get; private set; }

    public int PayloadSize { get; private set; }

    public void Read(ref BlockReader block)
    {
        var named = (Named)block.Byte();
        if (named.HasFlag(Named.MetadataId)) MetadataId = (int)block.VarUInt();
        if (named.HasFlag(Named.CaptureThread))
        {
            Sequence += (int)block.VarUInt();
            CaptureThreadId = (long)block.VarUInt();
            block.VarUInt(); // the processor
        }
        if (MetadataId != 0) Sequence++;
        if (named.HasFlag(Named.ThreadId)) ThreadId = (long)block.VarUInt();
        if (named.HasFlag(Named.StackId)) StackId = (int)block.VarUInt();
        Time += (long)block.VarUInt();
        if (named.HasFlag(Named.ActivityId)) block.Take(ActivityIdSize);
        if (named.HasFlag(Named.RelatedActivityId)) block.Take(ActivityIdSize);
        if (named.HasFlag(Named.PayloadSize)) PayloadSize = (int)block.VarUInt();
    }
}
