using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>Finds the spans of other traces that link to one: searches by the stored links, then reads traces one after the other until there are links enough. One thread but for the search; not reused.</summary>
internal sealed class LinkExecution(StoreView view, TraceId target, ulong? from, ulong? to, QueryBounds bounds)
{
    private readonly List<string> _unreadable = [];

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<string> Unreadable => _unreadable;

    /// <summary>The links; null when there is no such trace.</summary>
    public LinkedSpans? Run(int limit, QueryWorkers workers)
    {
        var (links, total, truncated) = (new List<LinkedSpan>(), default(Total), default(Truncation));
        try
        {
            if (!Exists(out var itself)) return null;
            var linksHere = new SpanPredicate.LinksTo(target);
            // The trace itself may be among them, and is left out.
            var plan = new SearchPlan { Span = from is null && to is null ? linksHere : new SpanPredicate.And([linksHere, new SpanPredicate.StartsIn(from, to)]), Limit = limit + 1, KeepsSnapshot = false };
            var (found, unreadable) = new SearchExecution(plan, view, bounds).Run(0, workers);
            _unreadable.AddRange(unreadable);
            (total, truncated) = (found.Total with { Value = Math.Max(0, found.Total.Value - (itself ? 1 : 0)) }, found.Truncated);
            foreach (var trace in found.Traces)
            {
                if (trace.TraceId != target && links.Count < limit) AddLinksOf(trace.TraceId, limit, links);
            }
        }
        catch (BoundHitException e)
        {
            truncated ??= e.Truncation;
        }
        if (_unreadable.Count > 0) truncated ??= new Truncation("unreadable", $"Some stored data cannot be read: {_unreadable[0]}");
        return new LinkedSpans(links, total, truncated);
    }

    /// <summary>Whether the trace is there and shows, and whether it links to itself: from its columns, however many spans it has. Of what cannot be read it is not known that it is not there.</summary>
    private bool Exists(out bool linksToItself)
    {
        bounds.Check();
        linksToItself = false;
        var start = default(ulong?);
        foreach (var (segment, trace) in TraceAssembly.Find(target, view.Segments, _unreadable))
        {
            try
            {
                var number = SplitSet.PartOf(segment.Parts, trace);
                var (part, place) = (new OpenPart(segment.Parts[number], segment.Open(number)), trace - segment.Parts[number].FirstTrace);
                start = Math.Min(start ?? ulong.MaxValue, part.Columns.Traces(TraceColumn.Start)[place]);
                linksToItself |= part.Columns.HasLinks && LinksToItself(part, place);
            }
            catch (UnreadableSegmentException e)
            {
                _unreadable.Add(e.Message);
            }
        }
        return start is { } known ? !view.Visibility.Hides(target, known) : _unreadable.Count > 0;
    }

    private bool LinksToItself(in OpenPart part, int place)
    {
        var (rows, traces) = (new ulong[RowBits.Words(part.Facts.Rows)], new ulong[RowBits.Words(part.Facts.Traces)]);
        part.Columns.MarkRowsLinkedTo(target, rows);
        if (to is 0) return false;
        if (from is not null || to is not null) RangeScan.And(part.Columns.Rows(RowColumn.Start), from ?? 0, to is { } end ? end - 1 : ulong.MaxValue, rows);
        part.Columns.MarkTraces(rows, traces);
        return RowBits.Has(traces, place);
    }

    private void AddLinksOf(TraceId id, int limit, List<LinkedSpan> links)
    {
        bounds.Check();
        var table = TraceAssembly.Assemble(TraceAssembly.Find(id, view.Segments, _unreadable), _unreadable, bounds);
        bounds.Charge(-table.MemoryBytes);
        var spans = table.Spans;
        string Text(int number) => Encoding.UTF8.GetString(spans.Strings[number]);
        foreach (var (row, link) in Links(spans).OrderBy(l => spans.StartUnixNano[l.Row]).ThenBy(l => spans.SpanId[l.Row]).ThenBy(static l => l.Link))
        {
            if (links.Count >= limit) return;
            links.Add(new LinkedSpan(id, new SpanId(spans.SpanId[row]), Text(spans.Resources.Service[spans.Resource[row]]), Text(spans.Name[row]), spans.StartUnixNano[row], new SpanId(spans.Links.SpanId[link])));
        }
    }

    private IEnumerable<(int Row, int Link)> Links(SpanBatch spans)
    {
        for (var row = 0; row < spans.RowCount; row++)
        {
            if (spans.StartUnixNano[row] < from || spans.StartUnixNano[row] >= to) continue;
            for (var link = spans.LinkOffset[row]; link < spans.LinkOffset[row + 1]; link++)
            {
                if (spans.Links.TraceId[link] == target) yield return (row, link);
            }
        }
    }
}
