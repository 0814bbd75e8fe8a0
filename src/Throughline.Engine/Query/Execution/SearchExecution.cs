using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Runs one search over the segments of a snapshot: marks the traces with a matching span in each segment, joins traces that lie in several, and keeps the
/// first of the order. Exact over all matches, unless a bound is hit, which is said. One thread; not reused.
/// </summary>
internal sealed class SearchExecution(SearchPlan plan, IReadOnlyList<ISpanSegment> segments, SplitTraces split, Deadline deadline, CancellationToken cancellationToken)
{
    private readonly TopTraces _top = new(plan);
    private readonly HashSet<TraceId> _joined = [];
    private readonly List<ISpanSegment> _holders = [];
    private readonly List<string> _unreadable = [];
    private long _total;
    private long _errors;

    /// <summary>The result; its cursor has no plan hash yet.</summary>
    public (SearchResult Result, IReadOnlyList<string> Unreadable) Run(ulong snapshot)
    {
        var outOfTime = false;
        try
        {
            for (var i = 0; i < segments.Count; i++) Search(i);
        }
        catch (DeadlinePassedException)
        {
            outOfTime = true;
        }
        return (Page(snapshot, outOfTime), _unreadable);
    }

    private void Search(int segment)
    {
        try
        {
            if (Mark(segments[segment]) is { } marks) Collect(segment, marks);
        }
        catch (UnreadableSegmentException e)
        {
            _unreadable.Add(e.Message);
        }
    }

    /// <summary>By trace of the segment: whether a span of it there matches. Null when none can.</summary>
    private bool[]? Mark(ISpanSegment segment)
    {
        var marks = new bool[segment.TraceIds.Length];
        if (plan.Span is null)
        {
            Array.Fill(marks, true);
            return marks;
        }
        var range = StartRange.Of(plan.Span);
        if (!segment.Parts.Any(range.Overlaps)) return null;
        if (range.IsWhole && range.TryDecide(segment, marks)) return marks;
        var filter = new SpanFilterCompiler(segment.Tables).Compile(plan.Span);
        if (filter.MatchesNothing) return null;
        for (var part = 0; part < segment.Parts.Count; part++)
        {
            Check();
            if (!range.Overlaps(segment.Parts[part])) continue;
            try
            {
                MarkPart(segment, part, filter, marks);
            }
            catch (UnreadableSegmentException e)
            {
                _unreadable.Add(e.Message);
            }
        }
        return marks;
    }

    private static void MarkPart(ISpanSegment segment, int part, SpanFilter filter, bool[] marks)
    {
        var rowMarks = new bool[segment.Parts[part].Rows];
        Array.Fill(rowMarks, true);
        foreach (var stage in filter.Stages)
        {
            var rows = stage.Key is { } key ? segment.LoadAttribute(part, key) : segment.Load(part, stage.Needs);
            stage.Apply(rows.Spans, rowMarks);
            if (!rowMarks.AsSpan().Contains(true)) return;
        }
        var ordinals = segment.Load(part, ColumnGroups.Core).TraceOrdinal.Span;
        for (var row = 0; row < rowMarks.Length; row++)
        {
            if (rowMarks[row]) marks[ordinals[row]] = true;
        }
    }

    private void Check()
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (deadline.HasPassed) throw new DeadlinePassedException();
    }

    /// <summary>Takes the marked traces of a segment into the result.</summary>
    private void Collect(int segmentIndex, bool[] marks)
    {
        var segment = segments[segmentIndex];
        var needsWaiting = plan.Order == TraceOrder.Waiting || plan.Trace.Any(c => c.Field == TraceOrder.Waiting);
        var waiting = needsWaiting ? segment.TraceWaiting : default;
        for (var ordinal = 0; ordinal < marks.Length; ordinal++)
        {
            if (!marks[ordinal]) continue;
            if ((ordinal & 1023) == 0) Check();
            var id = segment.TraceIds[ordinal];
            FindHolders(id, segmentIndex);
            if (_holders.Count > 1)
            {
                if (_joined.Add(id)) CollectJoined(id);
                continue;
            }
            var start = segment.TraceStart[ordinal];
            var values = new TraceValues(start, segment.TraceEnd[ordinal] - start, segment.TraceSpans[ordinal], segment.TraceErrors[ordinal], needsWaiting ? waiting[ordinal] : 0);
            Take(values, id, segmentIndex, ordinal);
        }
    }

    /// <summary>Fills <see cref="_holders"/> with the segments that have the trace.</summary>
    private void FindHolders(TraceId id, int found)
    {
        _holders.Clear();
        for (var i = 0; i < segments.Count; i++)
        {
            try
            {
                if (i == found || segments[i].FindTrace(id) >= 0) _holders.Add(segments[i]);
            }
            catch (UnreadableSegmentException)
            {
                // Reported when the search comes to that segment itself.
            }
        }
    }

    private void CollectJoined(TraceId id)
    {
        var holders = CollectionsMarshal.AsSpan(_holders);
        if (!split.TryGet(id, holders, out var values))
        {
            Check();
            var problems = _unreadable.Count;
            var table = TraceAssembly.Assemble(id, _holders, _unreadable);
            if (table.Spans.RowCount == 0) return;
            var facts = TraceAssembly.FactsOf(table);
            values = new TraceValues(facts.StartUnixNano, facts.EndUnixNano - facts.StartUnixNano, facts.Spans, facts.Errors, facts.WaitingNano);
            if (_unreadable.Count == problems) split.Put(id, holders, values);
        }
        Take(values, id, -1, -1);
    }

    private void Take(in TraceValues values, TraceId id, int segment, int ordinal)
    {
        foreach (var condition in plan.Trace)
        {
            var value = ValueOf(values, condition.Field);
            if (value < (condition.Minimum ?? 0) || value > (condition.Maximum ?? ulong.MaxValue)) return;
        }
        _total++;
        if (values.Errors > 0) _errors++;
        _top.Offer(new FoundTrace(ValueOf(values, plan.Order), id, segment, ordinal));
    }

    private SearchResult Page(ulong snapshot, bool outOfTime)
    {
        var found = _top.InOrder();
        var hasMore = found.Count > plan.Limit;
        if (hasMore) found.RemoveAt(found.Count - 1);
        var traces = new List<TraceSummary>(found.Count);
        foreach (var trace in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                traces.Add(Summary(trace));
            }
            catch (UnreadableSegmentException e)
            {
                _unreadable.Add(e.Message);
            }
        }
        var truncated = outOfTime ? new Truncation("time", $"The search was ended after {deadline.Limit.TotalSeconds:0.#} s; there may be more matches. Narrow the time range or the filter.")
            : _unreadable.Count > 0 ? new Truncation("unreadable", $"Some stored data cannot be read: {_unreadable[0]}")
            : null;
        var exact = truncated is null;
        var next = hasMore ? new SearchCursor(snapshot, found[^1].Key, found[^1].Id, 0) : null;
        return new SearchResult(traces, new Total(_total, exact), new Total(_errors, exact), next, truncated, false);
    }

    private TraceSummary Summary(in FoundTrace trace)
    {
        if (trace.Segment >= 0) return TraceAssembly.Summary(trace.Id, segments[trace.Segment].Facts(trace.Ordinal), segments[trace.Segment].Tables.Strings);
        var table = TraceAssembly.Assemble(trace.Id, segments, _unreadable);
        return TraceAssembly.Summary(trace.Id, TraceAssembly.FactsOf(table), table.Spans.Strings);
    }

    private static ulong ValueOf(in TraceValues values, TraceOrder order) => order switch
    {
        TraceOrder.Duration => values.Duration,
        TraceOrder.Spans => (ulong)values.Spans,
        TraceOrder.Errors => (ulong)values.Errors,
        TraceOrder.Waiting => values.Waiting,
        _ => values.Start,
    };
}
