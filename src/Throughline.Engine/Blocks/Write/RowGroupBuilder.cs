using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Collects the rows of one row group from source batches, in the block's numbers, and writes their pages. Keeps its buffers. Owned by a <see cref="BlockBuilder"/>.
/// </summary>
internal sealed class RowGroupBuilder(BlockTablesBuilder tables, SummaryBuilder summaries, PageWriter pages)
{
    private readonly ValueColumns _values = new(tables);
    private readonly ParentCodes _parents = new();
    private readonly Dictionary<int, long> _firstFresh = [];

    /// <summary>Columns 0 to 39, of those that are numbers.</summary>
    private readonly Column<long>[] _columns = new Column<long>[BlockColumn.TraceIds];

    private Column<ulong> _spanIds = new(0);
    private Column<ulong> _parentIds = new(0);
    private Column<ulong> _elsewhere = new(0);
    private Column<TraceId> _linkTraceIds = new(0);
    private Column<ulong> _linkSpanIds = new(0);
    private int[] _parentRow = [];
    private readonly int[] _textsConverted = new int[BlockColumn.TraceIds];
    private ulong _lastTraceStart;
    private ulong _minStart;
    private ulong _maxStart;
    private ulong _maxTraceStart;
    private ulong _maxTraceDuration;

    /// <summary>Columns of texts: numbers of the source's strings until their piece ends.</summary>
    private static readonly int[] TextColumns = [BlockColumn.StatusMessage, BlockColumn.TraceState, BlockColumn.EventName, BlockColumn.LinkTraceState, BlockColumn.TraceErrorType];

    /// <summary>Rows so far.</summary>
    public int Rows => _spanIds.Count;

    /// <summary>Forgets everything, as after a block that was not finished.</summary>
    public void Clear()
    {
        _values.Clear();
        Reset();
    }

    private void Reset()
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            if (_columns[i].Items is null) _columns[i] = new Column<long>(0);
            _columns[i].Truncate(0);
        }
        _spanIds.Truncate(0);
        _parentIds.Truncate(0);
        _elsewhere.Truncate(0);
        _linkTraceIds.Truncate(0);
        _linkSpanIds.Truncate(0);
        Array.Clear(_textsConverted);
        _firstFresh.Clear();
        (_minStart, _maxStart, _maxTraceStart, _maxTraceDuration, _lastTraceStart) = (ulong.MaxValue, 0, 0, 0, 0);
    }

    /// <summary>Adds a trace's rows of a source.</summary>
    public void AddTrace(SourceNumbers numbers, ReadOnlySpan<int> rows, TraceFacts facts)
    {
        var source = numbers.Source;
        var first = Rows;
        var previous = source.StartUnixNano[rows[0]];
        var root = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            var start = source.StartUnixNano[row];
            _columns[BlockColumn.Start].Add((long)(start - previous));
            previous = start;
            if (root == 0 && source.ParentSpanId[row] == 0) root = i + 1;
            AddRow(numbers, source, row, start);
        }
        var traceStart = facts.StartUnixNano;
        _maxTraceStart = Math.Max(_maxTraceStart, traceStart);
        _maxTraceDuration = Math.Max(_maxTraceDuration, facts.EndUnixNano - traceStart);
        _columns[BlockColumn.TraceRows].Add(rows.Length);
        _columns[BlockColumn.TraceStart].Add((long)(traceStart - _lastTraceStart));
        _lastTraceStart = traceStart;
        _columns[BlockColumn.TraceEnd].Add((long)(facts.EndUnixNano - traceStart));
        _columns[BlockColumn.TraceWaiting].Add((long)facts.WaitingNano);
        _columns[BlockColumn.TraceErrors].Add(facts.Errors);
        _columns[BlockColumn.TraceOrphans].Add(facts.Orphans);
        _columns[BlockColumn.TraceRoot].Add(root);
        _columns[BlockColumn.TraceErrorType].Add(facts.ErrorType);
        AddParents(source, rows, first);
    }

    private void AddRow(SourceNumbers numbers, SpanBatch source, int row, ulong start)
    {
        var columns = _columns;
        var end = source.EndUnixNano[row];
        var operation = numbers.Operation(row);
        var isError = (source.Marks[row] & (byte)SpanMarks.Error) != 0;
        tables.Count(operation, isError);
        summaries.Span(operation, tables.Operations[operation].Service, start, end > start ? end - start : 0, isError);
        _minStart = Math.Min(_minStart, start);
        _maxStart = Math.Max(_maxStart, start);
        columns[BlockColumn.Operation].Add(operation);
        columns[BlockColumn.End].Add((long)(end - start));
        columns[BlockColumn.Status].Add(source.Status[row]);
        columns[BlockColumn.Marks].Add(source.Marks[row]);
        columns[BlockColumn.Resource].Add(numbers.Resource(source.Resource[row]));
        _spanIds.Add(source.SpanId[row]);
        _parentIds.Add(source.ParentSpanId[row]);
        columns[BlockColumn.StatusMessage].Add(source.StatusMessage[row]);
        columns[BlockColumn.TraceState].Add(source.TraceState[row]);
        columns[BlockColumn.Flags].Add(source.Flags[row]);
        columns[BlockColumn.DroppedAttributes].Add(source.DroppedAttributes[row]);
        columns[BlockColumn.DroppedEvents].Add(source.DroppedEvents[row]);
        columns[BlockColumn.DroppedLinks].Add(source.DroppedLinks[row]);
        columns[BlockColumn.Shape].Add(AddAttributes(numbers, AttributeOwner.Span, source.Shape[row], source.Attributes, source.AttributeOffset[row]));
        AddEvents(numbers, row, start);
        AddLinks(numbers, row);
    }

    private void AddEvents(SourceNumbers numbers, int row, ulong start)
    {
        var source = numbers.Source;
        var (first, end) = (source.EventOffset[row], source.EventOffset[row + 1]);
        _columns[BlockColumn.EventCount].Add(end - first);
        var events = source.Events;
        for (var e = first; e < end; e++)
        {
            _columns[BlockColumn.EventTime].Add((long)(events.TimeUnixNano[e] - start));
            _columns[BlockColumn.EventName].Add(events.Name[e]);
            _columns[BlockColumn.EventDroppedAttributes].Add(events.DroppedAttributes[e]);
            _columns[BlockColumn.EventShape].Add(AddAttributes(numbers, AttributeOwner.Event, events.Shape[e], events.Attributes, events.AttributeOffset[e]));
        }
    }

    private void AddLinks(SourceNumbers numbers, int row)
    {
        var source = numbers.Source;
        var (first, end) = (source.LinkOffset[row], source.LinkOffset[row + 1]);
        _columns[BlockColumn.LinkCount].Add(end - first);
        var links = source.Links;
        for (var l = first; l < end; l++)
        {
            _linkTraceIds.Add(links.TraceId[l]);
            _linkSpanIds.Add(links.SpanId[l]);
            _columns[BlockColumn.LinkTraceState].Add(links.TraceState[l]);
            _columns[BlockColumn.LinkFlags].Add(links.Flags[l]);
            _columns[BlockColumn.LinkDroppedAttributes].Add(links.DroppedAttributes[l]);
            _columns[BlockColumn.LinkShape].Add(AddAttributes(numbers, AttributeOwner.Link, links.Shape[l], links.Attributes, links.AttributeOffset[l]));
        }
    }

    private long AddAttributes(SourceNumbers numbers, AttributeOwner owner, int sourceShape, AttributeColumns attributes, int first)
    {
        var shape = numbers.Shape(owner, sourceShape);
        _values.Add(tables.ShapeColumns(shape), attributes, first);
        return shape;
    }

    private void AddParents(SpanBatch source, ReadOnlySpan<int> rows, int first)
    {
        if (_parentRow.Length < rows.Length) _parentRow = new int[Math.Max(rows.Length, 64)];
        ref var codes = ref _columns[BlockColumn.Parent];
        codes.Reserve(rows.Length);
        _parents.Write(_spanIds.Span[first..], _parentIds.Span[first..], codes.Items.AsSpan(codes.Count, rows.Length), _parentRow, ref _elsewhere);
        codes.Count += rows.Length;
        var operations = _columns[BlockColumn.Operation].Span[first..];
        for (var i = 0; i < rows.Length; i++)
        {
            if (_parentRow[i] < 0) continue;
            var (caller, called) = (tables.Operations[(int)operations[_parentRow[i]]].Service, tables.Operations[(int)operations[i]].Service);
            if (caller != called) summaries.Edge(caller, called, (source.Marks[rows[i]] & (byte)SpanMarks.Error) != 0);
        }
    }

    /// <summary>Gives what a source added the block's numbers, before another source comes.</summary>
    public void EndPiece(SourceNumbers numbers)
    {
        if (Rows == 0) return;
        _values.EndPiece(numbers.Source, pages);
        foreach (var column in TextColumns)
        {
            ref var texts = ref _columns[column];
            var added = texts.Items.AsSpan(_textsConverted[column]..texts.Count);
            var firstFresh = _values.ConvertTexts(column, column != BlockColumn.TraceErrorType, numbers.Source, added, pages);
            if (_textsConverted[column] == 0) _firstFresh[column] = firstFresh;
            _textsConverted[column] = texts.Count;
        }
    }

    /// <summary>Writes the pages of the row group and makes ready for the next.</summary>
    public RowGroupFacts Write(int rowGroup)
    {
        for (var column = 0; column < _columns.Length; column++)
        {
            var values = _columns[column].Span;
            if (values.IsEmpty) continue;
            if (_firstFresh.TryGetValue(column, out var firstFresh)) pages.Ids(column, rowGroup, values, firstFresh);
            else pages.Numbers(column, rowGroup, values, column is BlockColumn.Operation or BlockColumn.Status or BlockColumn.Marks ? NumberKind.Hot : NumberKind.Plain);
        }
        pages.Raw(BlockColumn.SpanId, rowGroup, _spanIds.Span);
        pages.Raw(BlockColumn.ParentElsewhere, rowGroup, _elsewhere.Span);
        pages.Raw(BlockColumn.LinkTraceId, rowGroup, _linkTraceIds.Span);
        pages.Raw(BlockColumn.LinkSpanId, rowGroup, _linkSpanIds.Span);
        _values.WritePages(rowGroup, pages);
        var facts = new RowGroupFacts(Rows, _columns[BlockColumn.TraceRows].Count, _minStart, _maxStart, _maxTraceStart, _maxTraceDuration);
        Reset();
        return facts;
    }

    /// <summary>Writes what is left of the dictionaries; answers values and entries by column of attributes.</summary>
    public (long[] Values, int[] Entries) FinishColumns() => _values.Finish(pages);
}
