namespace Throughline.Server.Forward;

/// <summary>A run of the queue's records that lies in segments of its own, hence can be deleted by itself. Its queue guards it.</summary>
internal sealed class ForwardChunk(long firstSegment)
{
    private readonly CancellationTokenSource _dropped = new();

    /// <summary>The first segment that may hold records of it.</summary>
    public long FirstSegment => firstSegment;

    /// <summary>The first segment behind it; 0 while it is still written.</summary>
    public long EndSegment { get; set; }

    /// <summary>Items that wait.</summary>
    public long Items { get; private set; }

    /// <summary>Bytes of its records.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of those of its records that were appended once more, to be sent after others.</summary>
    public long MovedBytes { get; set; }

    /// <summary>When the first of it came.</summary>
    public ulong FirstUnixNano { get; private set; }

    /// <summary>Cancelled when it had to give way.</summary>
    public CancellationToken Dropped => _dropped.Token;

    public void Add(long items, long bytes, ulong unixNano)
    {
        if (Bytes == 0) FirstUnixNano = unixNano;
        Items += items;
        Bytes += bytes;
    }

    /// <summary>Some items need not wait any more.</summary>
    public void Took(long items) => Items -= items;

    public void Drop() => _dropped.Cancel();
}
