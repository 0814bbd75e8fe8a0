using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks;

/// <summary>A view of the head at one moment. Per-trace values are worked out when they are first asked for. Thread safe.</summary>
internal sealed class HeadSegment : ISpanSegment
{
    private readonly SpanTableView _view;
    private readonly Lazy<Stats> _stats;
    private readonly Lazy<ulong[]> _waiting;
    private readonly Lazy<IReadOnlyList<OperationCount>> _operations;

    /// <summary>Looks at a table's snapshot.</summary>
    public HeadSegment(SpanTableView view)
    {
        _view = view;
        _stats = new(() => ComputeStats(view));
        _waiting = new(ComputeWaiting);
        _operations = new(() => OperationCounter.Count(view.Spans));
        var starts = view.Spans.StartUnixNano.Span;
        var (min, max) = (ulong.MaxValue, 0ul);
        foreach (var start in starts)
        {
            min = Math.Min(min, start);
            max = Math.Max(max, start);
        }
        Parts = starts.IsEmpty ? [] : [new SegmentPart(starts.Length, min, max)];
    }

    private sealed record Stats(TraceId[] Ids, ulong[] Start, ulong[] End, int[] Spans, int[] Errors);

    /// <summary>Traces in it.</summary>
    public int TraceCount => _view.TraceCount;

    /// <inheritdoc/>
    public bool IsLasting => false;

    /// <inheritdoc/>
    public SpanBatch Tables => _view.Spans;

    /// <inheritdoc/>
    public ReadOnlySpan<TraceId> TraceIds => _stats.Value.Ids;

    /// <inheritdoc/>
    public ReadOnlySpan<ulong> TraceStart => _stats.Value.Start;

    /// <inheritdoc/>
    public ReadOnlySpan<ulong> TraceEnd => _stats.Value.End;

    /// <inheritdoc/>
    public ReadOnlySpan<int> TraceSpans => _stats.Value.Spans;

    /// <inheritdoc/>
    public ReadOnlySpan<int> TraceErrors => _stats.Value.Errors;

    /// <inheritdoc/>
    public ReadOnlySpan<ulong> TraceWaiting => _waiting.Value;

    /// <inheritdoc/>
    public IReadOnlyList<SegmentPart> Parts { get; }

    /// <inheritdoc/>
    public IReadOnlyList<OperationCount> Operations => _operations.Value;

    /// <inheritdoc/>
    public int FindTrace(TraceId id) => _view.FindTrace(id);

    /// <inheritdoc/>
    public TraceFacts Facts(int ordinal) => new TraceAnalysis(_view.Spans).Of(RowsOf(ordinal));

    /// <inheritdoc/>
    public void CopyTrace(int ordinal, SpanTable into) => into.Add(_view.Spans, RowsOf(ordinal));

    /// <inheritdoc/>
    public SegmentRows Load(int part, ColumnGroups groups) => new(_view.Spans, _view.TraceOrdinal.Items.AsMemory(0, _view.Spans.RowCount));

    /// <inheritdoc/>
    public SegmentRows LoadAttribute(int part, int key) => Load(part, ColumnGroups.Attributes);

    private ReadOnlySpan<int> RowsOf(int ordinal)
    {
        var rows = new Column<int>(16);
        _view.AppendRowsOf(ordinal, ref rows);
        return rows.Span;
    }

    private static Stats ComputeStats(SpanTableView view)
    {
        var count = view.TraceCount;
        var stats = new Stats(new TraceId[count], new ulong[count], new ulong[count], new int[count], new int[count]);
        for (var t = 0; t < count; t++) stats.Ids[t] = view.TraceId(t);
        stats.Start.AsSpan().Fill(ulong.MaxValue);
        var spans = view.Spans;
        for (var row = 0; row < spans.RowCount; row++)
        {
            var t = view.TraceOrdinal[row];
            var start = spans.StartUnixNano[row];
            stats.Start[t] = Math.Min(stats.Start[t], start);
            stats.End[t] = Math.Max(stats.End[t], Math.Max(start, spans.EndUnixNano[row]));
            stats.Spans[t]++;
            if ((spans.Marks[row] & (byte)SpanMarks.Error) != 0) stats.Errors[t]++;
        }
        return stats;
    }

    private ulong[] ComputeWaiting()
    {
        var waiting = new ulong[_view.TraceCount];
        var analysis = new TraceAnalysis(_view.Spans);
        var rows = new Column<int>(16);
        for (var t = 0; t < waiting.Length; t++)
        {
            rows.Truncate(0);
            _view.AppendRowsOf(t, ref rows);
            waiting[t] = analysis.Of(rows.Span).WaitingNano;
        }
        return waiting;
    }
}
