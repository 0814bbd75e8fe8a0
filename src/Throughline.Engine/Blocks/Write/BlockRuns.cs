using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Appends traces of a block that is merged to the row group that is written. Whole traces stay as they are: their columns are copied, and only numbers of tables and dictionaries change. One owner.
/// </summary>
internal sealed class BlockRuns(RowGroupBuilder rowGroup)
{
    /// <summary>Columns of rows whose values hold in any block.</summary>
    private static readonly int[] SameInRows =
    [
        BlockColumn.Start, BlockColumn.End, BlockColumn.Status, BlockColumn.Marks, BlockColumn.Parent, BlockColumn.Flags, BlockColumn.DroppedAttributes, BlockColumn.DroppedEvents,
        BlockColumn.DroppedLinks, BlockColumn.EventCount, BlockColumn.LinkCount,
    ];

    private static readonly int[] SameInTraces = [BlockColumn.TraceRows, BlockColumn.TraceWaiting, BlockColumn.TraceErrors, BlockColumn.TraceOrphans, BlockColumn.TraceRoot];

    /// <summary>Appends a run of traces.</summary>
    public void Append(RowGroupColumns from, RowRun run, BlockNumbers numbers, BlockTables tables)
    {
        rowGroup.SpanIds.AddRange(from.SpanIds.Span.Slice(run.FirstRow, run.Rows));
        rowGroup.Starts.AddRange(from.Starts.Span.Slice(run.FirstRow, run.Rows));
        rowGroup.ParentsElsewhere.AddRange(from.ParentsElsewhere.Span.Slice(run.FirstElsewhere, run.Elsewhere));
        foreach (var column in SameInRows) Copy(from, column, run.FirstRow, run.Rows);
        numbers.Operations(from.Column(BlockColumn.Operation, run.FirstRow, run.Rows), rowGroup[BlockColumn.Operation].Append(run.Rows));
        numbers.Resources(from.Column(BlockColumn.Resource, run.FirstRow, run.Rows), rowGroup[BlockColumn.Resource].Append(run.Rows));
        numbers.Shapes(from.Column(BlockColumn.Shape, run.FirstRow, run.Rows), rowGroup[BlockColumn.Shape].Append(run.Rows));
        AddTexts(from, BlockColumn.StatusMessage, run.FirstRow, run.Rows, numbers);
        AddTexts(from, BlockColumn.TraceState, run.FirstRow, run.Rows, numbers);
        if (run.Events > 0) AddEvents(from, run, numbers);
        if (run.Links > 0) AddLinks(from, run, numbers);
        foreach (var range in run.Values) AddValues(from, range, numbers, tables);
        AddTraces(from, run, numbers);
    }

    private void Copy(RowGroupColumns from, int column, int first, int count)
    {
        from.Column(column, first, count).CopyTo(rowGroup[column].Append(count));
    }

    private void AddEvents(RowGroupColumns from, RowRun run, BlockNumbers numbers)
    {
        Copy(from, BlockColumn.EventTime, run.FirstEvent, run.Events);
        Copy(from, BlockColumn.EventDroppedAttributes, run.FirstEvent, run.Events);
        AddTexts(from, BlockColumn.EventName, run.FirstEvent, run.Events, numbers);
        numbers.Shapes(from.Column(BlockColumn.EventShape, run.FirstEvent, run.Events), rowGroup[BlockColumn.EventShape].Append(run.Events));
    }

    private void AddLinks(RowGroupColumns from, RowRun run, BlockNumbers numbers)
    {
        rowGroup.LinkTraceIds.AddRange(from.LinkTraceIds.Span.Slice(run.FirstLink, run.Links));
        rowGroup.LinkSpanIds.AddRange(from.LinkSpanIds.Span.Slice(run.FirstLink, run.Links));
        Copy(from, BlockColumn.LinkFlags, run.FirstLink, run.Links);
        Copy(from, BlockColumn.LinkDroppedAttributes, run.FirstLink, run.Links);
        AddTexts(from, BlockColumn.LinkTraceState, run.FirstLink, run.Links, numbers);
        numbers.Shapes(from.Column(BlockColumn.LinkShape, run.FirstLink, run.Links), rowGroup[BlockColumn.LinkShape].Append(run.Links));
    }

    private void AddTexts(RowGroupColumns from, int column, int first, int count, BlockNumbers numbers)
    {
        ref var to = ref rowGroup[column];
        if (to.Count == 0) rowGroup.Values.BeginTexts(column);
        var added = to.Append(count);
        if (from.IsZero(column)) added.Clear();
        else numbers.Entries(column, 1, from.Column(column, first, count), added, rowGroup.Values.TextsOf(column), column);
    }

    private void AddValues(RowGroupColumns from, ValueRange range, BlockNumbers numbers, BlockTables tables)
    {
        var column = numbers.Column(range.Column);
        var values = from.Attribute(range.Column, range.First, range.Count);
        var added = rowGroup.Values.Append(column, range.Count);
        if (tables.Columns[range.Column].HasDictionary)
            numbers.Entries(BlockColumn.FirstAttribute + range.Column, 0, values, added, rowGroup.Values.DictionaryOf(column), BlockColumn.FirstAttribute + column);
        else values.CopyTo(added);
    }

    private void AddTraces(RowGroupColumns from, RowRun run, BlockNumbers numbers)
    {
        foreach (var column in SameInTraces) Copy(from, column, run.FirstTrace, run.Traces);
        AddTexts(from, BlockColumn.TraceErrorType, run.FirstTrace, run.Traces, numbers);
        var lengths = from.Column(BlockColumn.TraceEnd, run.FirstTrace, run.Traces);
        for (var i = 0; i < lengths.Length; i++) rowGroup.AddTraceTimes(from.TraceStarts[run.FirstTrace + i], (ulong)lengths[i]);
    }
}
