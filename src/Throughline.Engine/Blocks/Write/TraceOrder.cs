using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>The traces of a head by start, ties by id, and the rows of each by start, ties by span id and then by texts. Keeps its buffers; one owner.</summary>
internal sealed class TraceOrder
{
    private Column<int> _rows = new(0);
    private int[] _ends = [];
    private int[] _traces = [];
    private ulong[] _starts = [];

    /// <summary>Number of traces.</summary>
    public int Count { get; private set; }

    /// <summary>The i-th trace, as it is numbered in the head, and its rows; valid until the next <see cref="Of"/>.</summary>
    public (int Trace, ReadOnlyMemory<int> Rows) At(int i)
    {
        var trace = _traces[i];
        var first = trace == 0 ? 0 : _ends[trace - 1];
        return (trace, _rows.Items.AsMemory(first.._ends[trace]));
    }

    /// <summary>Orders the head's traces, without those in <paramref name="left"/> (ascending).</summary>
    public void Of(SpanTableView head, ReadOnlySpan<int> left, CancellationToken cancellationToken)
    {
        var count = head.TraceCount;
        if (_ends.Length < count) (_ends, _traces, _starts) = (new int[count], new int[count], new ulong[count]);
        _rows.Truncate(0);
        var spans = head.Spans;
        var comparer = new RowOrder(spans);
        Count = 0;
        for (var trace = 0; trace < count; trace++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var first = _rows.Count;
            if (!left.IsEmpty && left[0] == trace) left = left[1..];
            else head.AppendRowsOf(trace, ref _rows);
            _ends[trace] = _rows.Count;
            if (_rows.Count == first) continue;
            var rows = _rows.Items.AsSpan(first.._rows.Count);
            comparer.Sort(rows);
            _starts[Count] = spans.StartUnixNano[rows[0]];
            _traces[Count++] = trace;
        }
        Array.Sort(_starts, _traces, 0, Count);
        OrderTies(head);
    }

    private void OrderTies(SpanTableView head)
    {
        for (var i = 0; i < Count;)
        {
            var end = i + 1;
            while (end < Count && _starts[end] == _starts[i]) end++;
            if (end - i > 1) _traces.AsSpan(i..end).Sort((a, b) => head.TraceId(a).CompareTo(head.TraceId(b)));
            i = end;
        }
    }
}

/// <summary>The order of a trace's rows. Owned by one thread.</summary>
internal sealed class RowOrder(SpanBatch spans) : IComparer<int>
{
    /// <summary>Sorts rows.</summary>
    public void Sort(Span<int> rows) => RowSort.Sort(rows, this);

    /// <inheritdoc/>
    public int Compare(int x, int y)
    {
        var order = spans.StartUnixNano[x].CompareTo(spans.StartUnixNano[y]);
        if (order == 0) order = spans.SpanId[x].CompareTo(spans.SpanId[y]);
        if (order == 0) order = Texts(spans.Resources.Service[spans.Resource[x]], spans.Resources.Service[spans.Resource[y]]);
        if (order == 0) order = Texts(spans.Name[x], spans.Name[y]);
        if (order == 0) order = Texts(spans.StatusMessage[x], spans.StatusMessage[y]);
        return order != 0 ? order : x.CompareTo(y);
    }

    private int Texts(int a, int b) => a == b ? 0 : spans.Strings[a].SequenceCompareTo(spans.Strings[b]);
}
