using System.Runtime.InteropServices;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks;

/// <summary>
/// The spans since the last block, searchable at once. The log's loop adds, any thread takes views; both under the head's own lock, so that a view holds whole
/// requests only. Who made it holds it; others who keep a view of it hold it too (<see cref="Retain"/>), and when the last one has let go its memory serves another head.
/// </summary>
/// <param name="beganUnixNano">When it is begun.</param>
/// <param name="tables">Where its memory comes from and goes to.</param>
internal sealed class Head(ulong beganUnixNano, SpanTablePool tables)
{
    private readonly Lock _gate = new();
    private readonly SpanTable _table = tables.Rent();
    private readonly List<RequestDigest> _digests = [];
    private readonly HeadDerived _derived = new();
    private HeadSegment? _segment;
    private int _holders = 1;

    /// <summary>When it was begun, Unix nanoseconds.</summary>
    public ulong BeganUnixNano { get; } = beganUnixNano;

    /// <summary>When its first request was received, Unix nanoseconds; 0 while there is none.</summary>
    public ulong FirstReceivedUnixNano { get; private set; }

    /// <summary>When its last request was received, Unix nanoseconds.</summary>
    public ulong LastReceivedUnixNano { get; private set; }

    /// <summary>Spans in it.</summary>
    public int SpanCount => Volatile.Read(ref _spanCount);
    private int _spanCount;

    /// <summary>Memory that its spans take, in bytes, near enough for limits.</summary>
    public long MemoryBytes => Interlocked.Read(ref _memoryBytes);
    private long _memoryBytes;

    /// <summary>Adds the spans of one request; visible to views that are taken afterwards.</summary>
    public void Add(SpanBatch batch, RequestDigest request)
    {
        lock (_gate)
        {
            _table.Add(batch);
            if (_digests.Count == 0) FirstReceivedUnixNano = request.ReceivedUnixNano;
            // The clock may have gone back between two requests.
            LastReceivedUnixNano = Math.Max(LastReceivedUnixNano, request.ReceivedUnixNano);
            _digests.Add(request);
            _segment = null;
            Volatile.Write(ref _spanCount, _table.Spans.RowCount);
            Interlocked.Exchange(ref _memoryBytes, _table.UsedBytes);
        }
    }

    /// <summary>One holder more. Only who knows that there is one may call it.</summary>
    public void Retain() => Interlocked.Increment(ref _holders);

    /// <summary>One holder less. After the last one nobody may ask the head for anything, nor look at a view of it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        _segment = null;
        tables.Return(_table);
    }

    /// <summary>The head as it is now. Valid as long as someone holds the head.</summary>
    public HeadSegment View()
    {
        lock (_gate)
        {
            return _segment ??= new HeadSegment(_table.Snapshot(), _derived);
        }
    }

    /// <summary>
    /// Writes a frozen head, to which nobody adds any more, as a block that says which of its traces may have spans in other blocks. Answers the file's length.
    /// </summary>
    public long WriteBlock(BlockWriter writer, Files.IWritableFile file, Predicate<TraceId> isInBlocks, CancellationToken cancellationToken)
    {
        var view = _table.Snapshot();
        var split = new List<TraceId>();
        for (var trace = 0; trace < view.TraceCount; trace++)
        {
            if (isInBlocks(view.TraceId(trace))) split.Add(view.TraceId(trace));
        }
        return writer.Write(view, CollectionsMarshal.AsSpan(_digests), CollectionsMarshal.AsSpan(split), [], file, cancellationToken);
    }
}
