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

    /// <summary>Writes a frozen head, to which nobody adds any more, as a block that says which of its traces may have spans in others.</summary>
    public long WriteBlock(Files.IWritableFile file, Predicate<TraceId> isInBlocks, CancellationToken cancellationToken)
    {
        var view = _table.Snapshot();
        var split = new List<TraceId>();
        for (var trace = 0; trace < view.TraceCount; trace++)
        {
            if (isInBlocks(view.TraceId(trace))) split.Add(view.TraceId(trace));
        }
        using var writer = new BlockWriter();
        return writer.Write(view, CollectionsMarshal.AsSpan(_digests), CollectionsMarshal.AsSpan(split), [], file, cancellationToken);
    }
}
