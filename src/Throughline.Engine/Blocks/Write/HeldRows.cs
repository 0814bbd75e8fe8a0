using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Rows of traces that lie in several blocks, until their traces are whole: in the numbers of their blocks, since a text needs none here before it is known where it goes. Values of attributes lie owner
/// by owner, in the order of the owner's shape. One owner; not thread safe.
/// </summary>
internal sealed class HeldRows
{
    private static readonly int[] OfRows =
    [
        BlockColumn.Operation, BlockColumn.End, BlockColumn.Status, BlockColumn.Marks, BlockColumn.Resource, BlockColumn.StatusMessage, BlockColumn.TraceState, BlockColumn.Flags,
        BlockColumn.DroppedAttributes, BlockColumn.DroppedEvents, BlockColumn.DroppedLinks, BlockColumn.Shape, BlockColumn.EventCount, BlockColumn.LinkCount,
    ];

    private static readonly int[] OfEvents = [BlockColumn.EventTime, BlockColumn.EventName, BlockColumn.EventDroppedAttributes, BlockColumn.EventShape];
    private static readonly int[] OfLinks = [BlockColumn.LinkTraceState, BlockColumn.LinkFlags, BlockColumn.LinkDroppedAttributes, BlockColumn.LinkShape];

    private readonly Column<long>[] _columns = new Column<long>[BlockColumn.TraceIds];

    /// <summary>By row: the input that it is of.</summary>
    public Column<int> Input = new(0);

    /// <summary>By row: its start, Unix nanoseconds.</summary>
    public Column<ulong> Starts = new(0);

    /// <summary>By row: its id.</summary>
    public Column<ulong> SpanIds = new(0);

    /// <summary>By row: its parent's id, 0 for none.</summary>
    public Column<ulong> ParentIds = new(0);

    /// <summary>By row: its first event.</summary>
    public Column<int> FirstEvent = new(0);

    /// <summary>By row: its first link.</summary>
    public Column<int> FirstLink = new(0);

    /// <summary>By link: its trace.</summary>
    public Column<TraceId> LinkTraceIds = new(0);

    /// <summary>By link: its span.</summary>
    public Column<ulong> LinkSpanIds = new(0);

    /// <summary>By row, event, link (<see cref="AttributeOwner"/>): its first value.</summary>
    private readonly Column<int>[] _firstValue = [new(0), new(0), new(0)];

    private Column<long> _values = new(0);

    /// <summary>Makes it empty.</summary>
    public HeldRows()
    {
        foreach (ref var column in _columns.AsSpan()) column = new Column<long>(0);
    }

    /// <summary>Number of rows.</summary>
    public int Count => Starts.Count;

    /// <summary>Memory that the rows take.</summary>
    public long UsedBytes => Count * (8L * OfRows.Length + 40) + (EventCount * 5L + LinkCount * 8L + _values.Count) * 8;

    private int EventCount => _columns[BlockColumn.EventTime].Count;

    private int LinkCount => LinkTraceIds.Count;

    /// <summary>A column of rows, of events or of links, by <see cref="BlockColumn"/>.</summary>
    public ReadOnlySpan<long> this[int column] => _columns[column].Span;

    /// <summary>The values of a row, an event or a link, which has so many.</summary>
    public ReadOnlySpan<long> ValuesOf(AttributeOwner owner, int index, int count) => _values.Span.Slice(_firstValue[(int)owner][index], count);

    /// <summary>Appends the rows of a run of an input.</summary>
    public void Add(int input, RowGroupColumns from, RowRun run, OwnerValues values)
    {
        var first = Count;
        Input.Append(run.Rows).Fill(input);
        Starts.AddRange(from.Starts.Span.Slice(run.FirstRow, run.Rows));
        SpanIds.AddRange(from.SpanIds.Span.Slice(run.FirstRow, run.Rows));
        foreach (var column in OfRows) _columns[column].AddRange(from.Column(column, run.FirstRow, run.Rows));
        AddParents(from, run, first);
        AddFirsts(BlockColumn.EventCount, first, EventCount, ref FirstEvent);
        AddFirsts(BlockColumn.LinkCount, first, LinkCount, ref FirstLink);
        foreach (var column in OfEvents) _columns[column].AddRange(from.Column(column, run.FirstEvent, run.Events));
        foreach (var column in OfLinks) _columns[column].AddRange(from.Column(column, run.FirstLink, run.Links));
        LinkTraceIds.AddRange(from.LinkTraceIds.Span.Slice(run.FirstLink, run.Links));
        LinkSpanIds.AddRange(from.LinkSpanIds.Span.Slice(run.FirstLink, run.Links));
        values.Begin(run);
        values.Add(from.Column(BlockColumn.Shape, run.FirstRow, run.Rows), ref _values, ref _firstValue[(int)AttributeOwner.Span]);
        values.Add(from.Column(BlockColumn.EventShape, run.FirstEvent, run.Events), ref _values, ref _firstValue[(int)AttributeOwner.Event]);
        values.Add(from.Column(BlockColumn.LinkShape, run.FirstLink, run.Links), ref _values, ref _firstValue[(int)AttributeOwner.Link]);
    }

    private void AddParents(RowGroupColumns from, RowRun run, int first)
    {
        var codes = from.Column(BlockColumn.Parent, run.FirstRow, run.Rows);
        var parents = ParentIds.Append(run.Rows);
        var elsewhere = run.FirstElsewhere;
        for (var i = 0; i < codes.Length; i++)
        {
            parents[i] = codes[i] switch
            {
                0 => 0,
                1 => from.ParentsElsewhere[elsewhere++],
                var code => SpanIds[first + (int)RowGroupColumns.ParentRow(i, code)],
            };
        }
    }

    private void AddFirsts(int counts, int first, int next, ref Column<int> firsts)
    {
        foreach (var count in _columns[counts].Span[first..])
        {
            firsts.Add(next);
            next += (int)count;
        }
    }

    /// <summary>Appends a row of others. <paramref name="values"/> are the numbers of values that a row, an event and a link of a shape of the row's input have.</summary>
    public void Add(HeldRows from, int row, Func<int, int, int> values)
    {
        var input = from.Input[row];
        Input.Add(input);
        Starts.Add(from.Starts[row]);
        SpanIds.Add(from.SpanIds[row]);
        ParentIds.Add(from.ParentIds[row]);
        foreach (var column in OfRows) _columns[column].Add(from._columns[column][row]);
        AddValues(from, AttributeOwner.Span, row, values(input, (int)from[BlockColumn.Shape][row]));
        FirstEvent.Add(EventCount);
        FirstLink.Add(LinkCount);
        var first = from.FirstEvent[row];
        for (var e = first; e < first + (int)from[BlockColumn.EventCount][row]; e++)
        {
            foreach (var column in OfEvents) _columns[column].Add(from._columns[column][e]);
            AddValues(from, AttributeOwner.Event, e, values(input, (int)from[BlockColumn.EventShape][e]));
        }
        first = from.FirstLink[row];
        for (var l = first; l < first + (int)from[BlockColumn.LinkCount][row]; l++)
        {
            foreach (var column in OfLinks) _columns[column].Add(from._columns[column][l]);
            LinkTraceIds.Add(from.LinkTraceIds[l]);
            LinkSpanIds.Add(from.LinkSpanIds[l]);
            AddValues(from, AttributeOwner.Link, l, values(input, (int)from[BlockColumn.LinkShape][l]));
        }
    }

    private void AddValues(HeldRows from, AttributeOwner owner, int index, int count)
    {
        _firstValue[(int)owner].Add(_values.Count);
        _values.AddRange(from.ValuesOf(owner, index, count));
    }

    /// <summary>Forgets all rows.</summary>
    public void Clear()
    {
        foreach (ref var column in _columns.AsSpan()) column.Truncate(0);
        foreach (ref var column in _firstValue.AsSpan()) column.Truncate(0);
        Input.Truncate(0);
        Starts.Truncate(0);
        SpanIds.Truncate(0);
        ParentIds.Truncate(0);
        FirstEvent.Truncate(0);
        FirstLink.Truncate(0);
        LinkTraceIds.Truncate(0);
        LinkSpanIds.Truncate(0);
        _values.Truncate(0);
    }
}
