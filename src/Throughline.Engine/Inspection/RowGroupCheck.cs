using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Blocks.Write;
using Throughline.Engine.Files;
using Throughline.Engine.Model;

namespace Throughline.Engine.Inspection;

/// <summary>Reads the rows of a block, row group after row group, and compares them with what the block says of them elsewhere. Used once, by one thread.</summary>
internal sealed class RowGroupCheck(BlockFile block, BlockTables tables, TraceId[] ids, FindingList findings)
{
    private readonly RowGroupReader _reader = RowGroupReader.Of(block, tables, ids);
    private readonly SummaryBuilder _summaries = new();
    private readonly int[] _services = [.. tables.Operations.Select(o => o.Service)];
    private readonly (long Spans, long Errors)[] _operations = new (long, long)[tables.Operations.Length];
    private readonly SpanBatch _batch = new();

    /// <summary>Reads a row group, the next one; answers its rows.</summary>
    /// <exception cref="CorruptDataException">It cannot be read, or does not agree with itself.</exception>
    public int Check(int rowGroup)
    {
        var facts = tables.RowGroups[rowGroup];
        var traceRows = _reader.Read(rowGroup, _batch);
        Require(_batch.RowCount == facts.Rows, rowGroup, BlockColumn.TraceRows, $"{facts.Rows} rows", $"{_batch.RowCount}");
        CheckTraces(rowGroup, facts, traceRows);
        Count(rowGroup, traceRows);
        return _batch.RowCount;
    }

    private void CheckTraces(int rowGroup, RowGroupFacts facts, int[] traceRows)
    {
        var analysis = new TraceAnalysis(_batch);
        var (min, max, last, longest, first) = (ulong.MaxValue, 0UL, 0UL, 0UL, 0);
        for (var t = 0; t < traceRows.Length; t++)
        {
            var rows = Enumerable.Range(first, traceRows[t]).ToArray();
            var trace = analysis.Of(rows, false);
            last = Math.Max(last, trace.StartUnixNano);
            longest = Math.Max(longest, trace.EndUnixNano - trace.StartUnixNano);
            foreach (var row in rows) (min, max) = (Math.Min(min, _batch.StartUnixNano[row]), Math.Max(max, _batch.StartUnixNano[row]));
            CompareOutline(rowGroup, t, trace, Root(rows));
            first += rows.Length;
        }
        var expected = (facts.MinStartUnixNano, facts.MaxStartUnixNano, facts.MaxTraceStartUnixNano, facts.MaxTraceDurationNano);
        Require((min, max, last, longest) == expected, rowGroup, BlockColumn.Start, $"earliest, latest, latest trace and longest trace {expected}", $"{(min, max, last, longest)}");
    }

    private int Root(int[] rows)
    {
        var root = Array.FindIndex(rows, r => _batch.ParentSpanId[r] == 0);
        return root + 1;
    }

    private void Count(int rowGroup, int[] traceRows)
    {
        var columns = _reader.Columns;
        var operations = columns.Column(BlockColumn.Operation, 0, columns.Rows);
        var marks = columns.Column(BlockColumn.Marks, 0, columns.Rows);
        for (var row = 0; row < operations.Length; row++)
        {
            ref var count = ref _operations[(int)operations[row]];
            count = (count.Spans + 1, count.Errors + ((marks[row] & (long)SpanMarks.Error) != 0 ? 1 : 0));
        }
        _summaries.Add(_services, operations, columns.Starts.Span, columns.Column(BlockColumn.End, 0, columns.Rows), marks, columns.Column(BlockColumn.Parent, 0, columns.Rows));
        Require(traceRows.Length == tables.RowGroups[rowGroup].Traces, rowGroup, BlockColumn.TraceRows, $"{tables.RowGroups[rowGroup].Traces} traces", $"{traceRows.Length}");
    }

    /// <summary>Compares the counts of operations and the summaries with the rows of all row groups.</summary>
    public void CheckSummaries()
    {
        const string meaning = "no span is lost, but figures over all spans are wrong";
        for (var i = 0; i < _operations.Length; i++)
        {
            var said = (tables.Operations[i].Spans, tables.Operations[i].Errors);
            if (said != _operations[i]) findings.Damage(block.Name, PlaceOf(BlockColumn.Tables), $"{_operations[i]} spans and errors of operation {i}", $"{said}", meaning);
        }
        var (stored, counted) = (block.ReadSummaries(), _summaries.Finish());
        var agree = stored.Durations.AsSpan().SequenceEqual(counted.Durations) && stored.Minutes.AsSpan().SequenceEqual(counted.Minutes) && stored.Edges.AsSpan().SequenceEqual(counted.Edges);
        if (!agree) findings.Damage(block.Name, PlaceOf(BlockColumn.Summaries), "summaries of the block's spans", "others", meaning);
    }

    private long PlaceOf(int column)
    {
        var pages = block.Directory.Of(PageEntry.WholeBlock, column);
        return pages.Length == 0 ? block.Footer.DirectoryOffset : pages[0].Offset;
    }

    private void Require(bool holds, int rowGroup, int column, string expected, string found)
    {
        if (holds) return;
        var pages = block.Directory.Of(rowGroup, column);
        throw new CorruptDataException(block.Name, pages.Length == 0 ? 0 : pages[0].Offset, $"{expected} in row group {rowGroup}", found);
    }

    /// <summary>Compares the values that the block has of a trace beside its rows.</summary>
    private void CompareOutline(int rowGroup, int trace, TraceFacts facts, int root)
    {
        var columns = _reader.Columns;
        long Value(int column) => columns.Column(column, trace, 1)[0];
        var expected = (facts.StartUnixNano, (long)(facts.EndUnixNano - facts.StartUnixNano), (long)facts.WaitingNano, (long)facts.Errors, (long)facts.Orphans, (long)root);
        var found = (columns.TraceStarts[trace], Value(BlockColumn.TraceEnd), Value(BlockColumn.TraceWaiting), Value(BlockColumn.TraceErrors), Value(BlockColumn.TraceOrphans), Value(BlockColumn.TraceRoot));
        Require(expected == found, rowGroup, BlockColumn.TraceEnd, $"start, length, waiting, errors, orphans, root {expected} of trace {trace}", $"{found}");
        var errorType = facts.ErrorType < 0 ? null : _batch.Text(facts.ErrorType);
        var number = Value(BlockColumn.TraceErrorType);
        var said = number == 0 ? null : System.Text.Encoding.UTF8.GetString(_reader.Texts.Entry(BlockColumn.TraceErrorType, number - 1));
        Require(errorType == said, rowGroup, BlockColumn.TraceErrorType, $"error type '{errorType}' of trace {trace}", $"'{said}'");
    }
}
