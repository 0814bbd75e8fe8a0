using System.IO.Hashing;
using System.Text;
using Throughline.Engine.Query.Plan;
using Throughline.Server.Problems;

namespace Throughline.Server.Api.Native;

/// <summary>The parameters of GET /api/v1/search as a plan.</summary>
internal static class SearchRequest
{
    private const int StandardLimit = 50;
    private const int MaxLimit = 1000;

    private static readonly TraceOrder[] Orders = [TraceOrder.Start, TraceOrder.Duration, TraceOrder.Spans, TraceOrder.Errors, TraceOrder.Waiting];

    /// <summary>Reads the parameters; null and the problem when one is wrong.</summary>
    internal static SearchPlan? Read(IQueryCollection query, out Problem? problem)
    {
        var reader = new QueryReader(query);
        var plan = ReadFilter(reader) with
        {
            Order = Orders[reader.OneOf("order", "start", "duration", "spans", "errors", "waiting")],
            Descending = reader.OneOf("direction", "desc", "asc") == 0,
            Total = reader.OneOf("total", "exact", "atLeast") == 0 ? TotalWanted.Exact : TotalWanted.AtLeast,
            Limit = reader.Whole("limit", 1, MaxLimit, StandardLimit),
            After = ReadCursor(reader, query),
        };
        problem = reader.Finish();
        return problem is null ? plan : null;
    }

    /// <summary>Reads the parameters that say which traces match; what is wrong with one is noted in the reader.</summary>
    internal static SearchPlan ReadFilter(QueryReader reader)
    {
        var spans = new List<SpanPredicate>();
        var traces = new List<TraceCondition>();

        var (from, to) = reader.Range();
        if (from is not null || to is not null) spans.Add(new SpanPredicate.StartsIn(from, to));
        if (reader.Many("service") is { Count: > 0 } services) spans.Add(new SpanPredicate.TextIs(SpanTextField.Service, services));
        if (reader.Many("operation") is { Count: > 0 } operations) spans.Add(new SpanPredicate.TextIs(SpanTextField.Name, operations));
        ReadStatuses(reader, spans);
        ReadTraceStart(reader, "traceFrom", "traceTo", traces);

        var (minimum, maximum) = (reader.Duration("minDuration"), reader.Duration("maxDuration"));
        if (minimum > maximum) reader.Fail("minDuration", "'minDuration' is longer than 'maxDuration'.");
        if (minimum is not null || maximum is not null) traces.Add(new TraceCondition(TraceOrder.Duration, minimum, maximum));

        if (reader.Single("q") is { } text)
        {
            if (!FilterText.TryParse(text, out var filter, out var error)) reader.Fail("q", error.Message, error.Position);
            if (filter.Span is not null) spans.Add(filter.Span);
            traces.AddRange(filter.Trace);
        }
        return new SearchPlan { Span = spans.Count switch { 0 => null, 1 => spans[0], _ => new SpanPredicate.And(spans) }, Trace = traces };
    }

    /// <summary>
    /// Reads which of a plan's matches are meant besides: the filter text <c>bq</c>, which holds on the same span, and the range that the trace starts in. All of them when the parameters say nothing.
    /// </summary>
    internal static SearchPlan ReadChosen(QueryReader reader, SearchPlan all)
    {
        var traces = new List<TraceCondition>();
        ReadTraceStart(reader, "bTraceFrom", "bTraceTo", traces);
        SpanPredicate? span = null;
        if (reader.Single("bq") is { } text)
        {
            if (!FilterText.TryParse(text, out var filter, out var error)) reader.Fail("bq", error.Message, error.Position);
            span = filter.Span;
            traces.AddRange(filter.Trace);
        }
        return all with { Span = all.Span is { } both && span is not null ? new SpanPredicate.And([both, span]) : span ?? all.Span, Trace = [.. all.Trace, .. traces] };
    }

    /// <summary>
    /// Identifies the search that a cursor belongs to: all parameters but the cursor itself and the size of the page.
    /// </summary>
    internal static uint HashOf(IQueryCollection query)
    {
        var text = new StringBuilder();
        foreach (var (name, values) in query.OrderBy(static p => p.Key, StringComparer.Ordinal))
        {
            if (name is "cursor" or "limit") continue;
            // Lengths keep values apart whatever is in them; the order of alternatives means nothing.
            foreach (var value in values.Where(static v => !string.IsNullOrEmpty(v)).Order(StringComparer.Ordinal)) text.Append(name).Append(':').Append(value?.Length).Append(':').Append(value);
        }
        return XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>The range that the trace's own start lies in: what a reader marks on a chart of traces.</summary>
    private static void ReadTraceStart(QueryReader reader, string fromName, string toName, List<TraceCondition> traces)
    {
        var (from, to) = (reader.UnixNano(fromName), reader.UnixNano(toName));
        if (from >= to) reader.Fail(fromName, $"'{fromName}' is not before '{toName}'; the range is [{fromName}, {toName}).");
        else if (to is 0) reader.Fail(toName, $"No trace starts before '{toName}', which is 0.");
        else if (from is not null || to is not null) traces.Add(new TraceCondition(TraceOrder.Start, from, to - 1));
    }

    private static void ReadStatuses(QueryReader reader, List<SpanPredicate> spans)
    {
        var alternatives = new List<SpanPredicate>();
        foreach (var name in reader.Many("status"))
        {
            if (FilterText.StatusByName(name) is { } status) alternatives.Add(status);
            else reader.Fail("status", $"'status' is error, ok or unset, not '{name}'.");
        }
        if (alternatives.Count == 1) spans.Add(alternatives[0]);
        else if (alternatives.Count > 1) spans.Add(new SpanPredicate.Or(alternatives));
    }

    private static SearchCursor? ReadCursor(QueryReader reader, IQueryCollection query)
    {
        if (reader.Single("cursor") is not { } text) return null;
        if (!CursorText.TryDecode(text, out var cursor))
            reader.Fail("cursor", "This is no cursor of this server. Take it unchanged from 'nextCursor', or leave it out to begin anew.");
        else if (cursor.PlanHash != HashOf(query))
            reader.Fail("cursor", "The cursor belongs to another search. Keep all parameters but 'limit', or leave the cursor out to begin anew.");
        return cursor;
    }
}
