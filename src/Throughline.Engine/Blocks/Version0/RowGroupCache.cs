using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>
/// Decoded row groups of all blocks of a store, the least recently used dropped first when their memory passes the limit. Thread safe. What it hands out
/// is immutable and may be used after it was dropped.
/// </summary>
internal sealed class RowGroupCache(long limitBytes)
{
    /// <summary>In place of a key: all attributes, or none.</summary>
    public const int NoKey = -1;

    private readonly Lock _gate = new();
    private readonly Dictionary<(BlockReader Block, int Part, int Key), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _bytes;

    private sealed record Entry((BlockReader Block, int Part, int Key) Key, ColumnGroups Groups, SpanBatch Rows, int[] TraceOrdinal, long Bytes);

    /// <summary>What is decoded of a row group, with the attributes of one key alone or with <see cref="NoKey"/>; false when nothing is.</summary>
    public bool TryGet(BlockReader block, int part, int key, out ColumnGroups groups, out SpanBatch rows, out int[] traceOrdinal)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue((block, part, key), out var node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                (groups, rows, traceOrdinal) = (node.Value.Groups, node.Value.Rows, node.Value.TraceOrdinal);
                return true;
            }
        }
        (groups, rows, traceOrdinal) = (0, new SpanBatch(), []);
        return false;
    }

    /// <summary>Keeps a decoded row group in place of what was there before.</summary>
    public void Put(BlockReader block, int part, int key, ColumnGroups groups, SpanBatch rows, int[] traceOrdinal)
    {
        var bytes = rows.SpanId.Items.LongLength + rows.MemoryBytes - rows.Strings.MemoryBytes - rows.Blobs.MemoryBytes + traceOrdinal.LongLength * 4 + rows.StartUnixNano.Items.LongLength * 60;
        var node = new LinkedListNode<Entry>(new Entry((block, part, key), groups, rows, traceOrdinal, bytes));
        lock (_gate)
        {
            if (_entries.Remove((block, part, key), out var old)) Drop(old);
            _entries.Add((block, part, key), node);
            _byUse.AddFirst(node);
            _bytes += bytes;
            while (_bytes > limitBytes && _byUse.Last is { } last)
            {
                _entries.Remove(last.Value.Key);
                Drop(last);
            }
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _bytes -= node.Value.Bytes;
    }
}
