using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Sampling;

namespace Throughline.Engine.Blocks;

/// <summary>
/// The spans since the last block, searchable at once. The log's loop adds, any thread takes views; both under the head's own lock, so that a view holds whole
/// requests only. Who made it holds it; others who keep a view of it hold it too (<see cref="Retain"/>), and when the last one has let go its memory serves another head.
/// </summary>
/// <param name="beganUnixNano">When it is begun.</param>
/// <param name="tables">Where its memory comes from and goes to.</param>
/// <param name="firstSegment">The first log segment whose records are added to it.</param>
internal sealed class Head(ulong beganUnixNano, SpanTablePool tables, long firstSegment = 1)
{
    private readonly Lock _gate = new();
    private readonly SpanTable _table = tables.Rent();
    private readonly List<RequestDigest> _digests = [];
    private readonly HeadDerived _derived = new();
    private readonly List<(int Row, ulong ReceivedUnixNano)> _arrivals = [];
    private readonly Dictionary<TraceId, (long FromSegment, ulong ReceivedUnixNano)> _carriedIn = [];
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
            BeginArrival(request.ReceivedUnixNano);
            _table.Add(batch);
            _digests.Add(request);
            EndArrival();
        }
    }

    /// <summary>Adds what the head before this one left: its spans stay in the log segments that they came in, and their requests are known by its block.</summary>
    public void Carry(Head from, CarriedSpans carried)
    {
        lock (_gate)
        {
            // They count as received when the other head ended: who hears nothing more of them lets them go with the next block.
            BeginArrival(from.LastReceivedUnixNano);
            _table.Add(from._table.Spans, carried.Rows);
            for (var i = 0; i < carried.Traces.Length; i++)
            {
                _carriedIn[carried.Traces[i].Id] = (carried.Traces[i].FromSegment, carried.FirstReceivedUnixNano[i]);
                FirstReceivedUnixNano = Math.Min(FirstReceivedUnixNano, carried.FirstReceivedUnixNano[i]);
            }
            EndArrival();
        }
    }

    /// <summary>Adds rows of carried traces that recovery found in a segment of before this head.</summary>
    public void Carry(SpanBatch batch, ReadOnlySpan<int> rows, ulong receivedUnixNano, Func<TraceId, long> fromSegment)
    {
        lock (_gate)
        {
            BeginArrival(receivedUnixNano);
            _table.Add(batch, rows);
            foreach (var row in rows) _carriedIn.TryAdd(batch.TraceId[row], (fromSegment(batch.TraceId[row]), receivedUnixNano));
            EndArrival();
        }
    }

    private void BeginArrival(ulong receivedUnixNano)
    {
        FirstReceivedUnixNano = _arrivals.Count == 0 ? receivedUnixNano : Math.Min(FirstReceivedUnixNano, receivedUnixNano);
        // The clock may have gone back between two requests.
        LastReceivedUnixNano = Math.Max(LastReceivedUnixNano, receivedUnixNano);
        _arrivals.Add((_table.Spans.RowCount, receivedUnixNano));
    }

    private void EndArrival()
    {
        _segment = null;
        Volatile.Write(ref _spanCount, _table.Spans.RowCount);
        Interlocked.Exchange(ref _memoryBytes, _table.UsedBytes);
    }

    /// <summary>The traces that a frozen head leaves for the next one.</summary>
    public CarriedSpans ChooseCarried(ulong cutUnixNano, CarryLimits limits)
    {
        return CarriedSpans.Choose(_table.Snapshot(), cutUnixNano, limits, ReceivedOf,
            (id, firstRow) => _carriedIn.TryGetValue(id, out var origin) ? origin : (firstSegment, ReceivedOf(firstRow)));
    }

    /// <summary>All its spans as they are now; for who makes a block of a frozen head.</summary>
    public SpanTableView TableView() => _table.Snapshot();

    /// <summary>Whether a row was received so shortly before a moment.</summary>
    public bool IsActive(int row, ulong nowUnixNano, ulong windowNano) => !CarriedSpans.IsOver(ReceivedOf(row), nowUnixNano, windowNano);

    /// <summary>The number of a trace state with a threshold in it. Of a frozen head, to which nobody else adds.</summary>
    public int TraceStateWith(int state, ulong threshold)
    {
        var text = _table.Spans.Strings[state];
        return SamplingThreshold.Read(text) >= threshold ? state : _table.Spans.Strings.GetOrAdd(SamplingThreshold.Write(text, threshold));
    }

    private ulong ReceivedOf(int row)
    {
        var (low, high) = (0, _arrivals.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_arrivals[middle].Row <= row) low = middle;
            else high = middle - 1;
        }
        return _arrivals[low].ReceivedUnixNano;
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
    /// Writes a frozen head, to which nobody adds any more, as a block that says which of its traces may have spans in other blocks; without the traces of
    /// <paramref name="carried"/> and those of <paramref name="dropped"/>, numbers in ascending order. Answers the file's length.
    /// </summary>
    /// <param name="traceStates">By row: what stands in place of its trace state; null: nothing does.</param>
    public long WriteBlock(BlockWriter writer, Files.IWritableFile file, Predicate<TraceId> isInBlocks, CarriedSpans carried, int[] dropped, Column<int>? traceStates, CancellationToken cancellationToken)
    {
        var view = _table.Snapshot();
        // The view's batch is its own: who reads the head sees the states that came.
        if (traceStates is { } states) view.Spans.TraceState = states;
        var left = Merged(carried.Ordinals, dropped);
        var split = new List<TraceId>();
        var next = 0;
        for (var trace = 0; trace < view.TraceCount; trace++)
        {
            if (next < left.Length && left[next] == trace) next++;
            else if (isInBlocks(view.TraceId(trace))) split.Add(view.TraceId(trace));
        }
        return writer.Write(view, CollectionsMarshal.AsSpan(_digests), CollectionsMarshal.AsSpan(split), left, carried.Ordinals, file, cancellationToken);
    }

    /// <summary>The same with nothing dropped.</summary>
    public long WriteBlock(BlockWriter writer, Files.IWritableFile file, Predicate<TraceId> isInBlocks, CarriedSpans carried, CancellationToken cancellationToken) =>
        WriteBlock(writer, file, isInBlocks, carried, [], null, cancellationToken);

    private static int[] Merged(int[] carried, int[] dropped)
    {
        if (dropped.Length == 0) return carried;
        int[] all = [.. carried, .. dropped];
        Array.Sort(all);
        return all;
    }
}
