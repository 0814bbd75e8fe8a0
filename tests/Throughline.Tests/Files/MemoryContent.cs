namespace Throughline.Tests.Files;

/// <summary>Bytes of a file in <see cref="MemoryFileSystem"/>, and how many of them are durable.</summary>
internal sealed class MemoryContent
{
    private int _syncedLength;

    public List<byte> Bytes { get; } = [];

    public int Length => Bytes.Count;

    public void Sync() => _syncedLength = Bytes.Count;

    /// <summary>What is left of the file after a crash, all of it durable.</summary>
    public MemoryContent AfterCrash(Random? luck)
    {
        var copy = new MemoryContent();
        var length = _syncedLength + (luck?.Next(Length - _syncedLength + 1) ?? 0);
        copy.Bytes.AddRange(Bytes.Take(length));
        // A disk writes pages in any order: the length may be there and a page before the end not, or with what the disk had there before.
        if (luck is not null && length > _syncedLength && luck.Next(3) is var kind && kind < 2)
        {
            var from = luck.Next(_syncedLength, length);
            var to = luck.Next(from, length + 1);
            for (var i = from; i < to; i++)
                copy.Bytes[i] = kind == 0 ? (byte)0 : (byte)luck.Next(256);
        }
        copy.Sync();
        return copy;
    }
}

/// <summary>A directory: the names as programs see them, those that are durable, and what was done since, in order.</summary>
internal sealed class MemoryDirectory
{
    public Dictionary<string, MemoryContent> Names { get; } = [];

    public Dictionary<string, MemoryContent> Durable { get; } = [];

    public List<PendingName> Pending { get; } = [];
}

/// <summary>A name that was given (with <paramref name="RemovedName"/>, by a rename) or, without content, taken away, and is not durable yet.</summary>
internal sealed record PendingName(string Name, string? RemovedName, MemoryContent? Content)
{
    public void Apply(Dictionary<string, MemoryContent> names)
    {
        if (RemovedName is not null)
            names.Remove(RemovedName);
        if (Content is null)
            names.Remove(Name);
        else
            names[Name] = Content;
    }
}
