using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Runs one search over the segments of a snapshot, part by part, on as many threads as are free: marks the traces with a matching span, joins those that lie in several
/// segments, and keeps the first of the order. Parts that may hold the best traces come first, so that a search that needs no exact totals ends early and still is exact in its page. Not reused.
/// </summary>
internal sealed class SearchExecution
{
    /// <summary>Rows for which a further thread is worth its start.</summary>
    private const int RowsForHelper = 65_536;

    private readonly SearchPlan _plan;
    private readonly IReadOnlyList<ISpanSegment> _segments;
    private readonly TraceVisibility _visibility;
    private readonly QueryBounds _bounds;
    private readonly SplitSet _split;
    private readonly TopTraces _top;
    private readonly Lazy<SpanFilter?>[] _filters;
    private bool _needsSpansOfSplit;
    private readonly Lock _gate = new();
    private readonly HashSet<TraceId> _joined = [];
    private readonly List<string> _unreadable = [];
    private SearchPart[] _parts = [];
    private int _next;
    private bool _endedEarly;
    private Truncation? _truncation;
    private long _total;
    private long _errors;
    private TallyPool? _tallies;
    private FacetBook? _facets;

    /// <summary>A search at a snapshot.</summary>
    public SearchExecution(SearchPlan plan, StoreView view, QueryBounds bounds)
    {
        _plan = plan;
        _segments = view.Segments;
        _visibility = view.Visibility;
        _bounds = bounds;
        var (from, to) = RangeOf(plan.Span);
        view.TellUnopened(from, to, _unreadable);
        _split = view.FindSplit(_unreadable);
        _top = new TopTraces(plan);
        _filters = [.. _segments.Select(s => new Lazy<SpanFilter?>(() => plan.Span is null ? null : new SpanFilterCompiler(s, bounds).Compile(plan.Span)))];
        _needsSpansOfSplit = NeedsSpans(plan.Order) || plan.Trace.Any(c => NeedsSpans(c.Field));
    }

    /// <summary>The result; its cursor has no plan hash yet.</summary>
    public (SearchResult Result, IReadOnlyList<string> Unreadable) Run(ulong snapshot, QueryWorkers workers)
    {
        Execute(static () => { }, workers);
        return (Page(snapshot), _unreadable);
    }

    /// <summary>All matches, counted by time and duration instead of listed. The plan has no cursor and wants exact totals.</summary>
    public (TraceDistribution Result, IReadOnlyList<string> Unreadable) Distribution(DistributionRequest request, QueryWorkers workers)
    {
        // A trace's waiting time is known only from all of its spans.
        _needsSpansOfSplit = true;
        Execute(() => _tallies = new TallyPool(Columns(request), request, _bounds), workers);
        var truncated = Truncated();
        var tally = _tallies?.Sum() ?? new TraceTally(TimeColumns.Over(request.FromUnixNano ?? 0, request.ToUnixNano ?? 0, 1), request);
        return (tally.Result(truncated is null, truncated), _unreadable);
    }

    /// <summary>All matches, counted by values instead of listed. The plan has no cursor and wants exact totals.</summary>
    public (FacetCounts Result, IReadOnlyList<string> Unreadable) Facets(FacetRequest request, FacetCache cache, QueryWorkers workers)
    {
        _facets = new FacetBook(request, _bounds, cache);
        Execute(static () => { }, workers);
        var truncated = Truncated();
        return (new FacetCounts(_facets.Result(truncated is null), new Total(_total, truncated is null), truncated), _unreadable);
    }

    private void Execute(Action begin, QueryWorkers workers)
    {
        try
        {
            _parts = FindParts();
            begin();
            var rows = _parts.Sum(p => (long)_segments[p.Segment].Parts[p.Part].Rows);
            workers.Run(Work, (int)Math.Min(_parts.Length - 1, rows / RowsForHelper));
        }
        catch (BoundHitException e)
        {
            _truncation ??= e.Truncation;
        }
    }

    /// <summary>The columns that were asked for; an end that was left open is that of the parts that may hold matches.</summary>
    private TimeColumns Columns(DistributionRequest request)
    {
        var (first, last) = (ulong.MaxValue, 0ul);
        foreach (var part in _parts)
        {
            var facts = _segments[part.Segment].Parts[part.Part];
            (first, last) = (Math.Min(first, facts.MinStartUnixNano), Math.Max(last, facts.MaxTraceStartUnixNano));
        }
        var from = request.FromUnixNano ?? Math.Min(first, request.ToUnixNano ?? ulong.MaxValue);
        if (request.FromUnixNano is null && _parts.Length == 0) from = request.ToUnixNano ?? 0;
        return TimeColumns.Over(from, request.ToUnixNano ?? (last < ulong.MaxValue ? last + 1 : last), request.Columns);
    }

    /// <summary>Where spans that match must start, as far as that is asked for by itself.</summary>
    private static (ulong? From, ulong? To) RangeOf(SpanPredicate? condition) => condition switch
    {
        SpanPredicate.StartsIn range => (range.From, range.To),
        SpanPredicate.And all => all.Terms.OfType<SpanPredicate.StartsIn>().FirstOrDefault() is { } range ? (range.From, range.To) : (null, null),
        _ => (null, null),
    };

    private static bool NeedsSpans(TraceOrder value) => value is TraceOrder.Spans or TraceOrder.Errors or TraceOrder.Waiting;

    /// <summary>The parts that may have something to count or to find, those that may have the first traces of the order first.</summary>
    private SearchPart[] FindParts()
    {
        var parts = new List<SearchPart>();
        for (var segment = 0; segment < _segments.Count; segment++)
        {
            try
            {
                FindParts(segment, parts);
            }
            catch (UnreadableSegmentException e)
            {
                _unreadable.Add(e.Message);
            }
        }
        parts.Sort((a, b) => _plan.Descending ? b.Largest.CompareTo(a.Largest) : a.Smallest.CompareTo(b.Smallest));
        return [.. parts];
    }

    private void FindParts(int segment, List<SearchPart> parts)
    {
        for (var part = 0; part < _segments[segment].Parts.Count; part++)
        {
            var facts = _segments[segment].Parts[part];
            var split = _split.IsEmpty ? null : _split.BoundsOf(segment, part);
            if (!_plan.Trace.All(c => MayHold(c, facts, split))) continue;
            var (smallest, largest) = _plan.IsSample ? (0ul, ulong.MaxValue) : SearchPart.BoundsOf(_plan.Order, facts, split);
            // All of it lies before the cursor, and need not be counted.
            if (_plan is { Total: TotalWanted.AtLeast, After: { } after } && (_plan.Descending ? smallest > after.LastKey : largest < after.LastKey))
            {
                _endedEarly = true;
                continue;
            }
            parts.Add(new SearchPart(segment, part, smallest, largest));
        }
    }

    private static bool MayHold(TraceCondition condition, in SegmentPart facts, SplitBounds? split)
    {
        var (smallest, largest) = SearchPart.BoundsOf(condition.Field, facts, split);
        return largest >= (condition.Minimum ?? 0) && smallest <= (condition.Maximum ?? ulong.MaxValue);
    }

    /// <summary>Takes parts and searches them until there are none. Run by several threads.</summary>
    private void Work()
    {
        try
        {
            while (Next() is { } part)
            {
                _bounds.Check();
                try
                {
                    Search(part);
                }
                catch (UnreadableSegmentException e)
                {
                    lock (_gate) _unreadable.Add(e.Message);
                }
            }
        }
        catch (BoundHitException e)
        {
            lock (_gate)
            {
                _truncation ??= e.Truncation;
                _next = _parts.Length;
            }
        }
        catch
        {
            // The other threads need not go on for a caller who gets this exception.
            lock (_gate) _next = _parts.Length;
            throw;
        }
    }

    private SearchPart? Next()
    {
        lock (_gate)
        {
            if (_next >= _parts.Length) return null;
            var part = _parts[_next];
            if (_plan.Total == TotalWanted.AtLeast && _top.IsFull && (_plan.Descending ? part.Largest < _top.Worst : part.Smallest > _top.Worst))
            {
                // The parts behind it are no better.
                _endedEarly = true;
                _next = _parts.Length;
                return null;
            }
            _next++;
            return part;
        }
    }

    private void Search(SearchPart found)
    {
        var segment = _segments[found.Segment];
        var facts = segment.Parts[found.Part];
        var traces = new ulong[RowBits.Words(facts.Traces)];
        var part = new OpenPart(facts, segment.Open(found.Part));
        ulong[]? rows = null;
        if (_filters[found.Segment].Value is { } filter)
        {
            if (filter.MatchesNothing || !filter.CanMatch(part)) return;
            rows = RowBits.All(facts.Rows);
            filter.Apply(part, rows);
            if (RowBits.IsEmpty(rows)) return;
            part.Columns.MarkTraces(rows, traces);
        }
        else
        {
            RowBits.Fill(traces, facts.Traces);
        }
        Collect(found.Segment, part, rows, traces);
    }

    /// <summary>Takes the marked traces of a part into the result. Without rows all of theirs match.</summary>
    private void Collect(int segment, in OpenPart part, ulong[]? rows, ulong[] traces)
    {
        var (matching, elsewhere) = _facets is null ? (null, null) : (new ulong[traces.Length], new ulong[traces.Length]);
        var ids = _segments[segment].TraceIds.Slice(part.Facts.FirstTrace, part.Facts.Traces);
        var values = new PartTraces(_plan, part.Columns, mayHide: part.Facts.MinStartUnixNano < _visibility.HiddenBeforeUnixNano);
        var split = new List<TraceId>();
        var found = new List<FoundTrace>();
        long total = 0, errors = 0;
        for (var word = 0; word < traces.Length; word++)
        {
            for (var left = traces[word]; left != 0; left &= left - 1)
            {
                var trace = (word << 6) + System.Numerics.BitOperations.TrailingZeroCount(left);
                var number = part.Facts.FirstTrace + trace;
                if (_split.Has(segment, number))
                {
                    split.Add(ids[trace]);
                    if (elsewhere is not null) RowBits.Set(elsewhere, trace);
                }
                else if ((!values.MayHide || !_visibility.Hides(ids[trace], values.StartOf(trace))) && values.Holds(trace))
                {
                    total++;
                    if (matching is not null)
                    {
                        RowBits.Set(matching, trace);
                        continue;
                    }
                    if (_tallies is not null) continue;
                    if (values.HasErrors(trace)) errors++;
                    found.Add(new FoundTrace(_plan.IsSample ? SearchPlan.SampleKey(ids[trace]) : values.KeyOf(trace), ids[trace], segment, number));
                    continue;
                }
                // Those that stay marked lie here alone, show, and match.
                traces[word] &= ~(1ul << trace);
            }
        }
        if (_tallies is { } tallies && total > 0) Tally(tallies, ids, values, traces);
        lock (_gate)
        {
            _total += total;
            _errors += errors;
            foreach (var trace in found) _top.Offer(trace);
        }
        if (matching is not null) _facets?.Count(_segments[segment], part, rows ?? RowBits.All(part.Facts.Rows), matching, split.Count == 0 ? null : elsewhere);
        foreach (var id in split) CollectSplit(id);
    }

    /// <summary>Counts marked traces of a part by time and duration. Nothing is counted of a part of which something turns out to be unreadable.</summary>
    private static void Tally(TallyPool tallies, ReadOnlySpan<TraceId> ids, PartTraces values, ulong[] traces)
    {
        var (starts, durations, waits, errors) = (values.All(TraceColumn.Start), values.All(TraceColumn.Duration), values.All(TraceColumn.Waiting), values.All(TraceColumn.Errors));
        var tally = tallies.Take();
        for (var word = 0; word < traces.Length; word++)
        {
            for (var left = traces[word]; left != 0; left &= left - 1)
            {
                var trace = (word << 6) + System.Numerics.BitOperations.TrailingZeroCount(left);
                tally.Add(ids[trace], starts[trace], durations[trace], waits[trace], (int)errors[trace]);
            }
        }
        tallies.Return(tally);
    }

    /// <summary>Takes a trace that lies in several segments, the first time that a span of it matches in one.</summary>
    private void CollectSplit(TraceId id)
    {
        lock (_gate)
        {
            if (!_joined.Add(id)) return;
        }
        _bounds.Charge(64);
        var unreadable = new List<string>();
        var known = _needsSpansOfSplit ? _split.Exactly(id, _bounds, unreadable) : _split.Roughly(id, unreadable);
        lock (_gate)
        {
            _unreadable.AddRange(unreadable);
            if (known is not { } values) return;
            if (_visibility.Hides(id, values.Start)) return;
            foreach (var condition in _plan.Trace)
            {
                if (values.Of(condition.Field) < (condition.Minimum ?? 0) || values.Of(condition.Field) > (condition.Maximum ?? ulong.MaxValue)) return;
            }
            if (_tallies?.Take() is { } tally)
            {
                tally.Add(id, values.Start, values.Duration, values.Waiting, values.Errors);
                _tallies.Return(tally);
                return;
            }
            _total++;
            if (_facets is not null)
            {
                _facets.AddElsewhere(id);
                return;
            }
            if (values.Errors > 0) _errors++;
            _top.Offer(new FoundTrace(_plan.IsSample ? SearchPlan.SampleKey(id) : values.Of(_plan.Order), id, -1, -1));
        }
    }

    private SearchResult Page(ulong snapshot)
    {
        var found = _top.InOrder();
        var hasMore = found.Count > _plan.Limit;
        if (hasMore) found.RemoveAt(found.Count - 1);
        var traces = new List<TraceSummary>(found.Count);
        foreach (var trace in found)
        {
            _bounds.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (Summary(trace) is { } summary) traces.Add(summary);
            }
            catch (UnreadableSegmentException e)
            {
                _unreadable.Add(e.Message);
            }
            catch (BoundHitException e)
            {
                _truncation ??= e.Truncation;
            }
        }
        var truncated = Truncated();
        var exact = truncated is null && !_endedEarly;
        var next = hasMore ? new SearchCursor(snapshot, found[^1].Key, found[^1].Id, 0) : null;
        return new SearchResult(traces, new Total(_total, exact), new Total(_errors, exact), next, truncated, false);
    }

    /// <summary>Why the result is not whole; null when it is.</summary>
    private Truncation? Truncated() => _truncation ?? (_unreadable.Count > 0 ? new Truncation("unreadable", $"Some stored data cannot be read: {_unreadable[0]}") : null);

    /// <summary>The line of a trace; null when it lies in several places and none of them can be read, which is told.</summary>
    private TraceSummary? Summary(in FoundTrace trace)
    {
        if (trace.Segment >= 0)
        {
            var facts = _segments[trace.Segment].Facts(trace.Ordinal, out var errorType);
            return TraceAssembly.Summary(trace.Id, facts, errorType, _segments[trace.Segment].Tables.Strings);
        }
        var table = TraceAssembly.Assemble(_split.Places(trace.Id), _unreadable, _bounds);
        _bounds.Charge(-table.MemoryBytes);
        return table.Spans.RowCount == 0 ? null : TraceAssembly.Summary(trace.Id, TraceAssembly.FactsOf(table, _bounds.CancellationToken), table.Spans.Strings);
    }
}
