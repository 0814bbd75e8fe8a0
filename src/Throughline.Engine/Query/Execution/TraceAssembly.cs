using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>Puts a trace together from the segments that have spans of it.</summary>
internal static class TraceAssembly
{
    /// <summary>Adds all spans of the trace to a table, duplicates collapsed. Its memory is charged to the query; when a bound unwinds it, the table has the spans so far.</summary>
    public static void Assemble(TraceId id, IEnumerable<ISpanSegment> segments, SpanTable table, List<string> unreadable, IReadBounds bounds) =>
        Assemble(Find(id, segments, unreadable), table, unreadable, bounds);

    /// <summary>All spans of a trace that lie in known places, duplicates collapsed. Its memory is charged to the query.</summary>
    public static SpanTable Assemble(IEnumerable<(ISpanSegment Segment, int Trace)> places, List<string> unreadable, IReadBounds bounds)
    {
        var table = new SpanTable();
        Assemble(places, table, unreadable, bounds);
        return table;
    }

    /// <summary>Adds all spans of a trace that lie in known places to a table, as above.</summary>
    public static void Assemble(IEnumerable<(ISpanSegment Segment, int Trace)> places, SpanTable table, List<string> unreadable, IReadBounds bounds)
    {
        foreach (var (segment, trace) in places)
        {
            try
            {
                bounds.Check();
                segment.CopyTrace(trace, table, bounds);
            }
            catch (UnreadableSegmentException e)
            {
                unreadable.Add(e.Message);
            }
        }
    }

    /// <summary>The segments that have spans of a trace, with its number there.</summary>
    public static List<(ISpanSegment Segment, int Trace)> Find(TraceId id, IEnumerable<ISpanSegment> segments, List<string> unreadable)
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
    public static TraceFacts FactsOf(SpanTable table, CancellationToken cancellationToken)
    {
        var rows = new int[table.Spans.RowCount];
        for (var i = 0; i < rows.Length; i++) rows[i] = i;
        return new TraceAnalysis(table.Spans, cancellationToken).Of(rows);
    }

    /// <summary>The assembled trace as it is read, with why it is not whole.</summary>
    public static TraceView View(TraceId id, SpanTable table, Truncation? truncated, CancellationToken cancellationToken)
    {
        var summary = table.Spans.RowCount == 0
            ? new TraceSummary(id, null, new SpanLabel("", ""), 0, 0, 0, 0, 0, 0, null, [])
            : Summary(id, FactsOf(table, cancellationToken), table.Spans.Strings);
        var tree = TraceTree.Of(table.Spans, cancellationToken);
        var spans = SpanGather.Gather(table.Spans, tree.Order, cancellationToken);
        var isError = new bool[spans.RowCount];
        for (var row = 0; row < isError.Length; row++) isError[row] = (spans.Marks[row] & (byte)SpanMarks.Error) != 0;
        return new TraceView(id, summary, spans, tree.ParentRow, tree.Warnings, isError, truncated);
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
