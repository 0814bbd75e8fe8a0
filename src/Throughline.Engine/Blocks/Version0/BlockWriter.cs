using System.Runtime.InteropServices;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>Writes a frozen head as an immutable block file (docs/format/block.md): trace-major, traces ordered by start.</summary>
internal static class BlockWriter
{
    /// <summary>
    /// Rows of a row group, a whole number of traces: large enough that pages compress well, small enough that reading one trace decodes a few
    /// megabytes.
    /// </summary>
    public const int RowGroupRows = 16_384;

    /// <summary>Appends the block to an empty file. The caller syncs and names it. Answers the file's length.</summary>
    public static long Write(SpanTableView head, ReadOnlySpan<RequestDigest> digests, IWritableFile file, CancellationToken cancellationToken)
    {
        using var pages = new OldPageWriter();
        var spans = head.Spans;
        var traces = OrderTraces(head, out var rowsOfTrace, cancellationToken);
        file.Append([BlockFooter.Header()]);
        var groups = new List<RowGroupEntry>();
        for (var first = 0; first < traces.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            groups.Add(WriteRowGroup(spans, traces, rowsOfTrace, first, pages, file));
            first += groups[^1].Traces;
        }
        var tablesOffset = file.Length;
        pages.Reset();
        TablePages.Write(spans, OperationCounter.Count(spans), pages);
        file.Append([pages.Written]);
        var tracesOffset = file.Length;
        pages.Reset();
        TracePages.Write(traces, pages);
        file.Append([pages.Written]);
        var digestsOffset = file.Length;
        pages.Reset();
        pages.Bytes(MemoryMarshal.AsBytes(digests), compress: false);
        file.Append([pages.Written]);
        var footer = new BlockFooter
        {
            Spans = spans.RowCount,
            Traces = traces.Count,
            MinStartUnixNano = groups.Count == 0 ? 0 : groups.Min(g => g.MinStartUnixNano),
            MaxStartUnixNano = groups.Count == 0 ? 0 : groups.Max(g => g.MaxStartUnixNano),
            TablesOffset = tablesOffset,
            TracesOffset = tracesOffset,
            DigestsOffset = digestsOffset,
            RowGroups = [.. groups],
        };
        file.Append([footer.Encode()]);
        return file.Length;
    }

    /// <summary>The traces with their facts by start (ties by id), and their rows by start (ties by span id).</summary>
    private static List<(TraceId Id, TraceFacts Facts)> OrderTraces(SpanTableView head, out List<int[]> rowsOfTrace, CancellationToken cancellationToken)
    {
        var spans = head.Spans;
        var analysis = new TraceAnalysis(spans);
        var buffer = new Column<int>(64);
        var all = new List<(TraceId Id, TraceFacts Facts, int[] Rows)>(head.TraceCount);
        for (var t = 0; t < head.TraceCount; t++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            buffer.Truncate(0);
            head.AppendRowsOf(t, ref buffer);
            var rows = buffer.Span.ToArray();
            Array.Sort(rows, (a, b) =>
            {
                var byStart = spans.StartUnixNano[a].CompareTo(spans.StartUnixNano[b]);
                if (byStart != 0) return byStart;
                var bySpan = spans.SpanId[a].CompareTo(spans.SpanId[b]);
                return bySpan != 0 ? bySpan : a.CompareTo(b);
            });
            all.Add((head.TraceId(t), analysis.Of(rows), rows));
        }
        all.Sort((a, b) =>
        {
            var byStart = a.Facts.StartUnixNano.CompareTo(b.Facts.StartUnixNano);
            return byStart != 0 ? byStart : a.Id.CompareTo(b.Id);
        });
        rowsOfTrace = [.. all.Select(t => t.Rows)];
        return [.. all.Select(t => (t.Id, t.Facts))];
    }

    private static RowGroupEntry WriteRowGroup(SpanBatch spans, List<(TraceId Id, TraceFacts Facts)> traces, List<int[]> rowsOfTrace, int first, OldPageWriter pages, IWritableFile file)
    {
        var rows = new List<int>(RowGroupRows);
        var traceRows = new List<int>();
        var traceStarts = new List<ulong>(RowGroupRows);
        var end = first;
        while (end < traces.Count && (end == first || rows.Count + rowsOfTrace[end].Length <= RowGroupRows))
        {
            rows.AddRange(rowsOfTrace[end]);
            traceRows.Add(rowsOfTrace[end].Length);
            for (var i = 0; i < rowsOfTrace[end].Length; i++) traceStarts.Add(traces[end].Facts.StartUnixNano);
            end++;
        }
        var group = SpanGather.Gather(spans, CollectionsMarshal.AsSpan(rows));
        pages.Reset();
        var offset = file.Length;
        var entry = new RowGroupEntry { FirstTrace = first, Traces = end - first, Rows = group.RowCount, CoreOffset = offset, MinStartUnixNano = ulong.MaxValue };
        foreach (var start in group.StartUnixNano.Span)
        {
            entry.MinStartUnixNano = Math.Min(entry.MinStartUnixNano, start);
            entry.MaxStartUnixNano = Math.Max(entry.MaxStartUnixNano, start);
        }
        RowGroupPages.WriteCore(group, CollectionsMarshal.AsSpan(traceStarts), pages);
        entry.RestOffset = offset + pages.Length;
        RowGroupPages.WriteRest(group, CollectionsMarshal.AsSpan(traceRows), pages);
        entry.AttributesOffset = offset + pages.Length;
        AttributePages.Write(group.Attributes, group.AttributeOffset.Span, pages);
        entry.EventsOffset = offset + pages.Length;
        RowGroupPages.WriteEventsAndLinks(group, pages);
        entry.EndOffset = offset + pages.Length;
        file.Append([pages.Written]);
        return entry;
    }
}
