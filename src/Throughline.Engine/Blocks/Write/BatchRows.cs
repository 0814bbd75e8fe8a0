using System.Numerics;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>Appends traces of a batch to the row group that is written, column by column: rows of a head lie in the order of their arrival. Keeps its buffers; one owner.</summary>
internal sealed class BatchRows(RowGroupBuilder rowGroup, BlockTablesBuilder tables)
{
    private readonly TraceColumns _traces = new(rowGroup, tables);
    private Column<ulong> _parentIds = new(0);

    /// <summary>Appends traces.</summary>
    /// <param name="numbers">Their batch.</param>
    /// <param name="rows">Their rows, trace after trace; those of a trace by start, ties as in <see cref="RowOrder"/>.</param>
    /// <param name="traceRows">The number of rows of each.</param>
    public void Append(SourceNumbers numbers, ReadOnlySpan<int> rows, ReadOnlySpan<int> traceRows)
    {
        var source = numbers.Source;
        var first = rowGroup.Rows;
        Gather(source.StartUnixNano.Items, rows, rowGroup.Starts.Append(rows.Length));
        Gather(source.SpanId.Items, rows, rowGroup.SpanIds.Append(rows.Length));
        var lengths = rowGroup[BlockColumn.End].Append(rows.Length);
        var starts = rowGroup.Starts.Span[first..];
        for (var i = 0; i < rows.Length; i++) lengths[i] = (long)(source.EndUnixNano.Items[rows[i]] - starts[i]);
        var operations = rowGroup[BlockColumn.Operation].Append(rows.Length);
        for (var i = 0; i < rows.Length; i++) operations[i] = numbers.Operation(rows[i]);
        var resources = rowGroup[BlockColumn.Resource].Append(rows.Length);
        for (var i = 0; i < rows.Length; i++) resources[i] = numbers.Resource(source.Resource.Items[rows[i]]);
        GatherNumbers(source.Status.Items, rows, BlockColumn.Status);
        GatherNumbers(source.Marks.Items, rows, BlockColumn.Marks);
        GatherNumbers(source.Flags.Items, rows, BlockColumn.Flags);
        GatherNumbers(source.DroppedAttributes.Items, rows, BlockColumn.DroppedAttributes);
        GatherNumbers(source.DroppedEvents.Items, rows, BlockColumn.DroppedEvents);
        GatherNumbers(source.DroppedLinks.Items, rows, BlockColumn.DroppedLinks);
        GatherTexts(source.StatusMessage.Items, rows, BlockColumn.StatusMessage, source);
        GatherTexts(source.TraceState.Items, rows, BlockColumn.TraceState, source);
        AddAttributes(numbers, rows);
        AddEvents(numbers, rows, starts);
        AddLinks(numbers, rows);
        AddTraces(numbers, rows, traceRows, first);
        rowGroup.Values.Convert(source);
    }

    private static void Gather<T>(T[] from, ReadOnlySpan<int> rows, Span<T> to)
    {
        for (var i = 0; i < rows.Length; i++) to[i] = from[rows[i]];
    }

    private void GatherNumbers<T>(T[] from, ReadOnlySpan<int> rows, int column)
        where T : unmanaged, INumberBase<T>
    {
        var to = rowGroup[column].Append(rows.Length);
        for (var i = 0; i < rows.Length; i++) to[i] = long.CreateTruncating(from[rows[i]]);
    }

    private void GatherTexts(int[] from, ReadOnlySpan<int> rows, int column, SpanBatch source)
    {
        GatherNumbers(from, rows, column);
        rowGroup.Values.ConvertTexts(column, true, source, ref rowGroup[column], rows.Length);
    }

    private void AddAttributes(SourceNumbers numbers, ReadOnlySpan<int> rows)
    {
        var source = numbers.Source;
        var shapes = rowGroup[BlockColumn.Shape].Append(rows.Length);
        for (var i = 0; i < rows.Length; i++) shapes[i] = numbers.Shape(AttributeOwner.Span, source.Shape.Items[rows[i]]);
        rowGroup.Values.AddSpans(shapes, source.Attributes, source.AttributeOffset.Items, rows);
    }

    private int AddAttributes(SourceNumbers numbers, AttributeOwner owner, int sourceShape, AttributeColumns attributes, int first)
    {
        var shape = numbers.Shape(owner, sourceShape);
        var columns = tables.ShapeColumns(shape);
        rowGroup.Values.Add(columns, attributes.Value.Items.AsSpan(first, columns.Length));
        return shape;
    }

    private void AddEvents(SourceNumbers numbers, ReadOnlySpan<int> rows, ReadOnlySpan<ulong> starts)
    {
        var source = numbers.Source;
        var counts = rowGroup[BlockColumn.EventCount].Append(rows.Length);
        var events = source.Events;
        var added = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var (first, end) = (source.EventOffset.Items[rows[i]], source.EventOffset.Items[rows[i] + 1]);
            counts[i] = end - first;
            added += end - first;
            for (var e = first; e < end; e++)
            {
                rowGroup[BlockColumn.EventTime].Add((long)(events.TimeUnixNano[e] - starts[i]));
                rowGroup[BlockColumn.EventName].Add(events.Name[e]);
                rowGroup[BlockColumn.EventDroppedAttributes].Add(events.DroppedAttributes[e]);
                rowGroup[BlockColumn.EventShape].Add(AddAttributes(numbers, AttributeOwner.Event, events.Shape[e], events.Attributes, events.AttributeOffset[e]));
            }
        }
        if (added > 0) rowGroup.Values.ConvertTexts(BlockColumn.EventName, true, source, ref rowGroup[BlockColumn.EventName], added);
    }

    private void AddLinks(SourceNumbers numbers, ReadOnlySpan<int> rows)
    {
        var source = numbers.Source;
        var counts = rowGroup[BlockColumn.LinkCount].Append(rows.Length);
        var links = source.Links;
        var added = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var (first, end) = (source.LinkOffset.Items[rows[i]], source.LinkOffset.Items[rows[i] + 1]);
            counts[i] = end - first;
            added += end - first;
            for (var l = first; l < end; l++)
            {
                rowGroup.LinkTraceIds.Add(links.TraceId[l]);
                rowGroup.LinkSpanIds.Add(links.SpanId[l]);
                rowGroup[BlockColumn.LinkTraceState].Add(links.TraceState[l]);
                rowGroup[BlockColumn.LinkFlags].Add(links.Flags[l]);
                rowGroup[BlockColumn.LinkDroppedAttributes].Add(links.DroppedAttributes[l]);
                rowGroup[BlockColumn.LinkShape].Add(AddAttributes(numbers, AttributeOwner.Link, links.Shape[l], links.Attributes, links.AttributeOffset[l]));
            }
        }
        if (added > 0) rowGroup.Values.ConvertTexts(BlockColumn.LinkTraceState, true, source, ref rowGroup[BlockColumn.LinkTraceState], added);
    }

    private void AddTraces(SourceNumbers numbers, ReadOnlySpan<int> rows, ReadOnlySpan<int> traceRows, int first)
    {
        var source = numbers.Source;
        _parentIds.Truncate(0);
        Gather(source.ParentSpanId.Items, rows, _parentIds.Append(rows.Length));
        var at = 0;
        foreach (var count in traceRows)
        {
            var errors = _traces.Add(_parentIds.Span.Slice(at, count), first + at);
            rowGroup[BlockColumn.TraceErrorType].Add(errors == 0 ? -1 : numbers.Analysis.ErrorTypeOf(rows.Slice(at, count)));
            at += count;
        }
        rowGroup.Values.ConvertTexts(BlockColumn.TraceErrorType, false, source, ref rowGroup[BlockColumn.TraceErrorType], traceRows.Length);
    }
}
