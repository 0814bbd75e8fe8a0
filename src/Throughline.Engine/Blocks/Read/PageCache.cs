namespace Throughline.Engine.Blocks.Read;

/// <summary>What a decoded thing is made of: pages of one column, and what is worked out from them.</summary>
internal enum CachedForm : byte
{
    /// <summary>Numbers as stored.</summary>
    Numbers,
    /// <summary>Starts, durations, sums: numbers that need more than their own page.</summary>
    Derived,
    /// <summary>Bits: rows that have a value of the column, or shapes that a part has.</summary>
    Bits,
    /// <summary>Running offsets.</summary>
    Offsets,
    /// <summary>Values of fixed width.</summary>
    Raw,
    /// <summary>A page of dictionary entries.</summary>
    Entries,
}

/// <summary>Names a decoded thing.</summary>
internal readonly record struct CacheKey(int Block, int RowGroup, int Column, int Page, CachedForm Form);

/// <summary>
/// Everything decoded of the blocks of a store, the least recently used dropped first when its memory passes the limit. Tables that open blocks hold on to are counted with it. Thread safe. What it
/// hands out is immutable and may be used after it was dropped.
/// </summary>
internal sealed class PageCache(long limitBytes)
{
    /// <summary>What an entry costs beside its bytes.</summary>
    private const int EntryBytes = 160;

    private readonly Lock _gate = new();
    private readonly Dictionary<CacheKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _bytes;
    private int _lastBlock;

    private sealed record Entry(CacheKey Key, object Value, long Bytes);

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes => Interlocked.Read(ref _bytes);

    /// <summary>A number for a block that is opened, never given twice.</summary>
    public int NextBlock() => Interlocked.Increment(ref _lastBlock);

    /// <summary>The thing, or null when it is not there.</summary>
    public T? Find<T>(in CacheKey key)
        where T : class
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var node)) return null;
            if (_byUse.First != node)
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
            }
            return (T)node.Value.Value;
        }
    }

    /// <summary>Keeps a thing that was not there; when another thread was quicker, that one's is the same.</summary>
    public void Keep(in CacheKey key, object value, long bytes)
    {
        lock (_gate)
        {
            // What is larger than all of the cache would only empty it.
            if (_entries.ContainsKey(key) || bytes > limitBytes) return;
            _entries.Add(key, _byUse.AddFirst(new Entry(key, value, bytes + EntryBytes)));
            _bytes += bytes + EntryBytes;
            Shrink();
        }
    }

    /// <summary>Whether so much more can be kept without dropping anything.</summary>
    public bool HasRoomFor(long bytes) => MemoryBytes + bytes + EntryBytes <= limitBytes;

    /// <summary>Counts memory that is held for as long as a block is open (or no more, when negative).</summary>
    public void Hold(long bytes)
    {
        lock (_gate)
        {
            _bytes += bytes;
            Shrink();
        }
    }

    /// <summary>Drops everything of a block that is closed.</summary>
    public void Forget(int block)
    {
        lock (_gate)
        {
            for (var node = _byUse.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Key.Block == block) Drop(node);
                node = next;
            }
        }
    }

    private void Shrink()
    {
        while (_bytes > limitBytes && _byUse.Last is { } last) Drop(last);
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Key);
        _byUse.Remove(node);
        _bytes -= node.Value.Bytes;
    }
}
