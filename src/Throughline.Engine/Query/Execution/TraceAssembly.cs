using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Puts a trace together from the segments that have spans of it.</summary>
internal static class TraceAssembly
{
    /// <summary>All spans of the trace, duplicates collapsed; empty when there are none.</summary>
    public static SpanTable Assemble(TraceId id, IEnumerable<ISpanSegment> segments, List<string> unreadable)
    {
        var table = new SpanTable();
        foreach (var segment in segments)
        {
            try
            {
                var ordinal = segment.FindTrace(id);
                if (ordinal >= 0) segment.CopyTrace(ordinal, table);
            }
            catch (UnreadableSegmentException e)
            {
                unreadable.Add(e.Message);
            }
        }
        return table;
    }

    /// <summary>The facts of an assembled trace, which has at least one span.</summary>
    public static TraceFacts FactsOf(SpanTable table)
    {
        var rows = new int[table.Spans.RowCount];
        for (var i = 0; i < rows.Length; i++) rows[i] = i;
        return new TraceAnalysis(table.Spans).Of(rows);
    }

    /// <summary>The assembled trace as it is read.</summary>
    public static TraceView View(TraceId id, SpanTable table)
    {
        var summary = Summary(id, FactsOf(table), table.Spans.Strings);
        var tree = TraceTree.Of(table.Spans);
        var spans = SpanGather.Gather(table.Spans, tree.Order);
        var isError = new bool[spans.RowCount];
        for (var row = 0; row < isError.Length; row++) isError[row] = (spans.Marks[row] & (byte)SpanMarks.Error) != 0;
        return new TraceView(id, summary, spans, tree.ParentRow, tree.Warnings, isError);
    }

    /// <summary>A line of a result; texts are looked up in the strings of the segment that the facts came from.</summary>
    public static TraceSummary Summary(TraceId id, TraceFacts facts, ByteDictionary strings) => new(
        id,
        facts.RootName < 0 ? null : new SpanLabel(Text(strings, facts.RootService), Text(strings, facts.RootName)),
        new SpanLabel(Text(strings, facts.FirstService), Text(strings, facts.FirstName)),
        facts.StartUnixNano,
        facts.EndUnixNano - facts.StartUnixNano,
        facts.WaitingNano,
        facts.Spans,
        facts.Errors,
        facts.Orphans,
        facts.ErrorType < 0 ? null : Text(strings, facts.ErrorType),
        [.. facts.Services.Select(s => new ServiceCount(Text(strings, s.Service), s.Spans, s.Errors))
            .OrderByDescending(s => s.Spans).ThenBy(s => s.Name, StringComparer.Ordinal)]);

    private static string Text(ByteDictionary strings, int id) => Encoding.UTF8.GetString(strings[id]);
}
