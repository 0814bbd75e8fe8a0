using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;

namespace Throughline.Engine.Logs.Blocks;

/// <summary>
/// Writes chunks as row groups (docs/format/logs.md): rows by time; what many rows have in common as classes, of which a row has a number; bodies and values class by class, since what one
/// statement logs is alike. A row group refers to nothing outside of it. One owner; not thread safe.
/// </summary>
internal sealed class LogRowGroupWriter(PageWriter pages)
{
    private readonly BodyColumnBuilder _bodies = new();
    private readonly LogTablesWriter _tables = new();
    private readonly AttributeColumnsWriter _attributes = new(pages);
    private readonly ListWriter _lists = new();
    private LogChunk _chunk = new();
    private int _rowGroup;
    private ulong _firstSequence;
    private ulong _lastSequence;
    private int[] _rows = [];
    private long[] _numbers = [];

    /// <summary>Writes the rows of a chunk that nobody appends to any more.</summary>
    public LogRowGroupFacts Write(LogChunk chunk, int rowGroup)
    {
        (_chunk, _rowGroup) = (chunk, rowGroup);
        var count = chunk.RowCount;
        if (_rows.Length < count) (_rows, _numbers) = (new int[count], new long[count]);
        (_firstSequence, _lastSequence) = (ulong.MaxValue, 0);
        foreach (var sequence in chunk.Sequence.Span) (_firstSequence, _lastSequence) = (Math.Min(_firstSequence, sequence), Math.Max(_lastSequence, sequence));
        Order();
        WriteTimes();
        WriteSpans();
        _bodies.Split(chunk);
        var classes = RowClasses.Of(chunk, _rows.AsSpan(0, count), _bodies);
        Numbers(LogColumn.Class, row => classes.OfRow[row], NumberKind.Plain);
        WriteBodies(classes);
        var columns = _attributes.Write(chunk, _rowGroup, _rows.AsSpan(0, count), classes);
        _tables.Write(_lists, chunk.Tables, classes, columns);
        pages.Bytes(LogColumn.Tables, rowGroup, _lists.Written, true);
        return Facts(classes);
    }

    private void Order()
    {
        var rows = _rows.AsSpan(0, _chunk.RowCount);
        var isSorted = true;
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = i;
            isSorted &= i == 0 || Compare(i - 1, i) < 0;
        }
        if (!isSorted) rows.Sort(Compare);
    }

    private int Compare(int a, int b)
    {
        var order = _chunk.At.Items[a].CompareTo(_chunk.At.Items[b]);
        return order != 0 ? order : _chunk.Sequence.Items[a].CompareTo(_chunk.Sequence.Items[b]);
    }

    private void Numbers(int column, Func<int, long> value, NumberKind kind)
    {
        var numbers = _numbers.AsSpan(0, _chunk.RowCount);
        for (var i = 0; i < numbers.Length; i++) numbers[i] = value(i);
        pages.Numbers(column, _rowGroup, numbers, kind);
    }

    private void WriteTimes()
    {
        var (chunk, rows) = (_chunk, _rows);
        Numbers(LogColumn.At, i => (long)chunk.At.Items[rows[i]], NumberKind.Plain);
        Numbers(LogColumn.Observed, i => chunk.Observed.Items[rows[i]] is var observed and not 0 ? (long)(observed - chunk.At.Items[rows[i]]) : 0, NumberKind.Plain);
        // A sender's records come one after another: behind the last one of the same resource nearly always lies the next.
        var expected = new ulong[chunk.Tables.Resources.Count];
        Array.Fill(expected, _firstSequence);
        Numbers(LogColumn.Sequence, i =>
        {
            var row = rows[i];
            ref var next = ref expected[chunk.Tables.Classes[chunk.Class.Items[row]].Resource];
            var difference = (long)(chunk.Sequence.Items[row] - next);
            next = chunk.Sequence.Items[row] + 1;
            return difference;
        }, NumberKind.Plain);
    }

    private void WriteSpans()
    {
        var spans = _chunk.Spans.Span;
        var numbers = new int[spans.Length];
        Array.Fill(numbers, -1);
        var (ids, traces, traceIds, known) = (new long[spans.Length], new long[spans.Length], new List<TraceId>(), new Dictionary<TraceId, int>());
        var fresh = 0;
        for (var i = 0; i < _chunk.RowCount; i++)
        {
            var span = _chunk.Span.Items[_rows[i]];
            if (numbers[span] >= 0)
            {
                _numbers[i] = fresh - numbers[span];
                continue;
            }
            if (!known.TryGetValue(spans[span].TraceId, out var trace))
            {
                known.Add(spans[span].TraceId, trace = traceIds.Count);
                traceIds.Add(spans[span].TraceId);
            }
            (ids[fresh], traces[fresh], _numbers[i]) = ((long)spans[span].SpanId, trace, 0);
            numbers[span] = fresh++;
        }
        pages.Numbers(LogColumn.Span, _rowGroup, _numbers.AsSpan(0, _chunk.RowCount));
        pages.Ids(LogColumn.SpanTrace, _rowGroup, traces.AsSpan(0, fresh), 0);
        pages.Raw<long>(LogColumn.SpanIds, _rowGroup, ids.AsSpan(0, fresh));
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(traceIds);
        pages.Raw<TraceId>(LogColumn.TraceIds, _rowGroup, all);
        pages.Raw(LogColumn.TraceFilter, _rowGroup, TraceFilter.Of(all).Bytes);
    }

    private void WriteBodies(RowClasses classes)
    {
        var bodies = new int[_chunk.RowCount];
        for (var i = 0; i < bodies.Length; i++) bodies[i] = _chunk.Body.Items[_rows[classes.ByClass[i]]];
        _bodies.Write(pages, _rowGroup, classes.Templates, bodies, classes.RowsOfTemplates);
    }

    private LogRowGroupFacts Facts(RowClasses classes)
    {
        var levels = new long[LogSeverity.Levels];
        var services = new SortedDictionary<string, (long Entries, long Errors)>(StringComparer.Ordinal);
        for (var i = 0; i < classes.Count; i++)
        {
            var logClass = _chunk.Tables.Classes[classes.Classes[i].Class];
            var (rows, level) = (classes.Start[i + 1] - classes.Start[i], LogSeverity.LevelOf(logClass.SeverityNumber));
            levels[(int)level] += rows;
            var name = System.Text.Encoding.UTF8.GetString(_chunk.Tables.Strings[_chunk.Tables.Resources.Service[logClass.Resource]]);
            var (entries, errors) = services.GetValueOrDefault(name);
            services[name] = (entries + rows, errors + (level >= LogLevel.Error ? rows : 0));
        }
        return new LogRowGroupFacts(_chunk.RowCount, _chunk.FirstAt, _chunk.LastAt, _firstSequence, _lastSequence, _chunk.UsedBytes, levels, [.. services.Select(s => new LogService(s.Key, s.Value.Entries, s.Value.Errors))]);
    }
}
