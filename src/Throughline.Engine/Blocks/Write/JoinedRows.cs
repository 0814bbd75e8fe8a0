using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>Appends traces whose rows come from several blocks to the row group that is written. Keeps its buffers; one owner.</summary>
internal sealed class JoinedRows(RowGroupBuilder rowGroup, BlockTablesBuilder tables)
{
    private readonly TraceColumns _traces = new(rowGroup, tables);
    private readonly JoinedErrorType _errorType = new();
    private HeldRows _held = new();
    private IReadOnlyList<BlockNumbers> _inputs = [];
    private Column<ulong> _parentIds = new(0);

    private static readonly int[] SameInRows = [BlockColumn.Status, BlockColumn.Marks, BlockColumn.Flags, BlockColumn.DroppedAttributes, BlockColumn.DroppedEvents, BlockColumn.DroppedLinks];

    /// <summary>Appends a trace.</summary>
    /// <param name="held">Where its rows are.</param>
    /// <param name="rows">They, in order.</param>
    /// <param name="inputs">The numbers of the inputs that they are of.</param>
    public void Append(HeldRows held, ReadOnlySpan<int> rows, IReadOnlyList<BlockNumbers> inputs)
    {
        (_held, _inputs) = (held, inputs);
        var first = rowGroup.Rows;
        foreach (var row in rows)
        {
            rowGroup.Starts.Add(_held.Starts[row]);
            rowGroup.SpanIds.Add(_held.SpanIds[row]);
            var numbers = _inputs[_held.Input[row]];
            rowGroup[BlockColumn.Operation].Add(numbers.Operation((int)_held[BlockColumn.Operation][row]));
            rowGroup[BlockColumn.Resource].Add(numbers.Resource((int)_held[BlockColumn.Resource][row]));
            rowGroup[BlockColumn.End].Add(_held[BlockColumn.End][row]);
            AddText(BlockColumn.StatusMessage, row, numbers);
            AddText(BlockColumn.TraceState, row, numbers);
            AddValues(AttributeOwner.Span, BlockColumn.Shape, row, numbers);
            AddEvents(row, numbers);
            AddLinks(row, numbers);
        }
        foreach (var column in SameInRows)
        {
            var from = _held[column];
            var to = rowGroup[column].Append(rows.Length);
            for (var i = 0; i < rows.Length; i++) to[i] = from[rows[i]];
        }
        _parentIds.Truncate(0);
        foreach (var row in rows) _parentIds.Add(_held.ParentIds[row]);
        var errors = _traces.Add(_parentIds.Span, first);
        ref var errorTypes = ref rowGroup[BlockColumn.TraceErrorType];
        if (errorTypes.Count == 0) rowGroup.Values.BeginTexts(BlockColumn.TraceErrorType);
        var hasType = _errorType.TryGet(_held, rows, _inputs, errors, out var type);
        errorTypes.Add(hasType ? rowGroup.Values.IdOf(rowGroup.Values.TextsOf(BlockColumn.TraceErrorType), type, BlockColumn.TraceErrorType) + 1 : 0);
    }

    private void AddText(int column, int index, BlockNumbers numbers)
    {
        ref var to = ref rowGroup[column];
        if (to.Count == 0) rowGroup.Values.BeginTexts(column);
        var number = _held[column][index];
        to.Add(number <= 0 ? 0 : numbers.Entry(column, number - 1, rowGroup.Values.TextsOf(column), column) + 1);
    }

    private void AddEvents(int row, BlockNumbers numbers)
    {
        var count = _held[BlockColumn.EventCount][row];
        rowGroup[BlockColumn.EventCount].Add(count);
        for (var (e, left) = (_held.FirstEvent[row], count); left > 0; e++, left--)
        {
            rowGroup[BlockColumn.EventTime].Add(_held[BlockColumn.EventTime][e]);
            rowGroup[BlockColumn.EventDroppedAttributes].Add(_held[BlockColumn.EventDroppedAttributes][e]);
            AddText(BlockColumn.EventName, e, numbers);
            AddValues(AttributeOwner.Event, BlockColumn.EventShape, e, numbers);
        }
    }

    private void AddLinks(int row, BlockNumbers numbers)
    {
        var count = _held[BlockColumn.LinkCount][row];
        rowGroup[BlockColumn.LinkCount].Add(count);
        for (var (l, left) = (_held.FirstLink[row], count); left > 0; l++, left--)
        {
            rowGroup.LinkTraceIds.Add(_held.LinkTraceIds[l]);
            rowGroup.LinkSpanIds.Add(_held.LinkSpanIds[l]);
            rowGroup[BlockColumn.LinkFlags].Add(_held[BlockColumn.LinkFlags][l]);
            rowGroup[BlockColumn.LinkDroppedAttributes].Add(_held[BlockColumn.LinkDroppedAttributes][l]);
            AddText(BlockColumn.LinkTraceState, l, numbers);
            AddValues(AttributeOwner.Link, BlockColumn.LinkShape, l, numbers);
        }
    }

    private void AddValues(AttributeOwner owner, int shapeColumn, int index, BlockNumbers numbers)
    {
        var shape = (int)_held[shapeColumn][index];
        rowGroup[shapeColumn].Add(numbers.Shape(shape));
        var members = numbers.Members(shape);
        var values = _held.ValuesOf(owner, index, members.Length);
        for (var i = 0; i < members.Length; i++)
        {
            var value = numbers.Value(members[i], values[i], out var column);
            rowGroup.Values.Append(column, value);
        }
    }
}
