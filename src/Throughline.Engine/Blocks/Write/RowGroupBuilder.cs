using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The columns of the row group that is being written, in the block's numbers. <see cref="BatchRows"/> and <see cref="BlockRuns"/> append to them, each all columns by the same rows. Keeps its buffers.
/// Owned by a <see cref="BlockBuilder"/>.
/// </summary>
internal sealed class RowGroupBuilder(BlockTablesBuilder tables, SummaryBuilder summaries, PageWriter pages, int remembered)
{
    private readonly Column<long>[] _columns = NewColumns();

    /// <summary>Ids of the spans.</summary>
    public Column<ulong> SpanIds = new(0);

    /// <summary>Starts of the spans, Unix nanoseconds.</summary>
    public Column<ulong> Starts = new(0);

    /// <summary>Ids of parents that are not in their trace, in the order of the rows that have one.</summary>
    public Column<ulong> ParentsElsewhere = new(0);

    /// <summary>Traces that links lead to.</summary>
    public Column<TraceId> LinkTraceIds = new(0);

    /// <summary>Spans that links lead to.</summary>
    public Column<ulong> LinkSpanIds = new(0);

    private ulong _lastTraceStart;
    private ulong _maxTraceStart;
    private ulong _maxTraceDuration;

    private static Column<long>[] NewColumns()
    {
        var columns = new Column<long>[BlockColumn.TraceIds];
        foreach (ref var column in columns.AsSpan()) column = new Column<long>(0);
        return columns;
    }

    /// <summary>Rows so far.</summary>
    public int Rows => SpanIds.Count;

    /// <summary>The columns of attributes, and the dictionaries.</summary>
    public ValueColumns Values { get; } = new(tables, pages, remembered);

    /// <summary>A column of numbers, by <see cref="BlockColumn"/>.</summary>
    public ref Column<long> this[int column] => ref _columns[column];

    /// <summary>Forgets everything, as after a block that was not finished.</summary>
    public void Clear()
    {
        Values.Clear();
        Reset();
    }

    private void Reset()
    {
        foreach (ref var column in _columns.AsSpan()) column.Truncate(0);
        SpanIds.Truncate(0);
        Starts.Truncate(0);
        ParentsElsewhere.Truncate(0);
        LinkTraceIds.Truncate(0);
        LinkSpanIds.Truncate(0);
        (_maxTraceStart, _maxTraceDuration, _lastTraceStart) = (0, 0, 0);
    }

    /// <summary>Appends times of a trace; the other columns of traces are the caller's.</summary>
    /// <param name="startUnixNano">Start of its first span.</param>
    /// <param name="lengthNano">From there to its end.</param>
    public void AddTraceTimes(ulong startUnixNano, ulong lengthNano)
    {
        _columns[BlockColumn.TraceStart].Add((long)(startUnixNano - _lastTraceStart));
        _columns[BlockColumn.TraceEnd].Add((long)lengthNano);
        _lastTraceStart = startUnixNano;
        _maxTraceStart = Math.Max(_maxTraceStart, startUnixNano);
        _maxTraceDuration = Math.Max(_maxTraceDuration, lengthNano);
    }

    /// <summary>Writes the pages of the row group and makes ready for the next.</summary>
    public RowGroupFacts Write(int rowGroup)
    {
        var (min, max) = (ulong.MaxValue, 0UL);
        foreach (var start in Starts.Span)
        {
            min = Math.Min(min, start);
            max = Math.Max(max, start);
        }
        var facts = new RowGroupFacts(Rows, _columns[BlockColumn.TraceRows].Count, min, max, _maxTraceStart, _maxTraceDuration);
        Count();
        for (var column = 0; column < _columns.Length; column++)
        {
            var values = _columns[column].Span;
            if (values.IsEmpty) continue;
            if (Values.IsText(column)) pages.Ids(column, rowGroup, values, Values.FirstFreshText(column));
            else pages.Numbers(column, rowGroup, values, column is BlockColumn.Operation or BlockColumn.Status or BlockColumn.Marks ? NumberKind.Hot : NumberKind.Plain);
        }
        pages.Raw(BlockColumn.SpanId, rowGroup, SpanIds.Span);
        pages.Raw(BlockColumn.ParentElsewhere, rowGroup, ParentsElsewhere.Span);
        pages.Raw(BlockColumn.LinkTraceId, rowGroup, LinkTraceIds.Span);
        pages.Raw(BlockColumn.LinkSpanId, rowGroup, LinkSpanIds.Span);
        Values.WritePages(rowGroup);
        Reset();
        return facts;
    }

    private void Count()
    {
        var operations = _columns[BlockColumn.Operation].Span;
        var marks = _columns[BlockColumn.Marks].Span;
        tables.Count(operations, marks);
        summaries.Add(tables.Services, operations, Starts.Span, _columns[BlockColumn.End].Span, marks, _columns[BlockColumn.Parent].Span);
    }

    /// <summary>Writes what is left of the dictionaries; answers values and entries by column of attributes.</summary>
    public (long[] Values, int[] Entries) FinishColumns() => Values.Finish();
}
