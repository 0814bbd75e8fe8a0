using System.Runtime.InteropServices;

namespace Throughline.Tests.Files;

/// <summary>Bytes of a file in <see cref="MemoryFileSystem"/>, and how many of them are durable.</summary>
internal sealed class MemoryContent
{
    /// <summary>Bytes that a disk writes whole or not at all.</summary>
    private const int Sector = 512;

    private readonly List<(int Offset, byte[] Old)> _writtenOver = [];
    private int _syncedLength;

    public List<byte> Bytes { get; } = [];

    public int Length => Bytes.Count;

    public void Sync()
    {
        _syncedLength = Bytes.Count;
        _writtenOver.Clear();
    }

    /// <summary>Writes at a place within the file or at its end.</summary>
    public void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        var replaced = Math.Min(bytes.Length, Math.Max(0, Length - offset));
        // What was never durable may be anything after a crash in any case.
        var old = Math.Min(replaced, Math.Max(0, _syncedLength - offset));
        if (old > 0) _writtenOver.Add((offset, [.. CollectionsMarshal.AsSpan(Bytes).Slice(offset, old)]));
        bytes[..replaced].CopyTo(CollectionsMarshal.AsSpan(Bytes)[offset..]);
        Bytes.AddRange(bytes[replaced..]);
    }

    /// <summary>Puts the old bytes of what was written over and not synced back: all of them, or with luck those of some sectors.</summary>
    private void Undo(List<byte> bytes, Random? luck)
    {
        var kept = new Dictionary<int, bool>();
        for (var i = _writtenOver.Count - 1; i >= 0; i--)
        {
            var (offset, old) = _writtenOver[i];
            for (var at = 0; at < old.Length; at++)
            {
                var sector = (offset + at) / Sector;
                if (!kept.TryGetValue(sector, out var isKept)) kept.Add(sector, isKept = luck is not null && luck.Next(2) == 0);
                if (!isKept && offset + at < bytes.Count) bytes[offset + at] = old[at];
            }
        }
    }

    /// <summary>What is left of the file after a crash, all of it durable.</summary>
    public MemoryContent AfterCrash(Random? luck)
    {
        var copy = new MemoryContent();
        var length = _syncedLength + (luck?.Next(Length - _syncedLength + 1) ?? 0);
        copy.Bytes.AddRange(Bytes.Take(length));
        Undo(copy.Bytes, luck);
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
