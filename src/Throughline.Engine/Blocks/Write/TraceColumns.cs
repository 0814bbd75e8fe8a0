using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Works out the columns of a row group that follow from the others once a trace's rows are there: distances between starts, parents, and what the block says of the trace. Keeps its buffers; one owner.
/// </summary>
internal sealed class TraceColumns(RowGroupBuilder rowGroup, BlockTablesBuilder tables)
{
    private readonly ParentCodes _parents = new();

    /// <summary>
    /// Appends the columns for the trace of the last rows, as many as <paramref name="parentIds"/>, which are theirs; answers its errors. Its error type is the caller's.
    /// </summary>
    public int Add(ReadOnlySpan<ulong> parentIds, int first)
    {
        var starts = rowGroup.Starts.Span.Slice(first, parentIds.Length);
        var lengths = rowGroup[BlockColumn.End].Span.Slice(first, parentIds.Length);
        var marks = rowGroup[BlockColumn.Marks].Span.Slice(first, parentIds.Length);
        var shapes = rowGroup[BlockColumn.Shape].Span.Slice(first, parentIds.Length);
        var distances = rowGroup[BlockColumn.Start].Append(parentIds.Length);
        var previous = starts[0];
        var (covered, waits) = (new IntervalUnion(), new IntervalUnion());
        var (last, errors) = (0UL, 0);
        for (var i = 0; i < starts.Length; i++)
        {
            var start = starts[i];
            distances[i] = (long)(start - previous);
            previous = start;
            var end = Math.Max(start, start + (ulong)lengths[i]);
            last = Math.Max(last, end);
            covered.Add(start, end);
            if (tables.IsWait((int)shapes[i])) waits.Add(start, end);
            if ((marks[i] & (long)SpanMarks.Error) != 0) errors++;
        }
        var before = rowGroup.ParentsElsewhere.Count;
        _parents.Write(rowGroup.SpanIds.Span.Slice(first, parentIds.Length), parentIds, rowGroup[BlockColumn.Parent].Append(parentIds.Length), ref rowGroup.ParentsElsewhere);
        rowGroup.AddTraceTimes(starts[0], last - starts[0]);
        rowGroup[BlockColumn.TraceRows].Add(parentIds.Length);
        rowGroup[BlockColumn.TraceWaiting].Add((long)(last - starts[0] - covered.Length + waits.Length));
        rowGroup[BlockColumn.TraceErrors].Add(errors);
        rowGroup[BlockColumn.TraceOrphans].Add(rowGroup.ParentsElsewhere.Count - before);
        rowGroup[BlockColumn.TraceRoot].Add(parentIds.IndexOf(0UL) + 1);
        return errors;
    }
}
