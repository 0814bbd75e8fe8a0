using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Puts a trace together from the segments that have spans of it.</summary>
internal static class TraceAssembly
{
    /// <summary>All spans of the trace, duplicates collapsed; empty when there are none. Its memory is charged to the query.</summary>
    public static SpanTable Assemble(TraceId id, IEnumerable<ISpanSegment> segments, List<string> unreadable, QueryBounds bounds) =>
        Assemble(Find(id, segments, unreadable), unreadable, bounds);

    /// <summary>All spans of a trace that lie in known places, duplicates collapsed. Its memory is charged to the query.</summary>
    public static SpanTable Assemble(IEnumerable<(ISpanSegment Segment, int Trace)> places, List<string> unreadable, QueryBounds bounds)
    {
        var table = new SpanTable();
        foreach (var (segment, trace) in places)
        {
            try
            {
                bounds.Check();
                var before = table.MemoryBytes;
                segment.CopyTrace(trace, table, bounds.CancellationToken);
                bounds.Charge(table.MemoryBytes - before);
            }
            catch (UnreadableSegmentException e)
            {
                unreadable.Add(e.Message);
            }
        }
        return table;
    }

    private static List<(ISpanSegment Segment, int Trace)> Find(TraceId id, IEnumerable<ISpanSegment> segments, List<string> unreadable)
    {
        var places = new List<(ISpanSegment, int)>();
        foreach (var segment in segments)
        {
            try
            {
                if (segment.MayHold(id) && segment.FindTrace(id) is var trace and >= 0) places.Add((segment, trace));
            }
            catch (UnreadableSegmentException e)
            {
                unreadable.Add(e.Message);
            }
        }
        return places;
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

    /// <summary>A line of a result of an assembled trace.</summary>
    public static TraceSummary Summary(TraceId id, TraceFacts facts, ByteDictionary strings) =>
        Summary(id, facts, facts.ErrorType < 0 ? null : Text(strings, facts.ErrorType), strings);

    /// <summary>A line of a result; texts but the error type are looked up in the strings of the segment that the facts came from.</summary>
    public static TraceSummary Summary(TraceId id, TraceFacts facts, string? errorType, ByteDictionary strings) => new(
        id,
        facts.RootName < 0 ? null : new SpanLabel(Text(strings, facts.RootService), Text(strings, facts.RootName)),
        new SpanLabel(Text(strings, facts.FirstService), Text(strings, facts.FirstName)),
        facts.StartUnixNano,
        facts.EndUnixNano - facts.StartUnixNano,
        facts.WaitingNano,
        facts.Spans,
        facts.Errors,
        facts.Orphans,
        errorType,
        [.. facts.Services.Select(s => new ServiceCount(Text(strings, s.Service), s.Spans, s.Errors))
            .OrderByDescending(s => s.Spans).ThenBy(s => s.Name, StringComparer.Ordinal)]);

    private static string Text(ByteDictionary strings, int id) => Encoding.UTF8.GetString(strings[id]);
}
