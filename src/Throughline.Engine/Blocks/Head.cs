using System.Runtime.InteropServices;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks;

/// <summary>
/// The spans since the last block, searchable at once. The log's loop adds, any thread takes views; both under the head's own lock, so that a view holds whole
/// requests only.
/// </summary>
internal sealed class Head(ulong beganUnixNano)
{
    private readonly Lock _gate = new();
    private readonly SpanTable _table = new();
    private readonly HeadDerived _derived = new();
    private readonly List<RequestDigest> _digests = [];
    private HeadSegment? _segment;

    /// <summary>When it was begun, Unix nanoseconds.</summary>
    public ulong BeganUnixNano { get; } = beganUnixNano;

    /// <summary>Spans in it.</summary>
    public int SpanCount => Volatile.Read(ref _spanCount);
    private int _spanCount;

    /// <summary>Memory that it holds, in bytes, near enough for limits.</summary>
    public long MemoryBytes => Interlocked.Read(ref _memoryBytes);
    private long _memoryBytes;

    /// <summary>Adds the spans of one request; visible to views that are taken afterwards.</summary>
    public void Add(SpanBatch batch, RequestDigest request)
    {
        lock (_gate)
        {
            _table.Add(batch);
            _digests.Add(request);
            _segment = null;
            Volatile.Write(ref _spanCount, _table.Spans.RowCount);
            Interlocked.Exchange(ref _memoryBytes, _table.MemoryBytes);
        }
    }

    /// <summary>The head as it is now.</summary>
    public HeadSegment View()
    {
        lock (_gate)
        {
            return _segment ??= new HeadSegment(_table.Snapshot(), _derived);
        }
    }

    /// <summary>Writes a frozen head, to which nobody adds any more, as a block.</summary>
    public long WriteBlock(Files.IWritableFile file, CancellationToken cancellationToken) =>
        Version0.BlockWriter.Write(_table.Snapshot(), CollectionsMarshal.AsSpan(_digests), file, cancellationToken);
}
